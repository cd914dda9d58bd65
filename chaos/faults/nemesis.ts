import { setTimeout as sleep } from 'node:timers/promises'
import type { FaultName } from './faults.ts'
import { faults } from './faults.ts'
import type { End, Fault, FaultSite } from './site.ts'

export interface NemesisOptions {
  readonly site: Omit<FaultSite, 'count'>
  readonly names: readonly FaultName[]
  /** Writes acknowledged so far. */
  readonly acknowledged: () => number
}

interface Running {
  readonly name: FaultName
  readonly end: End
}

const gapMsMax = 1500
/** Now and then a second fault begins before the first is over. */
const overlapChance = 0.3
/** So long a majority that is left alone may be without an acknowledged write. */
const progressMsMax = 4000
const healthyMsMax = 20_000
/** Every so many rounds faults wait until all nodes are ready: else some would find nobody to hurt for long. */
const roundsToHealthMax = 3

/** Begins and ends faults, one or two at a time. What is drawn is the seed's; when it meets which operation is not. */
export class Nemesis {
  readonly #options: NemesisOptions
  readonly #site: FaultSite
  readonly #choices: readonly FaultName[]
  readonly #stopped = Promise.withResolvers<void>()
  readonly counts: Record<string, number> = {}
  #isStopped = false

  constructor(options: NemesisOptions) {
    this.#options = options
    this.#choices = options.names.flatMap((name) =>
      Array.from({ length: Math.max(1, faults[name].weight) }, () => name),
    )
    this.#site = { ...options.site, count: (what, by) => this.#count(what, by) }
  }

  /** Resolves, with all faults ended, some time after `stop`. */
  async run(): Promise<void> {
    const { random, cluster } = this.#site
    let roundsToHealth = random.below(roundsToHealthMax)
    while (!this.#isStopped) {
      await this.#wait(random.float() * gapMsMax)
      if (this.#isStopped) return
      await this.#round()
      if (roundsToHealth-- > 0) continue
      roundsToHealth = random.below(roundsToHealthMax)
      await Promise.race([cluster.whenReady(cluster.names, healthyMsMax), this.#stopped.promise])
    }
  }

  stop(): void {
    this.#isStopped = true
    this.#stopped.resolve()
  }

  async #round(): Promise<void> {
    const { random, cluster } = this.#site
    const wasHealthy = (await Promise.all(cluster.names.map((name) => cluster.isReady(name)))).every(Boolean)
    const first = await this.#begin()
    if (first === undefined) return
    const hold = this.#holdMs(first.name)
    if (random.float() < overlapChance) {
      await this.#wait(hold * random.float() * 0.7)
      const second = this.#isStopped ? undefined : await this.#begin()
      if (second) {
        await this.#wait(this.#holdMs(second.name) * random.float())
        await this.#end(first)
        await this.#wait(this.#holdMs(second.name) * random.float())
        await this.#end(second)
        return
      }
    }
    await this.#hold(first.name, hold, wasHealthy)
    await this.#end(first)
  }

  async #begin(): Promise<Running | undefined> {
    const { random } = this.#site
    const name = this.#choices[random.below(this.#choices.length)]!
    const end = await faults[name].begin(this.#site)
    if (end === undefined) return undefined
    this.#count(name)
    return { name, end }
  }

  async #end({ name, end }: Running): Promise<void> {
    await end()
    this.#site.note(`${name} is over`)
  }

  /** Writes must go on where a majority is left alone, which was whole before. */
  async #hold(name: FaultName, holdMs: number, wasHealthy: boolean): Promise<void> {
    const fault: Fault = faults[name]
    await this.#wait(holdMs - progressMsMax)
    const { acknowledged } = this.#options
    const before = acknowledged()
    await this.#wait(Math.min(holdMs, progressMsMax))
    if (!fault.sparesMajority || !wasHealthy || holdMs < progressMsMax) return
    if (this.#isStopped || acknowledged() > before) return
    this.#site.violation(
      `no write was acknowledged for ${progressMsMax} ms under ${name}, which leaves a majority alone`,
    )
  }

  #holdMs(name: FaultName): number {
    const [least, most] = faults[name].holdMs
    const share = this.#site.random.float()
    return least + share * share * (most - least)
  }

  #count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by
  }

  async #wait(ms: number): Promise<void> {
    await Promise.race([sleep(Math.max(0, ms)), this.#stopped.promise])
  }
}
