import type { Result } from '../tools/report.ts'

export interface PartOptions {
  /** How often each side is measured: results are medians. */
  readonly runs: number
  /** How long one case is loaded. */
  readonly secondsPerCase: number
  readonly dataFolder: string
  /** One line of progress. */
  say(text: string): void
}

/** A part of the benchmark: measures, and says what came out. */
export type Part = (options: PartOptions) => Promise<Result>

export const keys = 100_000
export const valueBytes = 100
