import type { Simulation } from '#host/simulated/index.ts'

/** One direction between two machines. */
export type Link = readonly [from: string, to: string]

/** Which links are cut, and by how many faults: one that two faults cut is whole when both are over. */
export class Links {
  readonly #simulation: Simulation
  readonly #cuts = new Map<string, number>()

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  /** @returns what makes the links whole again; idempotent. */
  cut(links: readonly Link[]): () => void {
    for (const [from, to] of links) {
      const key = `${from}>${to}`
      const cuts = this.#cuts.get(key) ?? 0
      if (cuts === 0) this.#simulation.cut([from], [to])
      this.#cuts.set(key, cuts + 1)
    }
    let whole = false
    return () => {
      if (whole) return
      whole = true
      for (const [from, to] of links) {
        const key = `${from}>${to}`
        const cuts = this.#cuts.get(key)! - 1
        this.#cuts.set(key, cuts)
        if (cuts === 0) this.#simulation.network.heal(from, to)
      }
    }
  }
}

/** All links between two groups, both directions. */
export function linksBetween(a: readonly string[], b: readonly string[]): Link[] {
  return a.flatMap((one) =>
    b.flatMap((other): Link[] => [
      [one, other],
      [other, one],
    ]),
  )
}
