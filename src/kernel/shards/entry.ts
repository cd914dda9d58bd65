import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { UnumError } from '#kernel/base/errors.ts'

/**
 * What a shard's consensus entry of kind `command` holds: the effects of a turn's transactions, in the order in which they took
 * effect (docs/formats/shard-entry.md).
 *
 *     entry   = version(uint8 = 1) baseTimestampUs(uint64) transaction*
 *     transaction = origin timestampDeltaUs(varint) effect* 0(uint8) replyKept(uint8) reply(block)
 *     origin  = 0(varint)                                      the shard's own background work
 *             | r(varint) [gateway(varint) low(varint)] sequence(varint)
 *     effect  = 1 key(block) value(block)                      put
 *             | 2 key(block)                                   delete
 *             | 3 from(block) hasEnd(uint8) [to(block)]        delete range
 *             | 4 name(text) sign(uint8) amount(varint)        count
 *
 * Origins are numbered from 1 as they first occur in the entry; only then do gateway and low follow: `low` is the lowest sequence
 * that the gateway still waits for, so that replies below it can be forgotten.
 */
export const effectKinds = { end: 0, put: 1, delete: 2, deleteRange: 3, count: 4 } as const

const entryVersion = 1

/** Gathers a turn's transactions. */
export class EntryWriter {
  readonly writer = new ByteWriter(4096)
  readonly #origins = new Map<number, number>()
  #baseTimestampUs = 0
  count = 0

  get isEmpty(): boolean {
    return this.count === 0
  }

  /** Writes where a transaction comes from; its effects follow. */
  begin(gateway: number, sequence: number, low: number, timestampUs: number): void {
    const { writer } = this
    if (writer.length === 0) {
      writer.uint8(entryVersion)
      writer.uint64(timestampUs)
      this.#baseTimestampUs = timestampUs
    }
    if (gateway === 0) {
      writer.varint(0)
    } else {
      const known = this.#origins.get(gateway)
      if (known !== undefined) {
        writer.varint(known)
      } else {
        const number = this.#origins.size + 1
        this.#origins.set(gateway, number)
        writer.varint(number)
        writer.varint(gateway)
        writer.varint(low)
      }
      writer.varint(sequence)
    }
    writer.varint(timestampUs - this.#baseTimestampUs)
  }

  /** Ends the transaction; a reply above `replyBytesMax` is not kept for retries. */
  end(reply: ByteWriter, replyBytesMax: number): void {
    const { writer } = this
    writer.uint8(effectKinds.end)
    const kept = reply.length <= replyBytesMax
    writer.uint8(kept ? 1 : 0)
    writer.blockRange(reply.bytes, 0, kept ? reply.length : 0)
    this.count++
  }

  /** Undoes what `begin` and effects wrote since `length` was read. An origin that was first named there is forgotten. */
  reset(length: number, origins: number): void {
    this.writer.length = length
    for (const gateway of [...this.#origins.keys()].slice(origins)) this.#origins.delete(gateway)
  }

  get originCount(): number {
    return this.#origins.size
  }

  take(): Uint8Array {
    this.#origins.clear()
    this.count = 0
    return this.writer.take()
  }
}

/** Called for each part of an entry, in order. Byte strings share the entry's memory. */
export interface EntryVisitor {
  /** A row whose key and value lie in `bytes`. */
  put(bytes: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void
  delete(key: Uint8Array): void
  deleteRange(from: Uint8Array, to: Uint8Array | undefined): void
  count(name: string, delta: number): void
  /** After a transaction's effects. `gateway` 0: background. `reply` undefined: too large to be kept. */
  transaction(gateway: number, sequence: number, low: number, timestampUs: number, reply: Uint8Array | undefined): void
}

/** @throws UnumError `DATA_DAMAGED`, `FORMAT_UNKNOWN` */
export function readEntry(data: Uint8Array, visitor: EntryVisitor): void {
  const reader = new ByteReader(data)
  const version = reader.uint8()
  if (version !== entryVersion) {
    throw new UnumError(
      'FORMAT_UNKNOWN',
      `Cannot apply a shard entry of version ${version}: version ${entryVersion} is known`,
    )
  }
  const base = reader.uint64()
  const gateways: number[] = [0]
  const lows: number[] = [0]
  while (reader.remaining > 0) {
    const origin = reader.varint()
    if (origin === gateways.length) {
      gateways.push(reader.varint())
      lows.push(reader.varint())
      if (gateways[origin] === 0) throw new UnumError('DATA_DAMAGED', 'Cannot read a shard entry: no gateway is 0')
    } else if (origin > gateways.length) {
      throw new UnumError('DATA_DAMAGED', `Cannot read a shard entry: origin ${origin} of ${gateways.length - 1}`)
    }
    const sequence = origin === 0 ? 0 : reader.varint()
    const timestampUs = base + reader.varint()
    if (!Number.isSafeInteger(timestampUs)) {
      throw new UnumError('DATA_DAMAGED', `Cannot read a shard entry: its time ${timestampUs} is beyond 2^53 - 1`)
    }
    readEffects(reader, visitor)
    const kept = reader.uint8() === 1
    const reply = reader.block()
    visitor.transaction(gateways[origin]!, sequence, lows[origin]!, timestampUs, kept ? reply : undefined)
  }
}

function readEffects(reader: ByteReader, visitor: EntryVisitor): void {
  for (;;) {
    const kind = reader.uint8()
    switch (kind) {
      case effectKinds.end:
        return
      case effectKinds.put: {
        const keyStart = reader.skipBlock()
        const keyEnd = reader.position
        const valueStart = reader.skipBlock()
        visitor.put(reader.bytes, keyStart, keyEnd, valueStart, reader.position)
        break
      }
      case effectKinds.delete:
        visitor.delete(reader.block())
        break
      case effectKinds.deleteRange: {
        const from = reader.block()
        visitor.deleteRange(from, reader.uint8() === 1 ? reader.block() : undefined)
        break
      }
      case effectKinds.count: {
        const name = reader.text()
        const sign = reader.uint8() === 1 ? -1 : 1
        visitor.count(name, sign * reader.varint())
        break
      }
      default:
        throw new UnumError('DATA_DAMAGED', `Cannot read a shard entry: effect of kind ${kind}`)
    }
  }
}
