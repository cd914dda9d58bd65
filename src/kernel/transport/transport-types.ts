import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import type { ErrorCode, UnumError } from '#kernel/base/errors.ts'
import type { Address, Clock, Network, Random } from '#kernel/base/host.ts'
import type { TransportLimits } from './limits.ts'

/** A small positive integer, unique in the cluster, never reused. 1 to 65,535. */
export type NodeId = number

export interface Peer {
  readonly id: NodeId
  /** For messages to people. */
  readonly name: string
  readonly address: Address
}

/** Oldest and newest that this program speaks; 0 to 65,535. Two nodes use the newest that both speak. */
export interface ProtocolVersions {
  readonly min: number
  readonly max: number
}

export interface TransportLog {
  info(fields: Record<string, unknown>, message: string): void
  warn(fields: Record<string, unknown>, message: string): void
}

export interface TransportOptions {
  readonly clock: Clock
  readonly network: Network
  /** For the waits between attempts to connect, and to tell the starts of a node apart. */
  readonly random: Random
  /** The same on all nodes: a node of another cluster is refused. */
  readonly clusterId: string
  readonly self: { readonly id: NodeId; readonly name: string }
  /** The other nodes; one with this node's id is ignored. */
  readonly peers: readonly Peer[]
  readonly listen: Address
  readonly protocolVersions: ProtocolVersions
  /** What is not given is as in `transportLimits`. */
  readonly limits?: Partial<TransportLimits>
  readonly log: TransportLog
}

/**
 * The bytes may be kept, whole or in part: their memory is never written again. What is kept pins the block around it, at most
 * 8 KiB or what arrived with it in one read; copy a tiny part of something large. A malformed message should throw
 * UnumError `DATA_DAMAGED`: the connection is closed and counted as damaged.
 */
export type MessageHandler = (from: NodeId, bytes: Uint8Array) => void

/** A request of another node. Exactly one of `reply` and `fail` should be called, once, at any time. */
export interface IncomingRequest {
  readonly from: NodeId
  /** May be kept, as in `MessageHandler`. */
  readonly bytes: Uint8Array
  /** On `clock.monotonicMs`: nobody waits for the answer after it. */
  readonly deadlineMs: number
  /** The answer is not wanted any more: cancelled, connection lost, deadline passed. Answering does nothing then. */
  readonly abandoned: boolean
  /** Set it to be told, once, when `abandoned` becomes true; not called after an answer. */
  onAbandoned: (() => void) | undefined
  /** `encode` runs at once and writes the answer. */
  reply(encode: (writer: ByteWriter) => void): void
  /** The requester gets an error with this code. `UNAVAILABLE` must mean: certainly not done. */
  fail(code: ErrorCode, message: string): void
}

export type RequestHandler = (request: IncomingRequest) => void

export interface RequestOptions {
  /** From now, more than 0, up to 2^32 - 1. */
  readonly timeoutMs: number
}

/** Exactly one of them is called, once, never inside `request`; none after `cancel`. */
export interface RequestCallbacks {
  /** May be kept, as in `MessageHandler`. */
  replied(bytes: Uint8Array): void
  /**
   * `UNAVAILABLE`: certainly not done: it did not leave this node (not connected, queue full), or the other node refused it.
   * `OUTCOME_UNKNOWN`: it may or may not have been done (deadline, connection lost after it was sent).
   * `STOPPED`: this transport was closed; as `OUTCOME_UNKNOWN`.
   * Other codes are those that the handler over there failed it with.
   */
  failed(error: UnumError): void
}

export interface OutgoingRequest {
  /** The other node is told; no callback follows. Idempotent. */
  cancel(): void
}

/** Monotonic counts since the transport was opened. */
export interface PeerCounters {
  framesIn: number
  framesOut: number
  bytesIn: number
  bytesOut: number
  /** Writes to connections: turns in which something was sent. */
  writes: number
  /** One-way messages that were not queued, by reason. */
  droppedDisconnected: number
  droppedQueueFull: number
  /** Requests that failed without leaving this node. */
  requestsRefused: number
  /** Answers that could not be queued; the requester was told `OUTCOME_UNKNOWN`. */
  repliesRefused: number
  /** Answers to requests that nobody waits for any more. */
  repliesLate: number
  /** Frames for channels without a handler here. */
  unhandled: number
  /** Connections closed for a wrong checksum or structure. */
  damaged: number
  /** Connections closed because nothing was heard for too long. */
  silent: number
  /** Connections that this node opened and that completed their handshake. */
  connects: number
  /** Attempts of this node to connect that came to nothing. */
  connectFailures: number
}

export interface PeerStatus {
  readonly id: NodeId
  readonly name: string
  readonly address: Address
  readonly connected: boolean
  /** Agreed; undefined while there is no connection to it. */
  readonly protocolVersion: number | undefined
  /** Bytes that wait to be sent to it. */
  readonly queuedBytes: number
  readonly requestsOutstanding: number
  readonly bulkStreamsOut: number
  readonly bulkStreamsIn: number
  /** Why the last attempt to connect came to nothing; undefined once one succeeded. */
  readonly connectError: string | undefined
  readonly counters: Readonly<PeerCounters>
}

/** What cannot be attributed to a peer. */
export interface StrangerCounters {
  /** Connections closed for bytes that are no greeting of a node. */
  garbage: number
  /** Greetings refused: other cluster, unknown node, no common version. */
  refused: number
  /** Connections closed because no greeting came in time, or to make room for newer ones. */
  unfinished: number
}

export function newPeerCounters(): PeerCounters {
  return {
    framesIn: 0,
    framesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    writes: 0,
    droppedDisconnected: 0,
    droppedQueueFull: 0,
    requestsRefused: 0,
    repliesRefused: 0,
    repliesLate: 0,
    unhandled: 0,
    damaged: 0,
    silent: 0,
    connects: 0,
    connectFailures: 0,
  }
}
