import { utf8Text } from './bytes.ts'
import { UnumError } from './errors.ts'

/**
 * Reads what `ByteWriter` wrote, from `position` to `end`. Slices share the memory of `bytes`.
 * @throws UnumError `DATA_DAMAGED` where the bytes end too early or a number is not a safe integer.
 */
export class ByteReader {
  readonly bytes: Uint8Array
  position: number
  readonly end: number
  readonly #view: DataView

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.position = start
    this.end = end
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  get remaining(): number {
    return this.end - this.position
  }

  #take(count: number): number {
    const at = this.position
    if (count > this.end - at)
      throw new UnumError('DATA_DAMAGED', `Cannot read ${count} bytes at ${at}: ends at ${this.end}`)
    this.position = at + count
    return at
  }

  uint8(): number {
    return this.bytes[this.#take(1)]!
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2), true)
  }

  uint16Be(): number {
    return this.#view.getUint16(this.#take(2), false)
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  uint32Be(): number {
    return this.#view.getUint32(this.#take(4), false)
  }

  uint64(): number {
    const at = this.#take(8)
    return this.#safe(this.#view.getUint32(at + 4, true), this.#view.getUint32(at, true))
  }

  uint64Be(): number {
    const at = this.#take(8)
    return this.#safe(this.#view.getUint32(at, false), this.#view.getUint32(at + 4, false))
  }

  #safe(high: number, low: number): number {
    if (high > 0x1f_ffff) throw new UnumError('DATA_DAMAGED', `Number at ${this.position - 8} is above 2^53 - 1`)
    return high * 0x1_0000_0000 + low
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8), true)
  }

  varint(): number {
    let value = 0
    let factor = 1
    for (let i = 0; i < 8; i++) {
      const byte = this.uint8()
      value += (byte & 0x7f) * factor
      if (byte < 0x80) {
        if (value > Number.MAX_SAFE_INTEGER) break
        return value
      }
      factor *= 128
    }
    throw new UnumError('DATA_DAMAGED', `Varint before ${this.position} is above 2^53 - 1`)
  }

  /** `length` bytes as they are. */
  raw(length: number): Uint8Array {
    const at = this.#take(length)
    return this.bytes.subarray(at, at + length)
  }

  block(): Uint8Array {
    return this.raw(this.varint())
  }

  /** Goes past a block. @returns where its bytes begin; they end at `position` */
  skipBlock(): number {
    return this.#take(this.varint())
  }

  text(): string {
    const length = this.varint()
    const at = this.#take(length)
    return utf8Text(this.bytes, at, at + length)
  }
}
