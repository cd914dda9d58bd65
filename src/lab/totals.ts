import type { SeedReport } from './run-seed.ts'

/** What many seeds came to. */
export class Totals {
  failed = 0
  #seeds = 0
  #events = 0
  #operations = 0
  #wallMs = 0
  #simulatedMs = 0
  readonly #faults = new Map<string, number>()

  add(report: SeedReport, wallMs: number): void {
    this.#seeds++
    if (report.verdict === 'fail') this.failed++
    this.#events += report.events
    this.#operations += report.operations
    this.#wallMs += wallMs
    this.#simulatedMs += report.simulatedMs
    for (const [kind, count] of Object.entries(report.faults)) {
      this.#faults.set(kind, (this.#faults.get(kind) ?? 0) + count)
    }
  }

  get lines(): string[] {
    const perSecond = (value: number) => Math.round(value / (this.#wallMs / 1000)).toLocaleString('en')
    const faults = [...this.#faults].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${kind} ${count}`)
    return [
      `${this.#seeds} seeds, ${this.failed} failed; ${perSecond(this.#events)} events/s, ${perSecond(this.#operations)} checked operations/s`,
      `${(this.#simulatedMs / 3_600_000).toFixed(2)} hours simulated, ${this.#operations.toLocaleString('en')} operations checked; faults and what they came to: ${faults.join(', ') || 'none'}`,
    ]
  }
}
