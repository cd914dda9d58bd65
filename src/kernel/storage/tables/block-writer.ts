import { allocateSlow, copyBytes } from '#kernel/base/bytes.ts'
import { assert } from '#kernel/base/errors.ts'
import { restartInterval } from './block.ts'

/** Builds one block after another. */
export class BlockWriter {
  bytes = allocateSlow(8192)
  /** Of the rows so far. */
  length = 0
  rows = 0
  #restarts = new Uint32Array(64)
  #lastKey = allocateSlow(256)
  #lastKeyLength = 0

  /** Keys must ascend. `valueEnd < valueStart` for a tombstone. */
  add(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const keyLength = keyEnd - keyStart
    const valueLength = valueEnd < valueStart ? 0 : valueEnd - valueStart
    this.#reserve(15 + keyLength + valueLength)
    let last = this.#lastKey
    let shared = 0
    if (this.rows > 0) {
      const lastLength = this.#lastKeyLength
      const most = Math.min(keyLength, lastLength)
      while (shared < most && last[shared] === keyBytes[keyStart + shared]) shared++
      const isAbove = shared === most ? keyLength > lastLength : keyBytes[keyStart + shared]! > last[shared]!
      assert(isAbove, 'keys of a table ascend')
    }
    if (this.rows % restartInterval === 0) {
      this.#addRestart()
      shared = 0
    }
    this.#varint(shared)
    this.#varint(keyLength - shared)
    this.#varint(valueEnd < valueStart ? 0 : valueLength + 1)
    if (keyLength > last.length) {
      last = allocateSlow(keyLength * 2)
      last.set(this.#lastKey.subarray(0, shared))
      this.#lastKey = last
    }
    const { bytes } = this
    let at = this.length
    for (let i = shared; i < keyLength; i++) {
      const byte = keyBytes[keyStart + i]!
      bytes[at++] = byte
      last[i] = byte
    }
    this.#lastKeyLength = keyLength
    if (valueLength > 0) bytes.set(valueBytes.subarray(valueStart, valueEnd), at)
    this.length = at + valueLength
    this.rows++
  }

  /** A copy of the key added last. */
  get lastKey(): Uint8Array {
    return copyBytes(this.#lastKey.subarray(0, this.#lastKeyLength))
  }

  /** Length of the finished block. */
  get finishedLength(): number {
    return this.length + Math.ceil(this.rows / restartInterval) * 4 + 4
  }

  /** The finished block, valid until the next `add`; the writer starts anew. */
  finish(): Uint8Array {
    const count = Math.ceil(this.rows / restartInterval)
    this.#reserve(count * 4 + 4)
    for (let i = 0; i < count; i++) this.#uint32(this.#restarts[i]!)
    this.#uint32(count)
    const block = this.bytes.subarray(0, this.length)
    this.length = 0
    this.rows = 0
    return block
  }

  #addRestart(): void {
    const restart = this.rows / restartInterval
    if (restart === this.#restarts.length) {
      const grown = new Uint32Array(restart * 2)
      grown.set(this.#restarts)
      this.#restarts = grown
    }
    this.#restarts[restart] = this.length
  }

  #reserve(count: number): void {
    const wanted = this.length + count
    if (wanted <= this.bytes.length) return
    const grown = allocateSlow(wanted * 2)
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }

  #varint(value: number): void {
    const { bytes } = this
    while (value >= 0x80) {
      bytes[this.length++] = (value & 0x7f) | 0x80
      value >>>= 7
    }
    bytes[this.length++] = value
  }

  #uint32(value: number): void {
    const { bytes } = this
    bytes[this.length++] = value
    bytes[this.length++] = value >>> 8
    bytes[this.length++] = value >>> 16
    bytes[this.length++] = value >>> 24
  }
}
