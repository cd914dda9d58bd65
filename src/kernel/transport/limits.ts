import { assert } from '#kernel/base/errors.ts'
import { bulkChunkOverheadBytes } from './frame.ts'

/** Every bound of the transport. Times in milliseconds, sizes in bytes. */
export interface TransportLimits {
  /** Body of one frame. Must hold the largest message of any channel, and be the same on all nodes. */
  readonly frameBytesMax: number
  /** Waiting to be sent to one peer: beyond it one-way messages are dropped. One frame may pass over it. */
  readonly queueBytesMax: number
  /** As that, for requests: lower, so that they never crowd out the messages of consensus. Beyond it they are refused. */
  readonly requestQueueBytesMax: number
  /**
   * As that, for notices: higher, since they stand for what found no room. Beyond it the connection is closed: of a lost connection the
   * other side knows.
   */
  readonly noticeQueueBytesMax: number
  /** Requests to one peer that wait for an answer. */
  readonly requestsMax: number
  /** Requests of one peer that are being served. */
  readonly servedMax: number
  /** How often deadlines are looked at while requests are outstanding: how late one may fail. */
  readonly deadlineScanMs: number
  /** From the attempt to connect, or from being connected to, until the handshake is complete. */
  readonly handshakeTimeoutMs: number
  /** Accepted connections whose handshake is not complete; beyond it the oldest is closed. */
  readonly handshakesMax: number
  /** Each side of each connection says something at least this often. */
  readonly beatIntervalMs: number
  /** A connection on which nothing was heard for this long is closed. */
  readonly silenceMaxMs: number
  /** Wait before connecting again: at most this after the first failure, doubling up to `reconnectMaxMs`. */
  readonly reconnectMinMs: number
  readonly reconnectMaxMs: number
  /** Wait after a refusal that only a person can change (other cluster, no common version). */
  readonly refusedRetryMs: number
  /** For this long from its start a node does not warn of a peer that it has not reached yet: that may be starting too. */
  readonly firstContactMs: number
  /** A connection that lived this long was a good one: the next wait begins at `reconnectMinMs` again. */
  readonly stableMs: number
  /** Bulk streams from one node to another, at the same time. */
  readonly bulkStreamsMax: number
  /** What the receiver of a bulk stream holds at most, for each. */
  readonly bulkWindowBytes: number
  /** One piece of a bulk stream. */
  readonly bulkChunkBytesMax: number
  /** A bulk stream whose other side lets it wait this long is given up. */
  readonly bulkStallMs: number
  /** The connection for bulk is closed this long after its last stream. */
  readonly bulkIdleMs: number
}

export const transportLimits: TransportLimits = {
  // A value is at most 8 MiB until blocks exist; twice that leaves room for what surrounds it.
  frameBytesMax: 16 << 20,
  queueBytesMax: 32 << 20,
  requestQueueBytesMax: 16 << 20,
  noticeQueueBytesMax: 64 << 20,
  requestsMax: 65_536,
  servedMax: 65_536,
  deadlineScanMs: 20,
  handshakeTimeoutMs: 1000,
  handshakesMax: 64,
  beatIntervalMs: 500,
  silenceMaxMs: 2500,
  reconnectMinMs: 20,
  reconnectMaxMs: 1000,
  refusedRetryMs: 5000,
  firstContactMs: 5000,
  stableMs: 1000,
  bulkStreamsMax: 4,
  bulkWindowBytes: 4 << 20,
  bulkChunkBytesMax: 256 << 10,
  bulkStallMs: 30_000,
  bulkIdleMs: 10_000,
}

export function checkLimits(limits: TransportLimits): void {
  // Two beats may be late or lost to a pause of the other side before it is taken for gone.
  assert(limits.silenceMaxMs >= 2 * limits.beatIntervalMs, 'silenceMaxMs is at least two beats')
  assert(limits.queueBytesMax >= limits.requestQueueBytesMax, 'messages have at least the room of requests')
  // A queue that one last frame has filled beyond its bound must still take notices.
  const filledBytesMax = limits.queueBytesMax + limits.frameBytesMax
  assert(limits.noticeQueueBytesMax > filledBytesMax, 'notices have room behind the last message')
  // Credit comes back in quarters of the window: a smaller one would make the pieces smaller than they may be.
  assert(
    limits.bulkWindowBytes >= 4 * (limits.bulkChunkBytesMax + bulkChunkOverheadBytes),
    'bulkWindowBytes holds four pieces',
  )
  assert(limits.bulkChunkBytesMax + 4 <= limits.frameBytesMax, 'a piece of bulk fits in a frame')
  assert(limits.reconnectMaxMs >= limits.reconnectMinMs && limits.reconnectMinMs > 0, 'reconnect waits are ordered')
}
