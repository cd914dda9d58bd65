import type { Clock, Timer } from '#kernel/base/host.ts'
import { never, type Rarely } from '#kernel/base/rarely.ts'
import type { Route } from './route.ts'

/**
 * Lets leadership follow its requests: a leader that is asked mostly through one other node's gateway offers its shard to that
 * node, which saves those requests a hop.
 */
export interface DriftLimits {
  readonly intervalMs: number
  /** Calls in an interval below which nothing is moved. */
  readonly callsMin: number
  /** Share of the calls that one other node must have sent, in two intervals one after the other. */
  readonly shareMin: number
}

export const driftLimits: DriftLimits = { intervalMs: 500, callsMin: 200, shareMin: 0.7 }

export class LeadershipDrift {
  readonly #clock: Clock
  readonly #routes: () => Iterable<Route>
  readonly #limits: DriftLimits
  readonly #rarely: Rarely
  /** Who had most of the calls in the last interval, by group. */
  readonly #favourites = new Map<number, number>()
  #timer: Timer | undefined

  constructor(options: { clock: Clock; routes: () => Iterable<Route>; limits?: DriftLimits; rarely?: Rarely }) {
    this.#clock = options.clock
    this.#routes = options.routes
    this.#limits = options.limits ?? driftLimits
    this.#rarely = options.rarely ?? never
  }

  start(): void {
    this.#timer = this.#clock.timer(this.#limits.intervalMs, () => {
      for (const route of this.#routes()) this.#consider(route)
      this.start()
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }

  #consider(route: Route): void {
    if (route.shard.leader.isServing && this.#rarely('drift.offer')) {
      const [any] = route.group.raft.progress.keys()
      if (any !== undefined) route.shard.leader.transferTo(any)
      return
    }
    const favourite = this.#favourite(route.takeOrigins())
    const before = this.#favourites.get(route.group.id)
    this.#favourites.delete(route.group.id)
    if (favourite === undefined || favourite === route.self || !route.shard.leader.isServing) return
    const { raft } = route.group
    const progress = raft.progress.get(favourite)
    // Only to one that is caught up: the shard does not serve until the other has won its election.
    const isNear = progress?.state === 'replicate' && raft.log.lastIndex - progress.matchIndex < 1000
    if (!isNear) return
    if (before === favourite) route.shard.leader.transferTo(favourite)
    else this.#favourites.set(route.group.id, favourite)
  }

  #favourite(origins: ReadonlyMap<number, number>): number | undefined {
    let total = 0
    let most = 0
    let favourite: number | undefined
    for (const [node, calls] of origins) {
      total += calls
      if (calls > most) {
        most = calls
        favourite = node
      }
    }
    return total >= this.#limits.callsMin && most >= total * this.#limits.shareMin ? favourite : undefined
  }
}
