import type { Random } from '#kernel/base/host.ts'
import { type FaultPoint, faultPoints, type Rarely } from '#kernel/base/rarely.ts'

/** Which fault points are enabled in a run, and how often they were hit. */
export class FaultPoints {
  readonly hits: Partial<Record<FaultPoint, number>> = {}
  readonly #chances = new Map<FaultPoint, number>()

  /** @param enabledChance 0 to 1: how many points are enabled; each then fires with a chance of its own. */
  constructor(random: Random, enabledChance: number) {
    for (const point of Object.keys(faultPoints) as FaultPoint[]) {
      if (random.float() < enabledChance) this.#chances.set(point, firingChances[random.below(firingChances.length)]!)
    }
  }

  /** For one machine, with chance of its own. */
  on(random: Random): Rarely {
    return (point) => {
      const chance = this.#chances.get(point)
      if (chance === undefined || random.float() >= chance) return false
      this.hits[point] = (this.hits[point] ?? 0) + 1
      return true
    }
  }

  /** No point fires any more. */
  disable(): void {
    this.#chances.clear()
  }
}

const firingChances = [0.002, 0.02, 0.1]
