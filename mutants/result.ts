import type { Mutant } from './mutant.ts'
import type { RangeOutcome } from './trial.ts'

/** What became of a mutant. */
export interface MutantResult {
  readonly mutant: Mutant
  readonly area: string
  readonly outcomes: readonly RangeOutcome[]
  /** At least one range had a seed that failed. */
  readonly isCaught: boolean
  /** Of the numbers of seeds until one failed; infinite where more than half of the ranges had none. */
  readonly medianSeeds: number
  /** The ways in which ranges caught it, the commonest first. */
  readonly ways: readonly string[]
}

export function resultOf(mutant: Mutant, area: string, outcomes: readonly RangeOutcome[]): MutantResult {
  const numbers = outcomes.map(({ seeds }) => seeds ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b)
  const ways = Map.groupBy(
    outcomes.filter(({ seeds }) => seeds !== undefined),
    ({ how }) => how,
  )
  return {
    mutant,
    area,
    outcomes,
    isCaught: ways.size > 0,
    medianSeeds: numbers[Math.floor((numbers.length - 1) / 2)]!,
    ways: [...ways].sort(([, a], [, b]) => b.length - a.length).map(([how]) => how),
  }
}

/** A number of seeds for people. `seedsMax`: of one range. */
export function seedsText(seeds: number, seedsMax: number): string {
  return Number.isFinite(seeds) ? String(seeds) : `> ${seedsMax}`
}
