import { ByteReader } from '#kernel/base/byte-reader.ts'
import { latin1Text, utf8Text } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { elementsMax, tagsMax } from '../limits.ts'

const high = 0x1_0000_0000

/**
 * Reads Kafka's primitive types, big-endian. An int64 is a number: exact between -2^53 and 2^53, the nearest double beyond.
 * Whatever has a length is checked against the bytes that are there before anything is taken for it.
 * @throws UnumError `DATA_DAMAGED`
 */
export class WireReader extends ByteReader {
  /** Elements of arrays so far: what they take in memory is bounded for all arrays of a message together. */
  #elements = 0

  int8(): number {
    return (this.uint8() << 24) >> 24
  }

  int16(): number {
    return (this.uint16Be() << 16) >> 16
  }

  int32(): number {
    return this.uint32Be() | 0
  }

  int64(): number {
    const top = this.uint32Be() | 0
    return top * high + this.uint32Be()
  }

  uvarint32(): number {
    const value = this.varint()
    if (value > 0xffff_ffff) throw damaged(`A varint before ${this.position} is above 2^32 - 1: ${value}`)
    return value
  }

  boolean(): boolean {
    return this.uint8() !== 0
  }

  /** One character per byte, so that equal identifiers are equal strings. */
  uuid(): string {
    const at = this.position
    this.skip(16)
    return latin1Text(this.bytes, at, at + 16)
  }

  /** UTF-8 of `length` bytes. What is not well-formed becomes U+FFFD, as with Kafka: no topic may have such a name. */
  utf8(length: number): string {
    const at = this.position
    this.skip(length)
    return utf8Text(this.bytes, at, at + length)
  }

  skip(length: number): void {
    if (length > this.remaining || length < 0) {
      throw damaged(`${length} bytes announced at ${this.position}, ${Math.max(this.remaining, 0)} are there`)
    }
    this.position += length
  }

  /** @throws UnumError `DATA_DAMAGED` where something is left */
  expectEnd(): void {
    if (this.remaining > 0) throw damaged(`${this.remaining} bytes follow at ${this.position}`)
  }

  /** A count of elements that take at least `bytesMin` each: no more than can be there. */
  elements(count: number, bytesMin: number): number {
    if (count < 0) throw damaged(`A count before ${this.position} is negative: ${count}`)
    if (count * bytesMin > this.remaining) {
      throw damaged(`${count} elements announced before ${this.position}, ${this.remaining} bytes are there`)
    }
    this.#elements += count
    if (this.#elements > elementsMax) throw damaged(`More than ${elementsMax} elements in one message`)
    return count
  }

  /**
   * Goes through a section of tagged fields, in ascending order of their tags. `take` reads a field's content, which must
   * then be used up, or says that it does not know the tag: then it is skipped.
   */
  tagged(take: (tag: number) => boolean): void {
    const count = this.uvarint32()
    if (count > tagsMax) throw damaged(`${count} tagged fields before ${this.position}: at most ${tagsMax}`)
    let previous = -1
    for (let i = 0; i < count; i++) {
      const tag = this.uvarint32()
      if (tag <= previous) throw damaged(`Tag ${tag} before ${this.position} comes after tag ${previous}`)
      previous = tag
      const length = this.uvarint32()
      const at = this.position
      if (length > this.remaining) {
        throw damaged(`Tagged field ${tag} of ${length} bytes at ${at}, ${this.remaining} are there`)
      }
      if (!take(tag)) this.position = at + length
      else if (this.position !== at + length) {
        throw damaged(`Tagged field ${tag} announced ${length} bytes at ${at}, its content has ${this.position - at}`)
      }
    }
  }
}

export function damaged(message: string): UnumError {
  return new UnumError('DATA_DAMAGED', message)
}
