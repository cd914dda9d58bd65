import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { baseOffsetAt, batchBytesAt, maxTimestampAt } from './batch.ts'

/** An entry for so many bytes of a segment. */
const intervalBytes = 64 << 10

/**
 * Where in a segment which offsets and times are: an entry for the first batch after every `intervalBytes`. Made anew from the batches'
 * heads where it is missing or wrong, so that nothing depends on it.
 */
export class SparseIndex {
  readonly #offsets: number[] = []
  readonly #positions: number[] = []
  /** The largest timestamp before the entry. */
  readonly #timestamps: number[] = []
  /** Bytes of the segment that it knows of. */
  endPosition = 0
  maxTimestamp = -1

  /** The batches at `bytes[start, end)` follow what is known. */
  add(bytes: Uint8Array, start: number, end: number): void {
    for (let from = start; from < end; ) {
      const length = batchBytesAt(bytes, from)
      this.addBatch(baseOffsetAt(bytes, from), maxTimestampAt(bytes, from), length)
      from += length
    }
  }

  addBatch(baseOffset: number, maxTimestamp: number, length: number): void {
    if (this.endPosition >= (this.#positions.at(-1) ?? -intervalBytes) + intervalBytes) {
      this.#offsets.push(baseOffset)
      this.#positions.push(this.endPosition)
      this.#timestamps.push(this.maxTimestamp)
    }
    this.maxTimestamp = Math.max(this.maxTimestamp, maxTimestamp)
    this.endPosition += length
  }

  /** Where to begin reading for the batch that holds `offset`. */
  positionOf(offset: number): number {
    return this.#positions[lastAtMost(this.#offsets, offset)] ?? 0
  }

  /** The offset of the batch at `positionOf(offset)`; undefined: there is none. */
  firstOffsetOf(offset: number): number | undefined {
    return this.#offsets[lastAtMost(this.#offsets, offset)] ?? this.#offsets[0]
  }

  /** Where to begin reading for the first record that is not older than `timestamp`. */
  positionOfTime(timestamp: number): number {
    // The last entry before which everything is older.
    return this.#positions[lastAtMost(this.#timestamps, timestamp - 1)] ?? 0
  }

  /** index = magic(uint32) entries(varint) end(varint) max(uint64 of max + 1) (offset(uint64) position(varint) time(uint64 of time + 1))* crc(uint32) */
  encode(): Uint8Array {
    const writer = new ByteWriter(32 + this.#offsets.length * 24)
    writer.uint32(magic)
    writer.varint(this.#offsets.length)
    writer.varint(this.endPosition)
    writer.uint64(this.maxTimestamp + 1)
    for (let i = 0; i < this.#offsets.length; i++) {
      writer.uint64(this.#offsets[i]!)
      writer.varint(this.#positions[i]!)
      writer.uint64(this.#timestamps[i]! + 1)
    }
    writer.uint32(crc32c(writer.view()))
    return writer.take()
  }

  /** @throws UnumError `DATA_DAMAGED` */
  static decode(bytes: Uint8Array): SparseIndex {
    const reader = new ByteReader(bytes)
    const body = bytes.subarray(0, Math.max(0, bytes.length - 4))
    const crc = new ByteReader(bytes, body.length)
    if (reader.uint32() !== magic || crc.uint32() !== crc32c(body)) {
      throw new UnumError('DATA_DAMAGED', 'An index of a segment cannot be read: wrong checksum')
    }
    const index = new SparseIndex()
    const count = reader.varint()
    index.endPosition = reader.varint()
    index.maxTimestamp = reader.uint64() - 1
    for (let i = 0; i < count; i++) {
      index.#offsets.push(reader.uint64())
      index.#positions.push(reader.varint())
      index.#timestamps.push(reader.uint64() - 1)
    }
    return index
  }
}

const magic = 0x58444955 // "UIDX"

/** The place of the last of rising `values` that is at most `wanted`; -1: none. */
function lastAtMost(values: readonly number[], wanted: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (values[middle]! <= wanted) low = middle + 1
    else high = middle
  }
  return low - 1
}
