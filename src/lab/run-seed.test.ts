import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import { drawConfiguration } from './configuration.ts'
import type { ScenarioName } from './faults/scenarios.ts'
import { scenarioNamed } from './faults/scenarios.ts'
import type { SeedReport } from './run-seed.ts'
import { runSeed } from './run-seed.ts'
import type { Flaws } from './testing/toy-server.ts'
import { toyServer } from './testing/toy-server.ts'

function run(seed: number, scenario: ScenarioName, flaws: Flaws = {}): Promise<SeedReport> {
  const drawn = drawConfiguration(createRandom(seed).child('configuration'))
  const profile = { ...drawn.profile, clientsPerNode: 4 }
  return runSeed(
    {
      seed,
      scenario: scenarioNamed(scenario),
      workload: 'strings',
      program: toyServer(flaws),
      releases: [{ services: [], protocolVersions: { min: 1, max: 1 } }],
      takeRejections: () => [],
    },
    { ...drawn, nodeCount: 1, faultMs: 2_000, profile, settings: { ...drawn.settings, electionTimeoutMs: 100 } },
  )
}

async function failures(scenario: ScenarioName, flaws: Flaws): Promise<SeedReport[]> {
  const reports: SeedReport[] = []
  for (let seed = 1; seed <= 24; seed++) {
    const report = await run(seed, scenario, flaws)
    if (report.verdict === 'fail') reports.push(report)
  }
  return reports
}

for (const scenario of ['calm', 'whole-disks', 'crashes', 'power', 'pauses'] as const) {
  test(`a right server passes: ${scenario}`, async () => {
    for (let seed = 1; seed <= 6; seed++) {
      const report = await run(seed, scenario)
      deepEqual(report.violations, [], `seed ${seed}`)
      equal(report.verdict, 'pass')
      ok(report.operations > 50, `${report.operations} operations`)
      equal(Object.keys(report.faults).length > 0, scenario !== 'calm')
    }
  })
}

test('a server that answers before its write is on disk is caught when the power fails', async () => {
  const caught = await failures('power', { answersEarly: true })
  ok(caught.length >= 3, `${caught.length} of 24`)
  match(caught[0]!.violations[0]!, /the history of \S+ is not linearizable/)
})

test('a server that does an increment twice is caught', async () => {
  ok((await failures('calm', { doublesIncrements: true })).length >= 12)
})

test('a server that reads stale values is caught', async () => {
  ok((await failures('calm', { readsStale: true })).length >= 20)
})

test('a server that falls silent is caught', async () => {
  const [report] = await failures('calm', { diesAfter: 300 })
  match(report!.violations[0]!, /no progress: not within \d+ ms/)
})

test('the same seed gives the same run, another seed another', async () => {
  const first = await run(5, 'whole-disks')
  deepEqual(await run(5, 'whole-disks'), first)
  ok((await run(6, 'whole-disks')).traceHash !== first.traceHash)
})
