/** Seeds `from + skip` to `from + count - 1`: what was skipped counts, so that numbers of seeds always begin at `from`. */
export interface SeedRange {
  readonly from: number
  readonly skip: number
  readonly count: number
}

/** Seeds take the scenarios in turn. @param at how far behind its range's beginning a seed is */
export function scenarioAt(scenarios: readonly string[], at: number): string {
  return scenarios[at % scenarios.length]!
}
