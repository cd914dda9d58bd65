import { ByteReader } from '#kernel/base/byte-reader.ts'
import { utf8Text } from '#kernel/base/bytes.ts'
import type { LogEntry } from '#kernel/storage/log/node-log-types.ts'
import { type Configuration, readConfiguration } from '../configuration.ts'
import type { Message } from '../messages.ts'
import type { Progress } from '../progress.ts'
import { entryKinds, type Raft } from '../raft.ts'
import type { Write } from './replica.ts'

/** Everything observable of consensus in words, for transcripts. An entry is called `index@term`. */

export function describeEntry({ index, term, kind, data }: LogEntry): string {
  const place = `${index}@${term}`
  if (kind === entryKinds.noop) return `${place} noop`
  if (kind === entryKinds.command) return `${place} "${utf8Text(data)}"`
  return `${place} ${describeConfiguration(readConfiguration(new ByteReader(data)))}`
}

export function describeConfiguration({ voters, outgoing, learners }: Configuration): string {
  const parts = [`voters ${voters.join(' ')}`]
  if (outgoing.length > 0) parts.push(`outgoing ${outgoing.join(' ')}`)
  if (learners.length > 0) parts.push(`learners ${learners.join(' ')}`)
  return `{${parts.join(', ')}}`
}

export function describeMessage(message: Message): string {
  return `(term ${message.term}) ${describeBody(message)}`
}

function describeBody(message: Message): string {
  switch (message.kind) {
    case 'vote': {
      const why = message.transfer ? ', as the leader wants it' : ''
      return `${message.pre ? 'pre-vote' : 'vote'}? log ends with ${message.lastIndex}@${message.lastTerm}${why}`
    }
    case 'voteReply':
      return `${message.pre ? 'pre-vote' : 'vote'} ${message.granted ? 'given' : 'refused'}`
    case 'append': {
      const entries = message.entries.map(describeEntry).join(', ') || 'nothing'
      const place = `${message.prevIndex}@${message.prevTerm}`
      return `append after ${place}: ${entries}; commit ${message.commit}, ${describeRound(message.roundMs)}`
    }
    case 'appendReply': {
      if (message.accepted) return `holds up to ${message.index}, ${describeRound(message.roundMs)}`
      return `differs; may agree at ${message.index}@${message.hintTerm}, ${describeRound(message.roundMs)}`
    }
    case 'heartbeat':
      return `heartbeat; commit ${message.commit}, ${describeRound(message.roundMs)}${message.rests ? ', rests' : ''}`
    case 'heartbeatReply':
      return `alive, ${describeRound(message.roundMs)}`
    case 'timeoutNow':
      return 'campaign now'
    default:
      return message satisfies never
  }
}

export function describeWrite({ hardState, entries, boundary, anew }: Write): string {
  const parts: string[] = []
  if (boundary) parts.push(`log ${anew ? 'anew ' : ''}after ${boundary.index}@${boundary.term}`)
  if (hardState) parts.push(`term ${hardState.term}, vote ${hardState.vote}`)
  if (entries.length > 0) parts.push(entries.map(describeEntry).join(', '))
  return parts.join('; ') || 'nothing new'
}

/** What there is to say of a replica, each part under a name of its own; empty where another part says it. */
export function describeRole(raft: Raft): Record<string, string> {
  return {
    role: raft.role,
    term: `term ${raft.term}`,
    vote: `vote ${raft.vote}`,
    leader: raft.leader === raft.self ? '' : raft.leader === 0 ? 'follows nobody' : `follows ${raft.leader}`,
    committed: `committed ${raft.committed}`,
    configuration: describeConfiguration(raft.configuration),
  }
}

export function describeLog({ log, persistedIndex }: Raft): string {
  const entries: string[] = []
  for (let i = log.firstIndex; i <= log.lastIndex; i++) entries.push(describeEntry(log.entryAt(i)!))
  const durable = persistedIndex < log.lastIndex ? `; durable up to ${persistedIndex}` : ''
  return `log after ${log.boundary.index}@${log.boundary.term}: ${entries.join(', ') || 'nothing'}${durable}`
}

export function describeProgress(replica: number, progress: Progress): string {
  const { state, matchIndex, nextIndex, inFlight, roundMs } = progress
  const place = `match ${matchIndex}, next ${nextIndex}, in flight ${inFlight}`
  return `of ${replica}: ${state}, ${place}, ${describeRound(roundMs)}`
}

/** The leader's clock when it sent what is answered. */
export function describeRound(roundMs: number): string {
  return Number.isFinite(roundMs) ? `round ${roundMs}` : 'no round'
}
