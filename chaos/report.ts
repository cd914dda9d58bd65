/** What a run found. */
export interface ChaosReport {
  readonly seed: number
  readonly verdict: 'pass' | 'fail'
  /** For people: one text for each violation. Empty where the verdict is `pass`. */
  readonly violations: readonly string[]
  readonly nodes: number
  /** How long faults went on. */
  readonly faultSeconds: number
  readonly network: string
  readonly disks: string
  /** Faults that were asked for and cannot be made here, each with its reason. */
  readonly skipped: Readonly<Record<string, string>>
  readonly load: string
  /** Answered, refused as not done, and without a reply. */
  readonly operations: number
  readonly refused: number
  readonly lost: number
  readonly keys: number
  /** Bytes of large values that were acknowledged besides. */
  readonly filledBytes: number
  /** How often each kind of fault was begun, and what came of some. */
  readonly faults: Readonly<Record<string, number>>
  /** How often a node found that a table of its own is damaged. */
  readonly damageFound: number
  /** Nodes that ended by themselves for a reason that a fault had given them. */
  readonly excusedEnds: number
  /** The longest time in which no write was acknowledged, faults of all nodes included. */
  readonly longestGapMs: number
  /** From the end of the last fault until every node had answered for every key. */
  readonly recoveryMs: number | undefined
  readonly checkMs: number
}

const shownMax = 20

/** For a terminal. */
export function reportText(report: ChaosReport): string {
  const faults = Object.entries(report.faults).map(([name, count]) => `${name} ${count}`)
  // The verdict over the history comes last, and says most.
  const shown = report.violations.slice(-shownMax)
  const more = report.violations.length - shown.length
  const total = (value: number) => value.toLocaleString('en')
  const seconds = (ms: number | undefined) => (ms === undefined ? 'never' : `${(ms / 1000).toFixed(2)} s`)
  return [
    `seed ${report.seed}: ${report.verdict}`,
    `  ${report.nodes} nodes as processes, faults for ${report.faultSeconds} s`,
    `  network: ${report.network}`,
    `  disks: ${report.disks}`,
    ...Object.entries(report.skipped).map(([name, why]) => `  NOT TRIED: ${name}, as ${why}`),
    `  load: ${report.load}`,
    `  operations: ${total(report.operations)} answered, ${total(report.refused)} refused, ${total(report.lost)} without a reply, over ${total(report.keys)} keys; ${Math.round(report.filledBytes / 2 ** 20)} MiB of large values`,
    `  faults: ${faults.join(', ') || 'none'}; nodes that ended by themselves with reason: ${report.excusedEnds}; damaged tables found while running: ${report.damageFound}`,
    `  longest time without an acknowledged write: ${seconds(report.longestGapMs)}`,
    `  every node answered for every key ${seconds(report.recoveryMs)} after the last fault`,
    `  history checked in ${seconds(report.checkMs)}`,
    ...shown.map((violation) => `  VIOLATION: ${violation}`),
    ...(more > 0 ? [`  and ${more} more violations`] : []),
  ].join('\n')
}
