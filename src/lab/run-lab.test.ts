import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { test } from 'node:test'
import { UnumError } from '#kernel/base/errors.ts'
import type { LabOptions } from './run-lab.ts'
import { runSeeds } from './run-lab.ts'
import { toyServer } from './testing/toy-server.ts'

const noReleases = [{ services: [], protocolVersions: { min: 1, max: 1 } }]

/** With a program that cannot start, every seed fails at once: enough to see what is printed. */
async function run(options: LabOptions): Promise<{ readonly lines: string[]; readonly failed: number }> {
  const lines: string[] = []
  let nowMs = 0
  const program = () => Promise.reject(new Error('no such program'))
  const output = {
    line: (text: string) => lines.push(text),
    nowMs: () => (nowMs += 500),
    takeRejections: () => [],
    readFile: () => '',
  }
  return { failed: await runSeeds(options, { program, releases: noReleases }, output), lines }
}

test('prints one JSON object per seed', async () => {
  const { lines, failed } = await run({ seeds: 2, from: 7, json: true })
  equal(failed, 2)
  const reports = lines.map((line) => JSON.parse(line))
  deepEqual(
    reports.map(({ seed, verdict, wallMs }) => ({ seed, verdict, wallMs })),
    [
      { seed: 7, verdict: 'fail', wallMs: 500 },
      { seed: 8, verdict: 'fail', wallMs: 500 },
    ],
  )
  for (const report of reports) {
    match(report.traceHash, /^[0-9a-f]{16}$/)
    for (const field of ['events', 'operations', 'simulatedMs', 'refused', 'lost', 'nodes', 'shards'])
      equal(typeof report[field], 'number', field)
    equal(typeof report.faults, 'object')
    match(report.violations.join('\n'), /n1 could not start: Error: no such program/)
  }
})

test('says how to replay a seed that failed', async () => {
  const { lines } = await run({ seed: 3, scenario: 'power' })
  match(lines[0]!, /^seed 3 {2}fail/)
  match(lines.at(-1)!, /replay it: unum lab run --seed 3 --scenario power --trace/)
})

test('tells the event story with --trace, and sums up several seeds', async () => {
  const lines: string[] = []
  const output = {
    line: (text: string) => lines.push(text),
    nowMs: () => 0,
    takeRejections: () => [],
    readFile: () => '',
  }
  // A single node is what the toy server can do; others of its cluster answer for themselves, wrongly.
  await runSeeds(
    { seeds: 2, scenario: 'calm', workload: 'strings', trace: true },
    { program: toyServer(), releases: noReleases },
    output,
  )
  ok(lines.some((line) => /^ +\d+\.\d{3} {2}lab +configuration \{/.test(line)))
  ok(lines.some((line) => /^ +\d+\.\d{3} {2}n1 +is ready$/.test(line)))
  ok(lines.some((line) => /^ +\d+\.\d{3} {2}c\d+ +#\d+ → /.test(line)))
  match(lines.at(-2)!, /^2 seeds, \d failed; /)
})

test('a rejection that nobody handled fails the seed', async () => {
  const lines: string[] = []
  let taken = 0
  const takeRejections = () => (taken++ === 0 ? [] : [new Error('left alone')])
  const program = () => Promise.reject(new Error('no such program'))
  await runSeeds(
    { seed: 1 },
    { program, releases: noReleases },
    { line: (text) => lines.push(text), nowMs: () => 0, takeRejections, readFile: () => '' },
  )
  ok(lines.some((line) => /a promise was rejected and nobody handled it: Error: left alone/.test(line)))
})

for (const [options, message] of [
  [{ scenario: 'toString' }, /Cannot run scenario "toString": there are\n {2}calm: no faults\n/],
  [{ workload: 'toString' }, /Cannot run workload "toString": there are\n {2}strings: commands on keys/],
  [{ seeds: 0 }, /Cannot use 0 as number of seeds: want an integer from 1 to /],
  [{ seed: -1 }, /Cannot use -1 as seed/],
  [{ seed: 1.5 }, /Cannot use 1.5 as seed/],
  [{ from: Number.NaN }, /Cannot use NaN as seed/],
  [{ seed: 1, from: 2 }, /Cannot run --seed together with --seeds or --from/],
] as const) {
  test(`refuses ${JSON.stringify(options)}`, async () => {
    await rejects(
      run(options),
      (error) => error instanceof UnumError && error.code === 'CONFIGURATION_INVALID' && message.test(error.message),
    )
  })
}
