/**
 * Plants bugs, one at a time in a copy of the program, and tells whether the lab catches them. See README.md.
 *
 * Run: npm run mutants -- [NAME…] [--seeds-max 300] [--ranges 3] [--scenario NAME,…] [--jobs 2] [--evidence FILE] [--json] [--list]
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { table } from '#cli/table.ts'
import { scenarios } from '#lab/index.ts'
import { areaOf, areas, mutants, mutantsNamed } from './catalogue/index.ts'
import { withEvidence } from './evidence.ts'
import type { Mutant } from './mutant.ts'
import type { MutantResult } from './result.ts'
import { resultOf, seedsText } from './result.ts'
import { Sandbox } from './sandbox.ts'
import type { SeedRange } from './seed-range.ts'
import { scenarioAt } from './seed-range.ts'
import type { RangeOutcome } from './trial.ts'
import { dependsOnMachine, runTrial } from './trial.ts'

/** Far apart, so that ranges share no seed. */
const rangeDistance = 1_000_000
/** Of each range, of the program as it is: all must pass. */
const soundSeedsMax = 10
const seedMsMax = 120_000

type Scenarios = readonly string[]

const options = readOptions()
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
  ['SIGHUP', 1],
] as const) {
  process.on(signal, () => process.exit(128 + number)) // what ends processes and removes folders listens to the exit
}
if (options.list) list(options.chosen)
else process.exitCode = await run()

async function run(): Promise<number> {
  using sound = new Sandbox(undefined)
  const soundSeeds = Math.min(options.seedsMax, soundSeedsMax)
  const scenarios = options.scenarios ?? [...new Set(areas.flatMap((area) => area.scenarios))]
  const unsound = (await trial(sound, scenarios, wholeRanges(soundSeeds))).find(({ seeds }) => seeds !== undefined)
  if (unsound) {
    say(`The program as it is fails: ${seedText(unsound, scenarios)}: ${unsound.detail}`)
    return 1
  }
  const results: MutantResult[] = []
  const waiting = [...options.chosen]
  const work = async (): Promise<void> => {
    for (let mutant = waiting.shift(); mutant; mutant = waiting.shift()) {
      const result = resultOf(mutant, areaOf(mutant).name, await tryMutant(mutant, sound))
      results.push(result)
      say(options.json ? jsonLine(result) : textLine(result))
    }
  }
  await Promise.all(Array.from({ length: options.jobs }, work))
  results.sort((a, b) => mutants.indexOf(a.mutant) - mutants.indexOf(b.mutant))
  if (!options.json) summarize(results)
  if (options.evidence) writeEvidence(options.evidence, results)
  return results.every(({ isCaught, mutant }) => isCaught || mutant.waitsFor) ? 0 : 1
}

/** A seed that fails is run on the program as it is, too: only where it passes there was the mutant caught. */
async function tryMutant(mutant: Mutant, sound: Sandbox): Promise<readonly RangeOutcome[]> {
  using sandbox = new Sandbox(mutant)
  const scenarios = options.scenarios ?? areaOf(mutant).scenarios
  const outcomes = []
  for (const outcome of await trial(sandbox, scenarios, wholeRanges(options.seedsMax))) {
    let found = outcome
    while (found.seeds !== undefined) {
      if (dependsOnMachine(found) && (await passes(sandbox, scenarios, found))) {
        found = await goOn(sandbox, scenarios, found, found.seeds - 1)
      } else if (!(await passes(sound, scenarios, found))) {
        warn(`the program as it is fails too, which does not count: ${seedText(found, scenarios)}`)
        found = await goOn(sandbox, scenarios, found, found.seeds)
      } else break
    }
    outcomes.push(found)
  }
  return outcomes
}

/** The rest of a range. */
async function goOn(
  sandbox: Sandbox,
  scenarios: Scenarios,
  { range }: RangeOutcome,
  skip: number,
): Promise<RangeOutcome> {
  if (skip === range.count) return { range, seeds: undefined, how: '', detail: '' }
  return (await trial(sandbox, scenarios, [{ ...range, skip }]))[0]!
}

async function passes(sandbox: Sandbox, scenarios: Scenarios, { range, seeds }: RangeOutcome): Promise<boolean> {
  const [again] = await trial(sandbox, scenarios, [{ ...range, skip: seeds! - 1, count: seeds! }])
  return again!.seeds === undefined
}

