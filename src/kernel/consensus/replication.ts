import { assert } from '#kernel/base/errors.ts'
import type { ReplicaId } from './configuration.ts'
import type { AppendMessage, AppendReplyMessage, HeartbeatMessage, HeartbeatReplyMessage } from './messages.ts'
import { becomeProbe, type Progress, resend } from './progress.ts'
import { reachedByMajority } from './quorum.ts'
import type { Raft } from './raft.ts'

/** Log replication of `Raft`: Raft §5.3, pipelined (dissertation §10.2.1). */

/** Leader, at the end of a turn: everything that followers can be sent now. */
export function collectAppends(raft: Raft): void {
  for (const [replica, progress] of raft.progress) collectFor(raft, replica, progress)
  const { transfer } = raft
  if (transfer && !transfer.sent && raft.progress.get(transfer.to)?.matchIndex === raft.log.lastIndex) {
    transfer.sent = true
    raft.leaseGivenUp = true // R5: before the message exists
    raft.send({ kind: 'timeoutNow', from: raft.self, to: transfer.to, term: raft.term })
  }
}

function collectFor(raft: Raft, replica: ReplicaId, progress: Progress): void {
  if (progress.state === 'snapshot') return
  if (progress.inFlight > 0 && raft.nowMs >= progress.resendAtMs) resend(progress)
  const isProbe = progress.state === 'probe'
  // A probe is also sent where there is nothing new, for a new leader to learn where the logs agree; and not before its
  // time where there is, for a snapshot that failed is not begun again at once.
  if (isProbe && (progress.inFlight > 0 || raft.nowMs < progress.resendAtMs)) return
  let hasMore = progress.nextIndex <= raft.log.lastIndex
  while (isProbe || (hasMore && progress.inFlight < raft.settings.appendsInFlightMax)) {
    const prevIndex = progress.nextIndex - 1
    const prevTerm = raft.log.termAt(prevIndex)
    if (prevTerm < 0) {
      progress.state = 'snapshot'
      raft.wantSnapshot(replica)
      return
    }
    const entries = hasMore ? raft.log.slice(progress.nextIndex, raft.log.lastIndex, raft.settings.appendBytesMax) : []
    raft.send({
      kind: 'append',
      from: raft.self,
      to: replica,
      term: raft.term,
      prevIndex,
      prevTerm,
      commit: raft.committed,
      roundMs: raft.nowMs,
      entries,
    })
    if (progress.inFlight === 0) progress.resendAtMs = raft.nowMs + raft.settings.electionTimeoutMs
    progress.inFlight++
    if (isProbe) return
    progress.nextIndex += entries.length
    hasMore = progress.nextIndex <= raft.log.lastIndex
  }
}

/** @param rests the last ones for a while (R7) */
export function sendHeartbeats(raft: Raft, rests = false): void {
  // On a grid that all groups of a node share: theirs leave together, as one frame per peer.
  const { heartbeatMs } = raft.settings
  raft.heartbeatDueMs = (Math.floor(raft.nowMs / heartbeatMs) + 1) * heartbeatMs
  for (const [replica, progress] of raft.progress) {
    const commit = Math.min(raft.committed, progress.matchIndex)
    raft.send({ kind: 'heartbeat', from: raft.self, to: replica, term: raft.term, commit, roundMs: raft.nowMs, rests })
  }
}

export function handleAppend(raft: Raft, message: AppendMessage): void {
  raft.heardFrom(message.from)
  const { prevIndex, prevTerm, roundMs } = message
  const reply = { kind: 'appendReply', from: raft.self, to: message.from, term: raft.term, roundMs } as const
  if (prevIndex < raft.committed) {
    const { committed } = raft
    // What is committed is the same at the leader: skip to where the message goes beyond it.
    const beyond = message.entries.filter((entry) => entry.index > committed)
    if (beyond.length === 0) {
      raft.send({ ...reply, accepted: true, index: committed, hintTerm: 0 })
      return
    }
    appendFromLeader(raft, { ...message, prevIndex: committed, entries: beyond })
    raft.send({ ...reply, accepted: true, index: beyond.at(-1)!.index, hintTerm: 0 })
    return
  }
  if (raft.log.termAt(prevIndex) !== prevTerm) {
    const index = raft.log.lastIndexWithTermAtMost(prevIndex, prevTerm)
    raft.send({ ...reply, accepted: false, index, hintTerm: Math.max(0, raft.log.termAt(index)) })
    return
  }
  appendFromLeader(raft, message)
  raft.send({ ...reply, accepted: true, index: prevIndex + message.entries.length, hintTerm: 0 })
}

