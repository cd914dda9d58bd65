import { UnumError } from '#kernel/base/errors.ts'
import type { NodeProgram } from './cluster/cluster-node.ts'
import type { Release } from './cluster/releases.ts'
import { parseScenario } from './faults/scenario-file.ts'
import { scenarioNamed } from './faults/scenarios.ts'
import type { SeedReport } from './run-seed.ts'
import { runSeed } from './run-seed.ts'
import { Totals } from './totals.ts'
import type { WorkloadName } from './workload/workloads.ts'
import { isWorkloadName, workloads } from './workload/workloads.ts'

/** As given by a person: nothing is checked yet. */
export interface LabOptions {
  /** How many seeds, one after the other. Default 1 where `seed` is given, else 10. */
  readonly seeds?: number | undefined
  /** The first of them. Default 1. */
  readonly from?: number | undefined
  /** This seed only. */
  readonly seed?: number | undefined
  /** Name of a scenario, or of a file that holds one: anything that ends in `.json`. Default `default`. */
  readonly scenario?: string | undefined
  /** Name of a workload. Default: what the seed draws. */
  readonly workload?: string | undefined
  /** Lines of JSON instead of text. */
  readonly json?: boolean | undefined
  /** Print what happens, event by event. */
  readonly trace?: boolean | undefined
}

/** What the lab needs of the program around it. */
export interface LabOutput {
  readonly line: (text: string) => void
  /** Real time, for rates only: it has no influence on a run. */
  readonly nowMs: () => number
  /** The text of a file. @throws UnumError `CONFIGURATION_INVALID` where it cannot be read */
  readonly readFile: (name: string) => string
  /** Rejections of promises that nobody handled, since the last call. */
  readonly takeRejections: () => readonly unknown[]
  /** Takes the history of a seed, operation by operation. */
  readonly history?: ((seed: number, lines: Iterable<string>) => void) | undefined
}

/** What is put to the test. */
export interface LabSubject {
  readonly program: NodeProgram
  /** Newer ones behind; runs of one version take the first. */
  readonly releases: readonly Release[]
}

const seedMax = Number.MAX_SAFE_INTEGER

/**
 * Runs a simulated cluster for each seed and prints a line about each.
 * @returns how many seeds failed.
 * @throws UnumError `CONFIGURATION_INVALID`: an unknown scenario, a number that is none
 */
export async function runSeeds(options: LabOptions, subject: LabSubject, output: LabOutput): Promise<number> {
  const { from, count } = seedRange(options)
  const named = options.scenario ?? 'default'
  const scenario = named.endsWith('.json') ? parseScenario(output.readFile(named), named) : scenarioNamed(named)
  const workload = options.workload === undefined ? undefined : workloadOf(options.workload)
  const totals = new Totals()
  for (let i = 0; i < count; i++) {
    const startedMs = output.nowMs()
    const seed = from + i
    const report = await runSeed({
      ...subject,
      seed,
      scenario,
      workload,
      history: output.history && ((lines) => output.history?.(seed, lines)),
      trace: options.trace ? output.line : undefined,
      takeRejections: output.takeRejections,
    })
    const wallMs = output.nowMs() - startedMs
    output.line(options.json ? jsonLine(report, wallMs) : textLine(report, wallMs))
    if (report.verdict === 'fail' && !options.json) for (const line of failureLines(report, workload)) output.line(line)
    totals.add(report, wallMs)
  }
  if (!options.json && count > 1) for (const line of totals.lines) output.line(line)
  return totals.failed
}

function seedRange(options: LabOptions): { readonly from: number; readonly count: number } {
  const { seed, seeds, from } = options
  if (seed !== undefined && (seeds !== undefined || from !== undefined)) {
    throw new UnumError(
      'CONFIGURATION_INVALID',
      'Cannot run --seed together with --seeds or --from: give one seed or a range',
    )
  }
  const first = checked('seed', seed ?? from ?? 1, 0, seedMax)
  const count = checked('number of seeds', seeds ?? (seed === undefined ? 10 : 1), 1, seedMax - first)
  return { from: first, count }
}

function checked(what: string, value: number, least: number, most: number): number {
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new UnumError(
      'CONFIGURATION_INVALID',
      `Cannot use ${value} as ${what}: want an integer from ${least} to ${most}`,
    )
  }
  return value
}

function workloadOf(name: string): WorkloadName {
  if (isWorkloadName(name)) return name
  const known = Object.entries(workloads).map(([known, { description }]) => `  ${known}: ${description}`)
  throw new UnumError('CONFIGURATION_INVALID', [`Cannot run workload "${name}": there are`, ...known].join('\n'))
}

function jsonLine(report: SeedReport, wallMs: number): string {
  const { seed, verdict, events, operations, traceHash, ...rest } = report
  return JSON.stringify({ seed, verdict, events, operations, wallMs: Math.round(wallMs * 10) / 10, traceHash, ...rest })
}

function textLine(report: SeedReport, wallMs: number): string {
  const faults = Object.entries(report.faults)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${kind} ${count}`)
  return [
    `seed ${report.seed}`,
    report.verdict.padEnd(4),
    `${report.nodes} nodes ${report.shards} shards`,
    `${report.operations} operations`,
    `${report.events} events`,
    `${(report.simulatedMs / 1000).toFixed(1)} s simulated in ${(wallMs / 1000).toFixed(2)} s`,
    report.traceHash,
    faults.join(', '),
  ].join('  ')
}

function failureLines(report: SeedReport, workload: WorkloadName | undefined): string[] {
  const scenario = report.scenario === 'default' ? '' : ` --scenario ${report.scenario}`
  const replayed = workload === undefined ? '' : ` --workload ${workload}`
  return [
    ...report.violations.map((violation) => `  ${violation}`),
    `  replay it: unum lab run --seed ${report.seed}${scenario}${replayed} --trace`,
  ]
}
