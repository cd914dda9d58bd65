import { latin1Bytes } from '../../bytes.ts'
import type { Dice } from './dice.ts'
import { encodings, numberAt, otherNumber, writeNumber } from './numbers.ts'

/** Bytes that formats give a meaning to, or that are the first or last of something. */
const awkwardBytes = [0, 1, 2, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x24, 0x27, 0x2a, 0x2d, 0x30, 0x39, 0x5c, 0x7f, 0x80, 0xff]

/** Makes inputs out of others: a few small changes, of kinds that parsers are known to stumble over. */
export class Mutator {
  readonly #bytesMax: number
  readonly #corpus: readonly Uint8Array[]
  readonly #dictionary: readonly Uint8Array[]
  readonly #bytes: Uint8Array
  readonly #scratch = new Uint8Array(32)
  #length = 0
  #dice!: Dice

  /** @param corpus what `splice` takes from */
  constructor(bytesMax: number, corpus: readonly Uint8Array[], dictionary: readonly string[]) {
    this.#bytesMax = bytesMax
    this.#corpus = corpus
    this.#dictionary = dictionary.map(latin1Bytes)
    this.#bytes = new Uint8Array(bytesMax)
  }

  /** A changed copy of `source`, valid until the next call. */
  mutate(source: Uint8Array, dice: Dice): Uint8Array {
    this.#dice = dice
    this.#length = Math.min(source.length, this.#bytesMax)
    this.#bytes.set(source.length > this.#bytesMax ? source.subarray(0, this.#bytesMax) : source)
    // Mostly one or two: what is changed much is refused at once.
    const changes = dice.once(8) ? 1 + dice.below(16) : 1 + dice.below(3)
    for (let i = 0; i < changes; i++) this.#change()
    return this.#bytes.subarray(0, this.#length)
  }

  #change(): void {
    const dice = this.#dice
    const at = dice.below(this.#length)
    switch (this.#length === 0 ? 12 : dice.below(14)) {
      case 0:
      case 1:
        this.#bytes[at]! ^= 1 << dice.below(8)
        return
      case 2:
        this.#bytes[at] = dice.of(awkwardBytes)
        return
      case 3:
        this.#bytes[at] = dice.uint32()
        return
      case 4:
      case 5:
      case 6:
        this.#renumber(at)
        return
      case 7:
        this.#length = at
        return
      case 8:
        this.#replace(at, this.#few(at), this.#scratch, 0, 0)
        return
      case 9:
        this.#repeat(at)
        return
      case 10:
        this.#splice(at)
        return
      case 11:
        if (this.#dictionary.length > 0) this.#token(at)
        else this.#renumber(at)
        return
      case 12:
        this.#insert(at)
        return
      case 13:
        this.#bytes.copyWithin(at, dice.below(this.#length), Math.min(this.#length, at + this.#few(at)))
        return
    }
  }

  /** A number of bytes from `at` on: mostly few. */
  #few(at: number): number {
    const left = this.#length - at
    return this.#dice.once(4) ? this.#dice.below(left + 1) : Math.min(left, 1 + this.#dice.below(8))
  }

  /** A length, a count or an index becomes another. */
  #renumber(at: number): void {
    const dice = this.#dice
    const encoding = dice.of(encodings)
    const { value, width } = numberAt(this.#bytes, this.#length, at, encoding)
    if (width === 0) return
    const other = otherNumber(value, this.#length - at - width, dice)
    const written = writeNumber(this.#scratch, other, encoding)
    this.#replace(at, width, this.#scratch, 0, written)
  }

  #repeat(at: number): void {
    const dice = this.#dice
    const count = this.#few(at)
    const piece = this.#bytes.slice(at, at + count)
    const times = dice.once(8) ? 1 + dice.below(64) : 1 + dice.below(3)
    for (let i = 0; i < times; i++) this.#replace(at, 0, piece, 0, count)
  }

  /** What follows becomes, or gets before it, what another input has at some place. */
  #splice(at: number): void {
    const dice = this.#dice
    const other = dice.of(this.#corpus)
    const from = dice.below(other.length + 1)
    const whole = dice.once(2)
    const to = whole ? other.length : from + dice.below(other.length - from + 1)
    this.#replace(at, whole ? this.#length - at : 0, other, from, to)
  }

  #token(at: number): void {
    const token = this.#dice.of(this.#dictionary)
    this.#replace(at, this.#dice.once(2) ? Math.min(token.length, this.#length - at) : 0, token, 0, token.length)
  }

  #insert(at: number): void {
    const count = 1 + this.#dice.below(8)
    for (let i = 0; i < count; i++) this.#scratch[i] = this.#dice.uint32()
    this.#replace(at, 0, this.#scratch, 0, count)
  }

  /** Puts `source[from, to)` in the place of `removed` bytes at `at`, unless that makes it too long. */
  #replace(at: number, removed: number, source: Uint8Array, from: number, to: number): void {
    const length = this.#length - removed + to - from
    if (length > this.#bytesMax) return
    this.#bytes.copyWithin(at + to - from, at + removed, this.#length)
    for (let i = from, target = at; i < to; i++) this.#bytes[target++] = source[i]!
    this.#length = length
  }
}