function appendFromLeader(raft: Raft, message: AppendMessage): void {
  for (const entry of message.entries) {
    const known = raft.log.termAt(entry.index)
    if (known === entry.term) continue
    if (known >= 0) raft.truncateFrom(entry.index)
    raft.log.append(entry)
    raft.noteConfiguration(entry)
  }
  // Only what this message vouches for: entries beyond it may be of another history (Raft figure 2, AppendEntries 5).
  commitTo(raft, Math.min(message.commit, message.prevIndex + message.entries.length))
}

export function handleAppendReply(raft: Raft, message: AppendReplyMessage): void {
  const progress = raft.progress.get(message.from)
  if (raft.role !== 'leader' || !progress) return
  noteRound(progress, message.roundMs)
  if (!message.accepted) {
    if (progress.state === 'snapshot' || message.index < progress.matchIndex) return
    const nextIndex = raft.log.lastIndexWithTermAtMost(message.index, message.hintTerm) + 1
    // The answer to a probe always lies before it. What does not answers one of many appends behind the first refused.
    if (progress.state === 'probe' && nextIndex >= progress.nextIndex) return
    becomeProbe(progress, nextIndex)
    progress.resendAtMs = raft.nowMs
    return
  }
  if (message.index > raft.log.lastIndex) return // from a log of which this term knows nothing
  progress.inFlight = Math.max(0, progress.inFlight - 1)
  progress.resendAtMs = raft.nowMs + raft.settings.electionTimeoutMs
  if (message.index > progress.matchIndex) {
    progress.matchIndex = message.index
    advanceCommit(raft)
  }
  progress.nextIndex = Math.max(progress.nextIndex, progress.matchIndex + 1)
  if (progress.nextIndex === progress.matchIndex + 1) progress.inFlight = 0 // also those whose answers were lost
  if (progress.state === 'probe' || (progress.state === 'snapshot' && raft.log.termAt(progress.matchIndex) >= 0)) {
    progress.state = 'replicate'
    progress.nextIndex = progress.matchIndex + 1
    progress.inFlight = 0
  }
}

export function handleHeartbeat(raft: Raft, message: HeartbeatMessage): void {
  raft.heardFrom(message.from)
  commitTo(raft, message.commit)
  if (message.rests) raft.restBehind(message.commit)
  raft.send({ kind: 'heartbeatReply', from: raft.self, to: message.from, term: raft.term, roundMs: message.roundMs })
}

export function handleHeartbeatReply(raft: Raft, message: HeartbeatReplyMessage): void {
  const progress = raft.progress.get(message.from)
  if (raft.role === 'leader' && progress) noteRound(progress, message.roundMs)
}

function noteRound(progress: Progress, roundMs: number): void {
  if (roundMs > progress.roundMs) progress.roundMs = roundMs
}

/** Leader: R2 and R3. */
export function advanceCommit(raft: Raft): void {
  const index = reachedByMajority(raft.configuration, (replica) =>
    replica === raft.self ? raft.persistedIndex : (raft.progress.get(replica)?.matchIndex ?? 0),
  )
  if (index <= raft.committed || raft.log.termAt(index) !== raft.term) return
  raft.committed = index
  raft.resignIfRemoved()
}

function commitTo(raft: Raft, index: number): void {
  if (index <= raft.committed) return
  assert(index <= raft.log.lastIndex, 'a leader commits only what it knows a follower to hold')
  raft.committed = index
}
