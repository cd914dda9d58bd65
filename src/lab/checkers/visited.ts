/** How many operations beyond the first missing one a number tells of, beside 16 bits each for that one and the state. */
const numberBits = 20
const noSets: number[] = []

/**
 * Which operations have taken effect in the present configuration, and which configurations were visited.
 *
 * Known operations are numbered in the order of their calls and take effect nearly in that order, so a set of them is told by
 * the first one missing (`base`) and the few beyond it: a configuration costs bytes in proportion to what runs concurrently,
 * not to the length of the history. The used open operations are kept as a set of bits, compared by inclusion.
 */
export class VisitedConfigurations {
  readonly #known: Uint8Array
  readonly #open: Uint32Array
  #knownCount = 0
  readonly #stateIds = new Map<string | number | undefined, number>()
  /** By known operations and state: the sets of open operations with which it was visited, one after the other. */
  readonly #visited = new Map<number | string, number[]>()

  constructor(knownCount: number, openCount: number) {
    this.#known = new Uint8Array(knownCount)
    this.#open = new Uint32Array((openCount + 31) >>> 5)
  }

  hasKnown(operation: number): boolean {
    return this.#known[operation] === 1
  }

  hasOpen(operation: number): boolean {
    return (this.#open[operation >>> 5]! & (1 << (operation & 31))) !== 0
  }

  addKnown(operation: number): void {
    this.#known[operation] = 1
    this.#knownCount++
  }

  removeKnown(operation: number): void {
    this.#known[operation] = 0
    this.#knownCount--
  }

  addOpen(operation: number): void {
    this.#open[operation >>> 5]! |= 1 << (operation & 31)
  }

  removeOpen(operation: number): void {
    this.#open[operation >>> 5]! &= ~(1 << (operation & 31))
  }

  /**
   * Notes a visit of the present configuration.
   * @param base the first known operation that is missing; their number when none is.
   * @returns false if it, or one that can do all that it can, was visited before.
   */
  visit(base: number, state: string | number | undefined): boolean {
    let stateId = this.#stateIds.get(state)
    if (stateId === undefined) this.#stateIds.set(state, (stateId = this.#stateIds.size))
    const key = this.#key(base, stateId)
    const sets = this.#visited.get(key)
    const words = this.#open.length
    if (sets === undefined) {
      this.#visited.set(key, words === 0 ? noSets : [...this.#open])
      return true
    }
    for (let at = 0; at <= sets.length - words; at += words) {
      let subset = true
      for (let i = 0; i < words; i++) if ((sets[at + i]! & ~this.#open[i]!) !== 0) subset = false
      if (subset) return false
    }
    for (const word of this.#open) sets.push(word)
    return true
  }

  /** Names the known operations and the state; as a number where it fits, which is much quicker to look up. */
  #key(base: number, stateId: number): number | string {
    let beyond = this.#knownCount - base
    let bits = this.#bits(base + 1, Math.min(numberBits, beyond))
    beyond -= bitCount(bits)
    if (beyond === 0 && base < 0x1_0000 && stateId < 0x1_0000) {
      return (base * 0x1_0000 + stateId) * 2 ** numberBits + bits
    }
    let key = `${base},${stateId},${bits}`
    for (let at = base + 1 + numberBits; beyond > 0; at += numberBits) {
      bits = this.#bits(at, beyond)
      beyond -= bitCount(bits)
      key += `,${bits}`
    }
    return key
  }

  /** Which of the next operations from `at` on are taken, until `count` are found. */
  #bits(at: number, count: number): number {
    let bits = 0
    for (let i = 0; i < numberBits && count > 0; i++) {
      if (this.#known[at + i] === 1) {
        bits |= 1 << i
        count--
      }
    }
    return bits
  }
}

function bitCount(bits: number): number {
  let count = 0
  for (let left = bits; left !== 0; left &= left - 1) count++
  return count
}
