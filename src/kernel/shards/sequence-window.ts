import { assert } from '#kernel/base/errors.ts'

const slotsMin = 16
/** How far numbers may lie apart: more than a shard can answer in the time that requests are held, ten seconds. */
export const spanMax = 1 << 24

/**
 * Values by a number that rises: a ring over the numbers between the lowest and the highest that have a value. Adding, finding and
 * removing is one access to an array, where a map hashes, and is made anew again and again as what is old leaves it.
 *
 * Memory goes with the distance between lowest and highest, as far as it ever was.
 */
export class SequenceWindow<T extends object | null> {
  #slots: (T | undefined)[] = new Array(slotsMin)
  /** The lowest and the highest with a value, while there is any. */
  #first = 0
  #last = -1
  size = 0

  /** The lowest with a value; undefined where there is none. */
  get lowest(): number | undefined {
    return this.size === 0 ? undefined : this.#first
  }

  get(sequence: number): T | undefined {
    if (this.size === 0 || sequence < this.#first || sequence > this.#last) return undefined
    return this.#slots[this.#slot(sequence)]
  }

  set(sequence: number, value: T): void {
    if (this.size === 0) this.#first = this.#last = sequence
    const first = Math.min(this.#first, sequence)
    const last = Math.max(this.#last, sequence)
    if (last - first >= this.#slots.length) this.#grow(last - first + 1)
    this.#first = first
    this.#last = last
    const slot = this.#slot(sequence)
    if (this.#slots[slot] === undefined) this.size++
    this.#slots[slot] = value
  }

  /** @returns whether there was a value */
  delete(sequence: number): boolean {
    if (this.get(sequence) === undefined) return false
    this.#slots[this.#slot(sequence)] = undefined
    this.size--
    if (this.size > 0 && sequence === this.#first) {
      let first = sequence + 1
      while (this.#slots[this.#slot(first)] === undefined) first++
      this.#first = first
    }
    return true
  }

  deleteBelow(sequence: number): void {
    while (this.size > 0 && this.#first < sequence) this.delete(this.#first)
  }

  /** In order, with what is added behind or removed meanwhile. */
  *entries(): Generator<readonly [number, T]> {
    for (let sequence = this.#first; this.size > 0 && sequence <= this.#last; sequence++) {
      const value = this.get(sequence)
      if (value !== undefined) yield [sequence, value]
    }
  }

  *values(): Generator<T> {
    for (const [, value] of this.entries()) yield value
  }

  #slot(sequence: number): number {
    return (sequence >>> 0) & (this.#slots.length - 1)
  }

  #grow(wanted: number): void {
    assert(wanted <= spanMax, 'numbers with a value lie together')
    const old = [...this.entries()]
    let length = this.#slots.length
    while (length < wanted) length *= 2
    this.#slots = new Array(length)
    for (const [sequence, value] of old) this.#slots[this.#slot(sequence)] = value
  }
}
