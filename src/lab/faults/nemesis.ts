import type { Random } from '#kernel/base/host.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Notes } from '../cluster/trace.ts'
import type { FaultKind } from './faults.ts'
import { faults } from './faults.ts'
import type { Scenario } from './scenarios.ts'

export interface NemesisOptions {
  readonly cluster: Cluster
  readonly random: Random
  readonly scenario: Scenario
  readonly clientsOf: (node: string) => readonly string[]
  readonly electionTimeoutMs: number
  /** Calls `watcher` at the next call or reply of a client. */
  readonly watchNext: (watcher: () => void) => void
  readonly notes: Notes | undefined
}

/** How soon after a call or a reply a fault begins that lay in wait for one: within the time of a step of a write. */
const strikeWithinMs = [0.1, 1, 5, 20]

/**
 * Begins and ends faults at drawn times: gaps and lengths are drawn between a fraction and a few election timeouts, and up to
 * three faults are under way at a time. Most lie in wait for a client's call or reply and begin just after it: at any other
 * moment there is little to lose.
 */
export class Nemesis {
  readonly #options: NemesisOptions
  readonly #kinds: readonly FaultKind[]
  readonly #overlapMax: number
  readonly #gapFactor: number
  readonly #ends = new Set<() => void>()
  #stopped = false
  readonly counts: Partial<Record<FaultKind, number>> = {}

  constructor(options: NemesisOptions) {
    this.#options = options
    const weights = Object.entries(options.scenario.faults) as [FaultKind, number][]
    this.#kinds = weights.flatMap(([kind, weight]) => Array.from({ length: weight }, () => kind))
    this.#overlapMax = 1 + options.random.below(3)
    this.#gapFactor = [1, 3, 6][options.random.below(3)]!
  }

  start(): void {
    if (this.#kinds.length > 0) this.#next()
  }

  /** Ends every fault, revives every node, and begins no more. */
  stop(): void {
    this.#stopped = true
    for (const end of [...this.#ends]) end()
    this.#options.cluster.revive()
    this.#options.notes?.('lab', 'all faults are over')
  }

  #next(): void {
    const { cluster, random, electionTimeoutMs, watchNext } = this.#options
    cluster.simulation.at(random.float() * this.#gapFactor * electionTimeoutMs, () => {
      if (this.#stopped) return
      const delayMs = random.float() * strikeWithinMs[random.below(strikeWithinMs.length)]!
      if (random.below(3) === 0) this.#strike()
      else watchNext(() => cluster.simulation.at(delayMs, () => this.#strike()))
      this.#next()
    })
  }

  #strike(): void {
    if (this.#stopped || this.#ends.size >= this.#overlapMax) return
    this.#begin(this.#kinds[this.#options.random.below(this.#kinds.length)]!)
  }

  #begin(kind: FaultKind): void {
    const { cluster, random, electionTimeoutMs, clientsOf, notes, scenario } = this.#options
    let over = false
    const finish = faults[kind]({
      cluster,
      random,
      electionTimeoutMs,
      clientsOf,
      note: (text) => notes?.('lab', text),
      later: (delayMs, action) =>
        cluster.simulation.at(delayMs, () => {
          if (!over) action()
        }),
    })
    if (finish === undefined) return
    this.counts[kind] = (this.counts[kind] ?? 0) + 1
    notes?.('lab', `fault ${kind} begins`)
    const end = (): void => {
      if (over) return
      over = true
      this.#ends.delete(end)
      finish()
      notes?.('lab', `fault ${kind} is over`)
    }
    this.#ends.add(end)
    // Short ones often, long ones now and then.
    const share = random.float()
    const timeoutsMax = scenario.faultTimeoutsMax ?? 6
    cluster.simulation.at(share * share * timeoutsMax * electionTimeoutMs, end)
  }
}
