import { utf8Bytes } from '#kernel/base/bytes.ts'
import { createRandom } from '#kernel/base/random.ts'
import type { LogBoundary, LogEntry } from '#kernel/storage/log/node-log-types.ts'
import { type Configuration, type ReplicaId, simpleConfiguration } from '../configuration.ts'
import type {
  AppendMessage,
  AppendReplyMessage,
  HeartbeatMessage,
  HeartbeatReplyMessage,
  Message,
  TimeoutNowMessage,
  VoteMessage,
  VoteReplyMessage,
} from '../messages.ts'
import { entryKinds, Raft, type RaftSettings } from '../raft.ts'
import { RaftLog } from '../raft-log.ts'

/** One replica, 1, with nothing around it but messages that a test makes up. Time is `nowMs` of the machine, from 0. */

export const testSettings: RaftSettings = {
  electionTimeoutMs: 100,
  restAfterMs: 0,
  heartbeatMs: 20,
  clockDriftMax: 0,
  appendsInFlightMax: 8,
  appendBytesMax: 1000,
}

export interface AloneOptions {
  readonly voters?: readonly ReplicaId[]
  readonly configuration?: Configuration
  readonly settings?: Partial<RaftSettings>
  /** Terms of the log's entries. */
  readonly log?: readonly number[]
  readonly boundary?: LogBoundary
  readonly term?: number
  readonly vote?: ReplicaId
  readonly committed?: number
  readonly seed?: number
  /** Without it: long ago, so that its votes are free. */
  readonly startedMs?: number
  /** Data of entries of configurations behind those of `log`. */
  readonly configurations?: readonly Uint8Array[]
}

export function replicaAlone(options: AloneOptions = {}): Raft {
  const { boundary = { index: 0, term: 0 }, log = [], voters = [1, 2, 3] } = options
  const settings = { ...testSettings, ...options.settings }
  const inLog = entries(log, boundary.index + 1)
  for (const data of options.configurations ?? []) {
    const index = boundary.index + inLog.length + 1
    inLog.push({ index, term: options.term ?? 0, kind: entryKinds.configuration, data })
  }
  return new Raft({
    self: 1,
    settings,
    hardState: { term: options.term ?? log.at(-1) ?? boundary.term, vote: options.vote ?? 0 },
    log: new RaftLog(boundary, inLog),
    configuration: options.configuration ?? simpleConfiguration(voters),
    committed: options.committed ?? boundary.index,
    random: createRandom(options.seed ?? 1),
    nowMs: 0,
    startedMs: options.startedMs ?? -settings.electionTimeoutMs,
  })
}

/** Replica 1 as the leader of the term after that of `options`, its first entry durable and sent. */
export function leaderAlone(options: AloneOptions = {}): Raft {
  const raft = replicaAlone(options)
  campaign(raft)
  for (const pre of [true, false]) {
    const { voters, outgoing } = raft.configuration
    for (const from of new Set([...voters, ...outgoing])) {
      if (from !== 1) receive(raft, voteReply({ from, term: raft.term + (pre ? 1 : 0), pre }))
    }
  }
  if (raft.role !== 'leader') throw new Error(`Replica 1 is a ${raft.role}`)
  return raft
}

export function campaign(raft: Raft): Message[] {
  raft.campaign(raft.nowMs)
  return settle(raft)
}

/** What the replica says in answer, when its disk is done. */
export function receive(raft: Raft, ...messages: readonly Message[]): Message[] {
  for (const message of messages) raft.receive(message, raft.nowMs)
  return settle(raft)
}

export function wait(raft: Raft, ms: number): Message[] {
  raft.tick(raft.nowMs + ms)
  return settle(raft)
}

/** Ends turns, with a disk that needs no time, until nothing is left to do. */
export function settle(raft: Raft): Message[] {
  const messages: Message[] = []
  for (;;) {
    const { hardState, entries: written, now, afterPersist } = raft.ready(raft.nowMs)
    messages.push(...now, ...afterPersist)
    const last = written.at(-1)
    if (!hardState && !last) return messages
    raft.persisted(last?.index ?? 0, last?.term ?? 0, hardState)
  }
}

export function propose(raft: Raft, text: string): Message[] {
  raft.propose(entryKinds.command, utf8Bytes(text))
  return settle(raft)
}

/** Commands that say where they are: `3@2`. */
export function entries(terms: readonly number[], firstIndex = 1): LogEntry[] {
  return terms.map((term, i) => {
    const index = firstIndex + i
    return { index, term, kind: entryKinds.command, data: utf8Bytes(`${index}@${term}`) }
  })
}

/** The terms of the log's entries. */
export function termsOf({ log }: Raft): number[] {
  const terms: number[] = []
  for (let index = log.firstIndex; index <= log.lastIndex; index++) terms.push(log.termAt(index))
  return terms
}

// ---- messages to replica 1, from 2 unless it is said ----

type Given<M extends Message> = Partial<Omit<M, 'kind' | 'to'>> & { readonly term: number }

export function vote(given: Given<VoteMessage>): VoteMessage {
  return { kind: 'vote', from: 2, to: 1, pre: false, transfer: false, lastIndex: 99, lastTerm: given.term, ...given }
}

export function voteReply(given: Given<VoteReplyMessage>): VoteReplyMessage {
  return { kind: 'voteReply', from: 2, to: 1, pre: false, granted: true, ...given }
}

export function append(given: Given<AppendMessage>): AppendMessage {
  return { kind: 'append', from: 2, to: 1, prevIndex: 0, prevTerm: 0, commit: 0, roundMs: 0, entries: [], ...given }
}

export function appendReply(given: Given<AppendReplyMessage>): AppendReplyMessage {
  return { kind: 'appendReply', from: 2, to: 1, accepted: true, index: 0, hintTerm: 0, roundMs: 0, ...given }
}

export function heartbeat(given: Given<HeartbeatMessage>): HeartbeatMessage {
  return { kind: 'heartbeat', from: 2, to: 1, commit: 0, roundMs: 0, rests: false, ...given }
}

export function heartbeatReply(given: Given<HeartbeatReplyMessage>): HeartbeatReplyMessage {
  return { kind: 'heartbeatReply', from: 2, to: 1, roundMs: 0, ...given }
}

export function timeoutNow(given: Given<TimeoutNowMessage>): TimeoutNowMessage {
  return { kind: 'timeoutNow', from: 2, to: 1, ...given }
}
