import type { Simulation } from '#host/simulated/index.ts'
import type { Cluster } from './cluster.ts'

/** How far the wall clocks of a cluster were off the true time, and so off each other, in the course of a run. */
export class ClockSpread {
  readonly #cluster: Cluster
  readonly #simulation: Simulation
  #leastMs = Number.POSITIVE_INFINITY
  #mostMs = Number.NEGATIVE_INFINITY

  constructor(cluster: Cluster) {
    this.#cluster = cluster
    this.#simulation = cluster.simulation
  }

  /** To be called between all events, so that no jump and no drift is missed. */
  look(): void {
    const { nowMs } = this.#simulation
    for (const { machine } of this.#cluster.nodes) {
      if (!machine.isAlive) continue
      const aheadMs = machine.host.clock.wallMs() - nowMs
      if (aheadMs < this.#leastMs) this.#leastMs = aheadMs
      if (aheadMs > this.#mostMs) this.#mostMs = aheadMs
    }
  }

  /** No clock was ever further than this from one common time. */
  get errorMs(): number {
    return this.#mostMs < this.#leastMs ? 0 : (this.#mostMs - this.#leastMs) / 2
  }
}
