import type { FailureReason, PendingReply } from '#kernel/handles/service.ts'
import type { Client } from './client.ts'

/**
 * A reply's place in its connection's order. Taken from a free list when a request goes out, given back when its turn has come
 * and its outcome is known.
 */
export class Pending implements PendingReply {
  /** Undefined in the free list. */
  client: Client | undefined = undefined
  next: Pending | undefined = undefined
  /** What the request holds in memory until it is answered, then the reply; in bytes. */
  size = 0
  /** Set when the outcome is known. */
  bytes: Uint8Array | undefined = undefined
  /** The client wants no reply (CLIENT REPLY). */
  muted = false
  /** It cannot be said whether this was done: the connection ends here. */
  lost = false

  replied(bytes: Uint8Array): void {
    this.bytes = bytes
    this.client?.settled(this)
  }

  failed(reason: FailureReason): void {
    this.client?.failed(this, reason)
  }
}
