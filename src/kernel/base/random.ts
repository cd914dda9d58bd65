import type { Random } from './host.ts'

/**
 * The seeded generator behind every `Random`: sfc32 of PractRand (Chris Doty-Humphrey), 128 bits of state, a period of at
 * least 2^32. Integers only, so that every engine draws the same numbers.
 *
 * Invariants:
 * 1. The sequence is a function of the seed alone.
 * 2. `child(name)` is a function of the seed and the name alone: it neither draws nor depends on what was drawn.
 */
class SeededRandom implements Random {
  readonly #seed: Seed
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: Seed) {
    this.#seed = seed
    this.#a = seed[0]
    this.#b = seed[1]
    this.#c = seed[2]
    this.#counter = seed[3] | 1
    for (let i = 0; i < warmUpDraws; i++) this.uint32()
  }

  uint32(): number {
    const b = this.#b
    const c = this.#c
    const result = (this.#a + b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = b ^ (b >>> 9)
    this.#b = (c + (c << 3)) | 0
    this.#c = (((c << 21) | (c >>> 11)) + result) | 0
    return result >>> 0
  }

  float(): number {
    return ((this.uint32() >>> 5) * 0x400_0000 + (this.uint32() >>> 6)) / 0x20_0000_0000_0000
  }

  below(bound: number): number {
    // One draw's bias is at most bound / 2^32; where that could be seen, 53 bits are drawn.
    if (bound <= 0x1_0000) return Math.floor((this.uint32() * bound) / 0x1_0000_0000)
    return Math.floor(this.float() * bound)
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 4) {
      const word = this.uint32()
      bytes[at] = word
      if (at + 1 < length) bytes[at + 1] = word >>> 8
      if (at + 2 < length) bytes[at + 2] = word >>> 16
      if (at + 3 < length) bytes[at + 3] = word >>> 24
    }
    return bytes
  }

  child(name: string): Random {
    return new SeededRandom(mixSeed(this.#seed, name))
  }
}

type Seed = readonly [number, number, number, number]

/** sfc32 forgets how alike two seeds were within about a dozen rounds. */
const warmUpDraws = 16

const rootSeed: Seed = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667]

/** The generator of `seed`; a number and its decimal text are the same seed. */
export function createRandom(seed: number | string): Random {
  return new SeededRandom(mixSeed(rootSeed, String(seed)))
}

/** Four lanes of multiply-and-rotate over the UTF-16 code units of `text`, finished as in MurmurHash3. */
function mixSeed(seed: Seed, text: string): Seed {
  let [a, b, c, d] = seed
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x239b961b)
    b = Math.imul(b ^ unit ^ (a >>> 15), 0xab0e9789)
    c = Math.imul(c ^ unit ^ (b >>> 13), 0x38b34ae5)
    d = Math.imul(d ^ unit ^ (c >>> 16), 0xa1e38b93)
  }
  a = finish(a ^ text.length ^ d)
  b = finish(b ^ a)
  c = finish(c ^ b)
  d = finish(d ^ c)
  return [a, b, c, d]
}

function finish(word: number): number {
  word = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return word ^ (word >>> 16)
}
