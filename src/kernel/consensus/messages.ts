import type { ByteReader } from '#kernel/base/byte-reader.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { LogEntry } from '#kernel/storage/log/node-log-types.ts'
import type { ReplicaId } from './configuration.ts'

/**
 * Messages between the replicas of a group. Numbers on the wire are never reused; the bytes are in docs/formats/consensus-messages.md.
 * Times (`roundMs`) are the leader's monotonic clock, opaque to others, who send them back: a lease counts from the sending
 * of a round that was acknowledged.
 */
export type Message =
  | VoteMessage
  | VoteReplyMessage
  | AppendMessage
  | AppendReplyMessage
  | HeartbeatMessage
  | HeartbeatReplyMessage
  | TimeoutNowMessage

interface Envelope {
  readonly from: ReplicaId
  readonly to: ReplicaId
  /** The sender's term; of a pre-vote (and its grant) the term that the candidate would have. */
  readonly term: number
}

export interface VoteMessage extends Envelope {
  readonly kind: 'vote'
  /** Asks without raising anyone's term (Raft dissertation §9.6). */
  readonly pre: boolean
  /** The leader itself asked for this election: its lease is over (dissertation §4.2.3). */
  readonly transfer: boolean
  readonly lastIndex: number
  readonly lastTerm: number
}

export interface VoteReplyMessage extends Envelope {
  readonly kind: 'voteReply'
  readonly pre: boolean
  readonly granted: boolean
}

export interface AppendMessage extends Envelope {
  readonly kind: 'append'
  readonly prevIndex: number
  readonly prevTerm: number
  readonly commit: number
  readonly roundMs: number
  readonly entries: readonly LogEntry[]
}

export interface AppendReplyMessage extends Envelope {
  readonly kind: 'appendReply'
  readonly accepted: boolean
  /** Accepted: the follower's log is durable and the same as the leader's up to here. Else: it may agree up to here. */
  readonly index: number
  /** Refused: the follower's term at `index`. */
  readonly hintTerm: number
  readonly roundMs: number
}

export interface HeartbeatMessage extends Envelope {
  readonly kind: 'heartbeat'
  /** Never above what the leader knows the follower to hold. */
  readonly commit: number
  /** The last one for a while (R7). */
  readonly rests: boolean
  readonly roundMs: number
}

export interface HeartbeatReplyMessage extends Envelope {
  readonly kind: 'heartbeatReply'
  readonly roundMs: number
}

export interface TimeoutNowMessage extends Envelope {
  readonly kind: 'timeoutNow'
}

type Codec<M extends Message> = {
  readonly tag: number
  readonly write: (writer: ByteWriter, message: M) => void
  readonly read: (reader: ByteReader, envelope: Envelope) => M
}

const codecs: { readonly [K in Message['kind']]: Codec<Extract<Message, { kind: K }>> } = {
  vote: {
    tag: 1,
    write(writer, m) {
      writer.uint8((m.pre ? 1 : 0) | (m.transfer ? 2 : 0))
      writer.varint(m.lastIndex)
      writer.varint(m.lastTerm)
    },
    read(reader, envelope) {
      const flags = reader.uint8()
      const lastIndex = reader.varint()
      const lastTerm = reader.varint()
      return { kind: 'vote', ...envelope, pre: (flags & 1) !== 0, transfer: (flags & 2) !== 0, lastIndex, lastTerm }
    },
  },
  voteReply: {
    tag: 2,
    write(writer, m) {
      writer.uint8((m.pre ? 1 : 0) | (m.granted ? 2 : 0))
    },
    read(reader, envelope) {
      const flags = reader.uint8()
      return { kind: 'voteReply', ...envelope, pre: (flags & 1) !== 0, granted: (flags & 2) !== 0 }
    },
  },
  append: {
    tag: 3,
    write(writer, m) {
      writer.varint(m.prevIndex)
      writer.varint(m.prevTerm)
      writer.varint(m.commit)
      writer.float64(m.roundMs)
      writer.varint(m.entries.length)
      for (const entry of m.entries) {
        writer.varint(entry.term)
        writer.uint8(entry.kind)
        writer.block(entry.data)
      }
    },
    read(reader, envelope) {
      const prevIndex = reader.varint()
      const prevTerm = reader.varint()
      const commit = reader.varint()
      const roundMs = reader.float64()
      const entries: LogEntry[] = []
      const count = reader.varint()
      if (prevIndex + count > Number.MAX_SAFE_INTEGER) {
        throw new UnumError('DATA_DAMAGED', `An append has ${count} entries after ${prevIndex}: beyond 2^53 - 1`)
      }
      for (let i = 1; i <= count; i++) {
        const term = reader.varint()
        const kind = reader.uint8()
        entries.push({ index: prevIndex + i, term, kind, data: reader.block() })
      }
      return { kind: 'append', ...envelope, prevIndex, prevTerm, commit, roundMs, entries }
    },
  },
  appendReply: {
    tag: 4,
    write(writer, m) {
      writer.uint8(m.accepted ? 1 : 0)
      writer.varint(m.index)
      writer.varint(m.hintTerm)
      writer.float64(m.roundMs)
    },
    read(reader, envelope) {
      const accepted = reader.uint8() !== 0
      const index = reader.varint()
      const hintTerm = reader.varint()
      return { kind: 'appendReply', ...envelope, accepted, index, hintTerm, roundMs: reader.float64() }
    },
  },
  heartbeat: {
    tag: 5,
    write(writer, m) {
      writer.varint(m.commit)
      writer.float64(m.roundMs)
      writer.uint8(m.rests ? 1 : 0)
    },
    read(reader, envelope) {
      const commit = reader.varint()
      const roundMs = reader.float64()
      return { kind: 'heartbeat', ...envelope, commit, roundMs, rests: (reader.uint8() & 1) !== 0 }
    },
  },
  heartbeatReply: {
    tag: 6,
    write(writer, m) {
      writer.float64(m.roundMs)
    },
    read(reader, envelope) {
      return { kind: 'heartbeatReply', ...envelope, roundMs: reader.float64() }
    },
  },
  timeoutNow: {
    tag: 7,
    write() {},
    read(_reader, envelope) {
      return { kind: 'timeoutNow', ...envelope }
    },
  },
}

const codecByTag = new Map(Object.values(codecs).map((codec) => [codec.tag, codec as Codec<Message>]))

/** `uint8 tag, varint from, varint to, varint term`, then the fields of its kind. */
export function writeMessage(writer: ByteWriter, message: Message): void {
  const codec = codecs[message.kind] as Codec<Message>
  writer.uint8(codec.tag)
  writer.varint(message.from)
  writer.varint(message.to)
  writer.varint(message.term)
  codec.write(writer, message)
}

/** Entries' data shares the reader's memory. @throws UnumError `DATA_DAMAGED` */
export function readMessage(reader: ByteReader): Message {
  const tag = reader.uint8()
  const codec = codecByTag.get(tag)
  if (!codec) throw new UnumError('DATA_DAMAGED', `Cannot read a consensus message of kind ${tag}: 1 to 7 are known`)
  const from = reader.varint()
  const to = reader.varint()
  const term = reader.varint()
  if (from === 0 || to === 0) throw new UnumError('DATA_DAMAGED', `A message from ${from} to ${to}: no replica is 0`)
  return codec.read(reader, { from, to, term })
}
