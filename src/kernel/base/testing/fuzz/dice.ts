/**
 * A generator that is seeded anew for every input, so that an input can be made again without those before it: sfc32, as
 * `createRandom`, without an object per seed.
 */
export class Dice {
  #a = 0
  #b = 0
  #c = 0
  #counter = 1

  seed(first: number, second: number): this {
    this.#a = finish(first ^ 0x9e37_79b9)
    this.#b = finish(second ^ this.#a)
    this.#c = finish(first ^ Math.imul(second, 0x85eb_ca6b))
    this.#counter = 1
    for (let i = 0; i < 8; i++) this.uint32()
    return this
  }

  /** By what an input is made of. */
  seedBy(bytes: Uint8Array): this {
    let hash = 0x811c_9dc5
    for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x0100_0193)
    return this.seed(hash, bytes.length)
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

  /** An integer in [0, bound); `bound` up to 2^32. */
  below(bound: number): number {
    return Math.floor((this.uint32() * bound) / 0x1_0000_0000)
  }

  /** True once in `odds`. */
  once(odds: number): boolean {
    return this.below(odds) === 0
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!
  }
}

function finish(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85eb_ca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
  return mixed ^ (mixed >>> 16)
}
