const slotsMin = 256

/**
 * A hash index from keys to positions: open addressing with linear probing, at most half full. It knows the hashes and
 * positions of keys only; its user compares the keys themselves. Nothing is taken out: the user knows what is gone.
 */
export class KeySlots {
  /** Hash and position of each slot; position 0 for a free one. Slots are a power of two. */
  #slots: Int32Array
  #used = 0

  /** @param slots how many to begin with, a power of two: `slots` of another index. */
  constructor(slots = slotsMin) {
    this.#slots = new Int32Array(slots * 2)
  }

  get slots(): number {
    return this.#slots.length >>> 1
  }

  /** The slot where the search for a hash begins. */
  first(hash: number): number {
    return (hash << 1) & (this.#slots.length - 1)
  }

  /**
   * The next position of this hash at or behind `slot`, 0 where there is none. Where it is not the right one, the search
   * goes on at `after(slotFound)`.
   */
  find(slot: number, hash: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    for (let at = slot; ; at = (at + 2) & mask) {
      const position = slots[at + 1]!
      if (position === 0 || slots[at] === (hash | 0)) {
        this.slotFound = at
        return position
      }
    }
  }

  /** Where the last `find` has ended. */
  slotFound = 0

  after(slot: number): number {
    return (slot + 2) & (this.#slots.length - 1)
  }

  /** @param position above 0 */
  add(hash: number, position: number): void {
    if (this.#used * 4 >= this.#slots.length) this.#grow()
    insert(this.#slots, hash, position)
    this.#used++
  }

  /** Forgets everything. */
  clear(): void {
    this.#slots.fill(0)
    this.#used = 0
  }

  #grow(): void {
    const old = this.#slots
    const grown = new Int32Array(old.length * 2)
    for (let at = 0; at < old.length; at += 2) if (old[at + 1] !== 0) insert(grown, old[at]!, old[at + 1]!)
    this.#slots = grown
  }
}

function insert(slots: Int32Array, hash: number, position: number): void {
  const mask = slots.length - 1
  let at = (hash << 1) & mask
  while (slots[at + 1] !== 0) at = (at + 2) & mask
  slots[at] = hash
  slots[at + 1] = position
}
