import { emptyBytes, utf8Text } from '#kernel/base/bytes.ts'
import { KafkaError } from '../error-codes.ts'

/**
 * Goes through the records of a batch, uncompressed, without making an object for any:
 *
 *     length varint · attributes int8 · timestampDelta varlong · offsetDelta varint · keyLength varint · key ·
 *     valueLength varint · value · headerCount varint · (keyLength varint · key · valueLength varint · value)…
 *
 * Numbers are zigzag varints, a negative length of a key or a value is null.
 *
 *     const cursor = new RecordCursor(bytes, start, end)
 *     while (cursor.next()) use(cursor.offsetDelta, cursor.keyStart, cursor.keyLength)
 */
export class RecordCursor {
  readonly bytes: Uint8Array
  /** Of the current record, its length included. */
  start = 0
  end = 0
  /** Above 2^53 the nearest double. */
  timestampDelta = 0
  offsetDelta = 0
  keyStart = 0
  /** Negative: no key. */
  keyLength = 0
  valueStart = 0
  valueLength = 0
  headersStart = 0
  headerCount = 0

  #position: number
  readonly #limit: number

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.end = start
    this.#position = start
    this.#limit = end
  }

  /**
   * To the next record.
   * @returns false at the end
   * @throws KafkaError `INVALID_RECORD`
   */
  next(): boolean {
    const start = this.end
    if (start === this.#limit) return false
    this.#position = start
    const length = this.#varint()
    const end = this.#position + length
    if (length < 0 || end > this.#limit) throw invalid(`A record at ${start} announces ${length} bytes`)
    this.start = start
    this.end = end
    this.#position++ // attributes: none are in use
    this.timestampDelta = this.#varlong()
    this.offsetDelta = this.#varint()
    this.keyLength = this.#varint()
    this.keyStart = this.#position
    this.#skip(this.keyLength)
    this.valueLength = this.#varint()
    this.valueStart = this.#position
    this.#skip(this.valueLength)
    this.headerCount = this.#varint()
    this.headersStart = this.#position
    if (this.headerCount < 0) throw invalid(`A record at ${start} announces ${this.headerCount} headers`)
    for (let i = 0; i < this.headerCount; i++) {
      const keyLength = this.#varint()
      if (keyLength < 0) throw invalid(`A header of the record at ${start} has no key`)
      this.#skip(keyLength)
      this.#skip(this.#varint())
      // What lies beyond the record is not read on and on.
      if (this.#position > end) break
    }
    // Also where it was read beyond its end.
    if (this.#position !== end) throw invalid(`A record at ${start} does not end where it says`)
    return true
  }

  get key(): Uint8Array | null {
    return this.#slice(this.keyStart, this.keyLength)
  }

  get value(): Uint8Array | null {
    return this.#slice(this.valueStart, this.valueLength)
  }

  /** Slices of the record. */
  headers(): RecordHeader[] {
    const found: RecordHeader[] = []
    this.#position = this.headersStart
    for (let i = 0; i < this.headerCount; i++) {
      const keyLength = this.#varint()
      const keyStart = this.#position
      this.#position += keyLength
      const valueLength = this.#varint()
      const value = this.#slice(this.#position, valueLength)
      this.#position += Math.max(valueLength, 0)
      found.push({ key: utf8Text(this.bytes, keyStart, keyStart + keyLength), value })
    }
    return found
  }

  #slice(start: number, length: number): Uint8Array | null {
    if (length < 0) return null
    return length === 0 ? emptyBytes : this.bytes.subarray(start, start + length)
  }

  #skip(length: number): void {
    if (length <= 0) return
    if (length > this.#limit - this.#position) throw invalid(`${length} bytes announced at ${this.#position}`)
    this.#position += length
  }

  /** At most five bytes. Beyond the end of the bytes it reads nonsense: `next` notices. */
  #varint(): number {
    const { bytes } = this
    let byte = bytes[this.#position++]!
    let raw = byte & 0x7f
    for (let shift = 7; byte >= 0x80; shift += 7) {
      if (shift > 28) throw invalid(`A varint before ${this.#position} has more than five bytes`)
      byte = bytes[this.#position++]!
      raw |= (byte & 0x7f) << shift
    }
    return (raw >>> 1) ^ -(raw & 1)
  }

  /** At most ten bytes. */
  #varlong(): number {
    const { bytes } = this
    let byte = bytes[this.#position++]!
    const isNegative = (byte & 1) === 1
    let raw = byte & 0x7f
    let factor = 128
    for (let count = 1; byte >= 0x80; count++) {
      if (count === 10) throw invalid(`A varlong before ${this.#position} has more than ten bytes`)
      byte = bytes[this.#position++]!
      raw += (byte & 0x7f) * factor
      factor *= 128
    }
    return isNegative ? -(raw + 1) / 2 : raw / 2
  }
}

export interface RecordHeader {
  readonly key: string
  readonly value: Uint8Array | null
}

export function invalid(message: string, options?: { readonly cause: unknown }): KafkaError {
  return new KafkaError('INVALID_RECORD', message, options)
}
