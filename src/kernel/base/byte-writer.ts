import { allocateSlow, copyBytes, copyInto, emptyBytes, utf8Bytes } from './bytes.ts'
import { assert } from './errors.ts'

/**
 * A buffer that grows and is written to its end. Integers are little-endian unless the name says `Be`; `varint` is an
 * unsigned LEB128 of a safe integer.
 */
export class ByteWriter {
  bytes: Uint8Array
  length = 0
  #view: DataView

  constructor(capacity = 256) {
    this.bytes = allocateSlow(capacity)
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
  }

  /** Makes room for `count` more bytes; earlier `bytes` may be another buffer afterwards. */
  reserve(count: number): void {
    const wanted = this.length + count
    if (wanted <= this.bytes.length) return
    const grown = allocateSlow(Math.max(wanted, this.bytes.length * 2))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
    this.#view = new DataView(grown.buffer, grown.byteOffset, grown.length)
  }

  uint8(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  uint16(value: number): void {
    this.reserve(2)
    this.#view.setUint16(this.length, value, true)
    this.length += 2
  }

  uint16Be(value: number): void {
    this.reserve(2)
    this.#view.setUint16(this.length, value, false)
    this.length += 2
  }

  uint32(value: number): void {
    this.reserve(4)
    this.#view.setUint32(this.length, value, true)
    this.length += 4
  }

  uint32Be(value: number): void {
    this.reserve(4)
    this.#view.setUint32(this.length, value, false)
    this.length += 4
  }

  /** A safe integer, 0 to 2^53 - 1, in eight bytes. */
  uint64(value: number): void {
    this.reserve(8)
    this.#view.setUint32(this.length, value >>> 0, true)
    this.#view.setUint32(this.length + 4, Math.floor(value / 0x1_0000_0000), true)
    this.length += 8
  }

  /** As `uint64`, so that the order of the bytes is the order of the numbers. */
  uint64Be(value: number): void {
    this.reserve(8)
    this.#view.setUint32(this.length, Math.floor(value / 0x1_0000_0000), false)
    this.#view.setUint32(this.length + 4, value >>> 0, false)
    this.length += 8
  }

  float64(value: number): void {
    this.reserve(8)
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }

  varint(value: number): void {
    assert(value >= 0 && value <= Number.MAX_SAFE_INTEGER, 'a varint is a safe, non-negative integer')
    this.reserve(8)
    while (value >= 0x8000_0000) {
      this.bytes[this.length++] = (value % 128) | 0x80
      value = Math.floor(value / 128)
    }
    while (value >= 0x80) {
      this.bytes[this.length++] = (value & 0x7f) | 0x80
      value >>>= 7
    }
    this.bytes[this.length++] = value
  }

  /** The bytes alone. */
  raw(bytes: Uint8Array): void {
    this.rawRange(bytes, 0, bytes.length)
  }

  rawRange(bytes: Uint8Array, start: number, end: number): void {
    const count = end - start
    this.reserve(count)
    copyInto(this.bytes, this.length, bytes, start, end)
    this.length += count
  }

  /** Length as varint, then the bytes. */
  block(bytes: Uint8Array): void {
    this.varint(bytes.length)
    this.rawRange(bytes, 0, bytes.length)
  }

  /** As `block`, of `bytes[start, end)`. */
  blockRange(bytes: Uint8Array, start: number, end: number): void {
    this.varint(end - start)
    this.rawRange(bytes, start, end)
  }

  /** UTF-8: length as varint, then the bytes. */
  text(text: string): void {
    this.block(utf8Bytes(text))
  }

  /** Characters of U+0000 to U+007F, without a length. */
  ascii(text: string): void {
    this.reserve(text.length)
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i)
  }

  setUint32(position: number, value: number): void {
    this.#view.setUint32(position, value, true)
  }

  /** What is written so far, sharing this writer's memory: valid until the next write or `clear`. */
  view(): Uint8Array {
    return this.bytes.subarray(0, this.length)
  }

  /** What is written so far, and from here on the caller's: the writer starts anew. */
  take(): Uint8Array {
    if (this.length === 0) return emptyBytes
    if (this.length < this.bytes.length / 2) {
      // What is taken may live long: it should not hold memory that it does not use.
      const copy = this.copy()
      this.length = 0
      return copy
    }
    const taken = this.bytes.subarray(0, this.length)
    this.bytes = allocateSlow(Math.min(this.bytes.length, 65_536))
    this.#view = new DataView(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length)
    this.length = 0
    return taken
  }

  /** A copy of what is written so far. */
  copy(): Uint8Array {
    return copyBytes(this.bytes.subarray(0, this.length))
  }

  clear(): void {
    this.length = 0
  }
}
