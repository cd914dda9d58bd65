/**
 * A hash index from keys to positions, open addressing with linear probing. It keeps positions only: the owner knows hash
 * and key of each. Nothing is taken out: what is gone is left out when the index is built anew.
 */
export class KeySlots {
  /** Position per slot; 0 for a free one. A power of two. */
  #slots: Int32Array
  #used = 0

  constructor(slots: number) {
    this.#slots = new Int32Array(slots)
  }

  get size(): number {
    return this.#slots.length
  }

  /** More than half full: the owner builds a larger one. */
  get isFull(): boolean {
    return this.#used * 2 >= this.#slots.length
  }

  /** Where the search for a hash begins. */
  first(hash: number): number {
    return hash & (this.#slots.length - 1)
  }

  after(slot: number): number {
    return (slot + 1) & (this.#slots.length - 1)
  }

  /** The position in a slot; 0 ends the search. */
  at(slot: number): number {
    return this.#slots[slot]!
  }

  add(hash: number, position: number): void {
    let slot = this.first(hash)
    while (this.#slots[slot] !== 0) slot = this.after(slot)
    this.#slots[slot] = position
    this.#used++
  }

  /** Forgets everything. */
  clear(): void {
    this.#slots.fill(0)
    this.#used = 0
  }
}
