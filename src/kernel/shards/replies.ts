import type { ByteReader } from '#kernel/base/byte-reader.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { equalBytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { SequenceWindow, spanMax } from './sequence-window.ts'

/**
 * Which writes of which gateway have taken effect, with their replies: state of the group, derived from its log alone, so that
 * every replica has the same, and a retry is answered instead of run again by whoever leads then.
 *
 * Invariants:
 * 1. A sequence at or above its gateway's `low` that has taken effect is here.
 * 2. `low` never falls; what is below it was answered, and is never evaluated again.
 * 3. A gateway that has written nothing for `retentionUs` of the log's own time is forgotten. Gateways give up on a request
 *    long before (`requestHoldMs`). Of a leap of that time, as where a leader's clock was set, next to nothing counts: a retry that
 *    came just then would be taken for new.
 */
export class ReplyWindow {
  readonly #gateways = new Map<number, GatewayReplies>()
  readonly #retentionUs: number
  #sweepAtUs = 0
  /** Replies are mostly alike: equal ones share their bytes. */
  #lastReply: Uint8Array = new Uint8Array(0)

  constructor(retentionUs: number) {
    this.#retentionUs = retentionUs
  }

  record(gateway: number, sequence: number, low: number, timestampUs: number, reply: Uint8Array | undefined): void {
    let known = this.#gateways.get(gateway)
    if (!known) {
      known = { low: 0, lastUs: 0, replies: new SequenceWindow() }
      this.#gateways.set(gateway, known)
    }
    known.lastUs = timestampUs
    if (low > known.low) {
      known.low = low
      known.replies.deleteBelow(low)
    }
    known.replies.set(sequence, reply === undefined ? null : this.#share(reply))
    if (timestampUs >= this.#sweepAtUs) this.#sweep(timestampUs)
  }

  /** `unknown`: not seen. `stale`: answered before. `lost`: took effect, its reply was too large to keep. */
  find(gateway: number, sequence: number): Uint8Array | 'unknown' | 'stale' | 'lost' {
    const known = this.#gateways.get(gateway)
    if (!known) return 'unknown'
    if (sequence < known.low) return 'stale'
    const reply = known.replies.get(sequence)
    return reply === undefined ? 'unknown' : (reply ?? 'lost')
  }

  write(writer: ByteWriter): void {
    writer.uint64(this.#sweepAtUs)
    writer.varint(this.#gateways.size)
    for (const [gateway, known] of this.#gateways) {
      writer.varint(gateway)
      writer.varint(known.low)
      writer.uint64(known.lastUs)
      writer.varint(known.replies.size)
      for (const [sequence, reply] of known.replies.entries()) {
        writer.varint(sequence)
        writer.uint8(reply ? 1 : 0)
        if (reply) writer.block(reply)
      }
    }
  }

  /** @throws UnumError `DATA_DAMAGED`, also where it says what `write` never does: memory goes with what numbers lie apart. */
  read(reader: ByteReader): void {
    this.#gateways.clear()
    this.#sweepAtUs = reader.uint64()
    let spanLeft = spanMax
    for (let left = reader.varint(); left > 0; left--) {
      const gateway = reader.varint()
      const known: GatewayReplies = { low: reader.varint(), lastUs: reader.uint64(), replies: new SequenceWindow() }
      let last: number | undefined
      for (let count = reader.varint(); count > 0; count--) {
        const sequence = reader.varint()
        spanLeft -= last === undefined ? 1 : sequence - last
        if (sequence <= (last ?? -1) || spanLeft < 0) {
          throw new UnumError(
            'DATA_DAMAGED',
            `Cannot read the replies of gateway ${gateway}: ${sequence} after ${last}`,
          )
        }
        last = sequence
        known.replies.set(sequence, reader.uint8() === 1 ? reader.block().slice() : null)
      }
      this.#gateways.set(gateway, known)
    }
  }

  #share(reply: Uint8Array): Uint8Array {
    if (equalBytes(reply, this.#lastReply)) return this.#lastReply
    this.#lastReply = reply.slice()
    return this.#lastReply
  }

  #sweep(nowUs: number): void {
    const intervalUs = this.#retentionUs / 4
    const leapUs = Math.max(0, nowUs - this.#sweepAtUs - intervalUs)
    this.#sweepAtUs = nowUs + intervalUs
    for (const [gateway, known] of this.#gateways) {
      known.lastUs = Math.min(nowUs, known.lastUs + leapUs)
      if (known.lastUs < nowUs - this.#retentionUs) this.#gateways.delete(gateway)
    }
  }
}

interface GatewayReplies {
  low: number
  lastUs: number
  /** By sequence; null: too large to be kept. */
  readonly replies: SequenceWindow<Uint8Array | null>
}
