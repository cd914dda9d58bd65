/**
 * Runs in a sandbox: the lab on the program that lies beside it, range by range, each until a seed fails. Told what to do by its one
 * argument (`SeedsWanted` as JSON), it prints a line of JSON for each seed.
 */
import { readFileSync } from 'node:fs'
import type { SeedReport } from '#lab/index.ts'
import { runLab } from '#lab/index.ts'
import type { SeedRange } from './seed-range.ts'
import { scenarioAt } from './seed-range.ts'

export interface SeedsWanted {
  readonly ranges: readonly SeedRange[]
  /** Seeds take them in turn. */
  readonly scenarios: readonly string[]
}

/** What became of one seed. */
export interface SeedLine {
  readonly seed: number
  /** Empty: it passed. */
  readonly violations: readonly string[]
}

const violationsShown = 3
const charactersShown = 2000

const rejections: unknown[] = []
process.on('unhandledRejection', (reason) => rejections.push(reason))

const { ranges, scenarios } = JSON.parse(process.argv[2]!) as SeedsWanted
for (const { from, skip, count } of ranges) {
  for (let at = skip; at < count; at++) {
    const violations = await violationsOf(from + at, scenarioAt(scenarios, at))
    const shown = violations.slice(0, violationsShown).map((text) => text.slice(0, charactersShown))
    process.stdout.write(`${JSON.stringify({ seed: from + at, violations: shown } satisfies SeedLine)}\n`)
    if (violations.length > 0) break
  }
}

async function violationsOf(seed: number, scenario: string): Promise<readonly string[]> {
  const lines: string[] = []
  const output = {
    line: (text: string) => lines.push(text),
    nowMs: () => 0,
    takeRejections: () => rejections.splice(0),
    readFile: (path: string) => readFileSync(path, 'utf8'),
  }
  await runLab({ seed, scenario, json: true }, output)
  return (JSON.parse(lines[0]!) as SeedReport).violations
}
