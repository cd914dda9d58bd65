import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes, utf8Bytes } from '#kernel/base/bytes.ts'
import { assert } from '#kernel/base/errors.ts'
import { spliceBytesMin } from '../limits.ts'

const int64Max = 2 ** 63

/** Bytes of records as they are stored: in one piece or several. */
export type RecordBytes = Uint8Array | readonly Uint8Array[]

/**
 * Writes Kafka's primitive types, big-endian. Large slices of records are not copied: `takeParts` yields them between
 * what was written. An int64 beyond 2^53 is the nearest that there is.
 */
export class WireWriter extends ByteWriter {
  /** Slices, each with the length of what is written before it. */
  readonly #splices: { readonly at: number; readonly bytes: Uint8Array }[] = []
  #splicedBytes = 0

  /** Of all parts. */
  get totalBytes(): number {
    return this.length + this.#splicedBytes
  }

  int64(value: number): void {
    if (value >= int64Max) {
      this.uint32Be(0x7fff_ffff)
      this.uint32Be(0xffff_ffff)
    } else if (value < -int64Max) {
      this.uint32Be(0x8000_0000)
      this.uint32Be(0)
    } else this.uint64Be(value)
  }

  uuid(value: string): void {
    assert(value.length === 16, 'a UUID has 16 characters, one for each byte')
    this.raw(latin1Bytes(value))
  }

  /** The bytes of `text`, without a length; short ASCII costs no call. @returns how many there are */
  utf8(text: string): number {
    const start = this.length
    const count = text.length
    this.reserve(count)
    for (let i = 0; i < count; i++) {
      const code = text.charCodeAt(i)
      if (code >= 0x80) {
        this.length = start
        const bytes = utf8Bytes(text)
        this.raw(bytes)
        return bytes.length
      }
      this.bytes[start + i] = code
    }
    this.length = start + count
    return count
  }

  /** Bytes that stay the caller's, unchanged until the parts are sent. */
  splice(bytes: RecordBytes): void {
    if (bytes instanceof Uint8Array) this.#splice(bytes)
    else for (const slice of bytes) this.#splice(slice)
  }

  #splice(bytes: Uint8Array): void {
    if (bytes.length < spliceBytesMin) {
      this.raw(bytes)
      return
    }
    this.#splices.push({ at: this.length, bytes })
    this.#splicedBytes += bytes.length
  }

  /**
   * What `write` writes, preceded by its length as an int32. Where it throws, nothing is written.
   */
  frame(write: () => void): void {
    const start = this.length
    const spliced = this.#splicedBytes
    const splices = this.#splices.length
    this.uint32Be(0)
    try {
      write()
      const end = this.length
      const count = end - start - 4 + this.#splicedBytes - spliced
      if (count > 0x7fff_ffff) throw new RangeError(`Cannot encode a frame of ${count} bytes: at most 2^31 - 1`)
      this.length = start
      this.uint32Be(count)
      this.length = end
    } catch (error) {
      this.length = start
      this.#splicedBytes = spliced
      this.#splices.length = splices
      throw error
    }
  }

  /**
   * Everything written so far, in order, and the writer starts anew. What is not a slice of the caller's is the receiver's
   * from here on.
   */
  takeParts(): Uint8Array[] {
    const splices = this.#splices
    const written = this.take()
    if (splices.length === 0) return written.length === 0 ? [] : [written]
    const parts: Uint8Array[] = []
    let from = 0
    for (const { at, bytes } of splices) {
      if (at > from) parts.push(written.subarray(from, at))
      parts.push(bytes)
      from = at
    }
    if (from < written.length) parts.push(written.subarray(from))
    this.#reset()
    return parts
  }

  override clear(): void {
    super.clear()
    this.#reset()
  }

  #reset(): void {
    this.#splices.length = 0
    this.#splicedBytes = 0
  }
}

export function recordBytesLength(bytes: RecordBytes): number {
  if (bytes instanceof Uint8Array) return bytes.length
  let total = 0
  for (const slice of bytes) total += slice.length
  return total
}