function trial(sandbox: Sandbox, scenarios: Scenarios, ranges: readonly SeedRange[]): Promise<readonly RangeOutcome[]> {
  return runTrial({ program: sandbox.program, ranges, scenarios, seedMsMax })
}

function wholeRanges(count: number): SeedRange[] {
  return Array.from({ length: options.ranges }, (_, i) => ({ from: 1 + i * rangeDistance, skip: 0, count }))
}

/** How to find the seed that failed. */
function seedText({ range, seeds }: RangeOutcome, scenarios: Scenarios): string {
  return `seed ${range.from + seeds! - 1}, scenario ${scenarioAt(scenarios, seeds! - 1)}`
}

function textLine({ mutant, isCaught, medianSeeds, ways, outcomes }: MutantResult): string {
  const seeds = outcomes.map(({ seeds }) => seedsText(seeds ?? Number.POSITIVE_INFINITY, options.seedsMax)).join(', ')
  const how = isCaught
    ? `caught by ${ways.join(', ')}`
    : `MISSED${mutant.waitsFor ? `: waits for ${mutant.waitsFor}` : ''}`
  return `${mutant.name.padEnd(46)} ${seedsText(medianSeeds, options.seedsMax).padStart(5)} (${seeds})  ${how}`
}

function jsonLine({ mutant, area, isCaught, medianSeeds, ways, outcomes }: MutantResult): string {
  const { name, waitsFor } = mutant
  const median = Number.isFinite(medianSeeds) ? medianSeeds : null
  return JSON.stringify({ name, area, isCaught, medianSeeds: median, ways, waitsFor, outcomes })
}

function summarize(results: readonly MutantResult[]): void {
  const rows = [...Map.groupBy(results, ({ area }) => area)].map(([area, members]) => [
    area,
    `${members.filter(({ isCaught }) => isCaught).length} of ${members.length}`,
    members
      .filter(({ isCaught }) => !isCaught)
      .map(({ mutant }) => mutant.name)
      .join(', '),
  ])
  const caught = results.filter(({ isCaught }) => isCaught)
  const share = ((100 * caught.length) / results.length).toFixed(1)
  say(`\n${table(['area', 'caught', 'missed'], rows)}\n\n${caught.length} of ${results.length} caught (${share} %)`)
  const overdue = caught.filter(({ mutant }) => mutant.waitsFor)
  for (const { mutant } of overdue) say(`${mutant.name} is caught: what it waits for is no longer true`)
}

function writeEvidence(file: string, results: readonly MutantResult[]): void {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const { seedsMax, ranges } = options
  writeFileSync(file, withEvidence(text, results, { names: mutants.map(({ name }) => name), seedsMax, ranges }))
}

function list(chosen: readonly Mutant[]): void {
  if (options.json) {
    for (const mutant of chosen) say(JSON.stringify({ area: areaOf(mutant).name, ...mutant }))
    return
  }
  for (const mutant of chosen) {
    const { name, story, report, waitsFor } = mutant
    say(`${name} (${areaOf(mutant).name})\n  ${story}`)
    if (report) say(`  ${report.in}: ${report.what}\n  ${report.url}`)
    if (waitsFor) say(`  waits for ${waitsFor}`)
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function warn(text: string): void {
  process.stderr.write(`mutants: ${text}\n`)
}

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        'seeds-max': { type: 'string', default: '300' },
        ranges: { type: 'string', default: '3' },
        scenario: { type: 'string' },
        jobs: { type: 'string', default: '2' },
        evidence: { type: 'string' },
        json: { type: 'boolean', default: false },
        list: { type: 'boolean', default: false },
      },
    })
    const { evidence, json, list } = values
    const wanted = values.scenario?.split(',')
    const unknown = (wanted ?? []).filter((name) => !Object.hasOwn(scenarios, name))
    if (unknown.length > 0) {
      throw new Error(`There is no scenario ${unknown.join(', ')}: there are ${Object.keys(scenarios).join(', ')}`)
    }
    return {
      chosen: mutantsNamed(positionals),
      seedsMax: count('--seeds-max', values['seeds-max'], rangeDistance),
      ranges: count('--ranges', values.ranges, 100),
      jobs: count('--jobs', values.jobs, 64),
      scenarios: wanted,
      ...{ evidence, json, list },
    }
  } catch (error) {
    warn((error as Error).message)
    process.exit(2)
  }
}

function count(name: string, text: string, most: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new Error(`${name} ${text} is not an integer from 1 to ${most}`)
}
