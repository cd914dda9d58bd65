import { allocateSlow, copyInto } from '#kernel/base/bytes.ts'
import { assert } from '#kernel/base/errors.ts'

const chunkBits = 20
export const chunkBytes = 1 << chunkBits
const chunkMask = chunkBytes - 1

/**
 * Byte strings that are written once and never freed one by one. A position is an unsigned 32-bit integer: the number of
 * a chunk and the offset in it. Chunks are as long as the longest string in them needs, at least `chunkBytes`.
 */
export class ByteArena {
  readonly #chunks: Uint8Array[] = []
  /** Bytes of the last chunk that are free; none in the chunk of a string that is longer than `chunkBytes`. */
  #free = 0
  /** Of all strings. */
  bytes = 0

  /**
   * Room for `length` bytes that lie together. The last byte of a chunk stays free, so that the position behind a string
   * (that of an empty one) is in the same chunk.
   */
  reserve(length: number): number {
    this.bytes += length
    if (length >= this.#free) {
      assert(this.#chunks.length < 1 << (32 - chunkBits), 'a memory table is flushed long before it has 4 GiB')
      this.#chunks.push(allocateSlow(Math.max(length + 1, chunkBytes)))
      this.#free = chunkBytes
    }
    const at = (this.#chunks.length - 1) * chunkBytes + (chunkBytes - this.#free)
    this.#free = length >= this.#free ? 0 : this.#free - length
    return at
  }

  /** Writes `bytes[from, to)`. */
  write(at: number, bytes: Uint8Array, from: number, to: number): void {
    copyInto(this.chunk(at), at & chunkMask, bytes, from, to)
  }

  /** The chunk of a position, which may be given as a signed integer. */
  chunk(at: number): Uint8Array {
    return this.#chunks[at >>> chunkBits]!
  }

  /** The offset of a position in its chunk. */
  offset(at: number): number {
    return at & chunkMask
  }
}
