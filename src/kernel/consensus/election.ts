import { assert } from '#kernel/base/errors.ts'
import type { TimeoutNowMessage, VoteMessage, VoteReplyMessage } from './messages.ts'
import { countVotes } from './quorum.ts'
import type { Raft } from './raft.ts'

/** Elections of `Raft`: Raft §5.2 and §5.4.1, pre-vote (dissertation §9.6), leadership transfer (§3.10). */

export function startElection(raft: Raft, how: { readonly pre: boolean; readonly transfer: boolean }): void {
  assert(how.transfer || !raft.isInLease, 'nobody votes for itself either while a lease may rest on it') // R4
  raft.role = how.pre ? 'preCandidate' : 'candidate'
  raft.roleSinceMs = raft.nowMs
  raft.leader = 0
  raft.votes.clear()
  if (how.pre) raft.votes.set(raft.self, true)
  else raft.setTerm(raft.term + 1, raft.self) // the own vote counts once it is durable (R1)
  const term = how.pre ? raft.term + 1 : raft.term
  for (const voter of new Set([...raft.configuration.voters, ...raft.configuration.outgoing])) {
    if (voter === raft.self) continue
    raft.send({
      kind: 'vote',
      from: raft.self,
      to: voter,
      term,
      pre: how.pre,
      transfer: how.transfer,
      lastIndex: raft.log.lastIndex,
      lastTerm: raft.log.lastTerm,
    })
  }
  tallyVotes(raft)
}

export function tallyVotes(raft: Raft): void {
  const result = countVotes(raft.configuration, (voter) => raft.votes.get(voter))
  if (result === 'pending') return
  if (result === 'lost') raft.becomeFollower(raft.term, 0)
  else if (raft.role === 'preCandidate') startElection(raft, { pre: false, transfer: false })
  else if (raft.role === 'candidate') raft.becomeLeader()
}

export function handleVote(raft: Raft, message: VoteMessage): void {
  const inLease = !message.transfer && raft.isInLease // R4
  const mayVote = message.pre
    ? message.term > raft.term
    : raft.vote === message.from || (raft.vote === 0 && raft.leader === 0)
  const granted = !inLease && mayVote && raft.log.isUpToDate(message.lastIndex, message.lastTerm)
  if (granted && !message.pre) {
    raft.setTerm(raft.term, message.from)
    raft.resetElectionDeadline()
  }
  // A granted pre-vote names the term asked about, a refused one the own term.
  const term = granted && message.pre ? message.term : raft.term
  raft.send({ kind: 'voteReply', from: raft.self, to: message.from, term, pre: message.pre, granted })
}

export function handleVoteReply(raft: Raft, message: VoteReplyMessage): void {
  const expected = raft.role === 'preCandidate' ? message.pre : raft.role === 'candidate' && !message.pre
  if (!expected) return
  if (message.pre && message.granted && message.term !== raft.term + 1) return
  if (!raft.votes.has(message.from)) raft.votes.set(message.from, message.granted)
  tallyVotes(raft)
}

export function handleTimeoutNow(raft: Raft, message: TimeoutNowMessage): void {
  if (raft.role === 'leader' || raft.leader !== message.from) return
  if (raft.mayLead) startElection(raft, { pre: false, transfer: true })
}

/** A leader that no majority has followed for an election timeout steps down, and one that was to be handed over goes on. */
export function checkQuorum(raft: Raft): void {
  if (raft.transfer && raft.nowMs >= raft.transfer.deadlineMs) raft.transfer = undefined
  const heardMs = Math.max(raft.confirmedMs(), raft.awakeSinceMs)
  if (raft.nowMs > heardMs + raft.settings.electionTimeoutMs) raft.becomeFollower(raft.term, 0)
}
