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
  readonly #visited = new Map<string, number[]>()

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
    let key = `${base},${stateId}`
    let beyond = this.#knownCount - base
    for (let at = base + 1; beyond > 0; at += 30) {
      let bits = 0
      for (let i = 0; i < 30 && beyond > 0; i++) {
        if (this.#known[at + i] === 1) {
          bits |= 1 << i
          beyond--
        }
      }
      key += `,${bits}`
    }
    const sets = this.#visited.get(key)
    if (sets === undefined) {
      this.#visited.set(key, [...this.#open])
      return true
    }
    const words = this.#open.length
    for (let at = 0; at <= sets.length - words; at += words) {
      let subset = true
      for (let i = 0; i < words; i++) if ((sets[at + i]! & ~this.#open[i]!) !== 0) subset = false
      if (subset) return false
    }
    for (const word of this.#open) sets.push(word)
    return true
  }
}
