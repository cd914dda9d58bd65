import { deepEqual, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import { judge } from './judge.ts'
import { generatedHistory } from './testing/generated-history.ts'
import type { Flaw } from './testing/reference-server.ts'
import type { KindName } from './workload/kinds/index.ts'
import { objectKinds } from './workload/kinds/index.ts'

const kinds = Object.keys(objectKinds) as KindName[]

function violations(
  kind: KindName,
  seed: number,
  options: Partial<Parameters<typeof generatedHistory>[2]> = {},
): string[] {
  const history = generatedHistory(kind, createRandom(seed), {
    ...{ operations: 300, connections: 5, lossRate: 0.01 },
    ...options,
  })
  return judge(history, { kindOf: () => kind, clockErrorMs: 1 })
}

for (const kind of kinds) {
  test(`accepts what a correct server answers: ${kind}`, () => {
    for (let seed = 0; seed < 20; seed++) deepEqual(violations(kind, seed), [], `seed ${seed}`)
  })
}

/** Kinds in which the flaw must show, and of twenty histories with it how many at least; the others happen not to show it. */
const flaws: Readonly<Record<Flaw, Partial<Readonly<Record<KindName, number>>>>> = {
  dropsWrite: { counter: 15, text: 15, hash: 8, list: 10, sortedSet: 8, group: 8, appends: 18, bank: 15 },
  repeatsWrite: { counter: 15, text: 10, list: 8, sortedSet: 5, group: 5, appends: 18, bank: 15 },
  halvesTransaction: { group: 8, appends: 18, bank: 15 },
  ignoresWatch: { group: 8, bank: 15 },
  readsStale: { appends: 15, bank: 15 },
  forgetsDeadline: { expiringString: 2, expiringList: 5, expiringHash: 5 },
  expiresEarly: { expiringString: 8, expiringList: 8, expiringHash: 8 },
  revives: { expiringString: 8, expiringList: 8, expiringHash: 8 },
}

for (const [flaw, wanted] of Object.entries(flaws) as [Flaw, (typeof flaws)[Flaw]][]) {
  for (const [kind, least] of Object.entries(wanted) as [KindName, number][]) {
    test(`catches a server that ${flaw}: ${kind}`, () => {
      let caught = 0
      for (let seed = 0; seed < 20; seed++) if (violations(kind, seed, { flaw }).length > 0) caught++
      ok(caught >= least, `${caught} of 20`)
    })
  }
}

test('a hundred thousand operations on one object of each kind are judged in seconds', { timeout: 120_000 }, () => {
  for (const kind of ['list', 'hash', 'anyType', 'expiringString', 'group', 'bank'] as const) {
    const options = { operations: 100_000, connections: 8, lossRate: 0.0001 }
    deepEqual(violations(kind, 1, options), [], kind)
  }
})
