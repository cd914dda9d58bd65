import { emptyBytes } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import type { DiskFile } from '#kernel/base/host.ts'
import {
  alignUp,
  type BatchHeader,
  batchHeaderBytes,
  decodeBatchHeader,
  sectorBytes,
  segmentHeaderBytes,
  segmentSalt,
} from './format.ts'

/** Read at once; more only for a batch that is larger. */
const readBytes = 1 << 20

export interface ReadBatch {
  readonly header: BatchHeader
  readonly position: number
  /**
   * Header and records as they lie in the file; undefined where the records are torn or rotten. Shares memory with the
   * reader.
   */
  readonly bytes: Uint8Array | undefined
}

/**
 * Finds the batches of one segment. Where there is no header it looks on at every sector until the end of the file: a
 * batch that is found later tells that what lies before it is not just a torn tail. A header whose checksum fits is
 * trusted in its length.
 */
export class SegmentReader {
  readonly #file: DiskFile
  readonly #salt: number
  readonly #size: number
  #identity: number | undefined
  /** A batch starts here at the latest. */
  readonly #lastStart: number
  /** Where to look for the next batch. */
  #position = segmentHeaderBytes
  #window: Uint8Array = emptyBytes
  #windowStart = 0

  /**
   * @param identity Of the log; undefined where no segment's header tells: then any is taken, and the first one stays.
   * @param onlyFirst Whether to look at the place of the first batch only.
   */
  constructor(file: DiskFile, id: number, identity: number | undefined, onlyFirst: boolean) {
    this.#file = file
    this.#salt = segmentSalt(id)
    this.#size = file.size
    this.#identity = identity
    this.#lastStart = Math.min(file.size - batchHeaderBytes, onlyFirst ? segmentHeaderBytes : file.size)
  }

  /** The next batch with a whole header; undefined at the end. */
  async next(): Promise<ReadBatch | undefined> {
    for (; this.#position <= this.#lastStart; this.#position += sectorBytes) {
      const position = this.#position
      if (!this.#holds(position, batchHeaderBytes)) await this.#load(position, batchHeaderBytes)
      const header = decodeBatchHeader(this.#window, position - this.#windowStart, this.#salt)
      if (header === undefined || header.identity !== (this.#identity ??= header.identity)) continue
      const length = batchHeaderBytes + header.bodyBytes
      this.#position = alignUp(position + length, sectorBytes)
      if (position + length > this.#size) return { header, position, bytes: undefined }
      if (!this.#holds(position, length)) await this.#load(position, length)
      const start = position - this.#windowStart
      const isWhole = crc32c(this.#window, start + batchHeaderBytes, start + length, this.#salt) === header.bodyChecksum
      return { header, position, bytes: isWhole ? this.#window.subarray(start, start + length) : undefined }
    }
    return undefined
  }

  #holds(position: number, length: number): boolean {
    return position >= this.#windowStart && position + length <= this.#windowStart + this.#window.length
  }

  async #load(position: number, length: number): Promise<void> {
    const wanted = Math.min(Math.max(length, readBytes), this.#size - position)
    this.#window = await this.#file.read(position, wanted)
    this.#windowStart = position
    // A file that is cut while it is read: what is missing reads as zeros.
    if (this.#window.length < length) {
      const padded = new Uint8Array(length)
      padded.set(this.#window)
      this.#window = padded
    }
  }
}
