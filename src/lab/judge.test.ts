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
    for (let seed = 0; seed < 10; seed++) deepEqual(violations(kind, seed), [], `seed ${seed}`)
  })
}

/** Kinds in which the flaw must show, and of eight histories with it how many at least; the others happen not to show it. */
const flaws: Readonly<Record<Flaw, Partial<Readonly<Record<KindName, number>>>>> = {
  dropsWrite: { counter: 5, text: 5, hash: 2, list: 3, sortedSet: 2, group: 2, appends: 6, bank: 5 },
  repeatsWrite: { counter: 5, text: 3, list: 2, sortedSet: 1, group: 1, appends: 6, bank: 5 },
  halvesTransaction: { group: 2, appends: 6, bank: 5 },
  ignoresWatch: { group: 2, bank: 5 },
  readsStale: { appends: 5, bank: 5 },
  forgetsDeadline: { expiringList: 1, expiringHash: 1 },
  expiresEarly: { expiringString: 2, expiringList: 2, expiringHash: 2 },
  revives: { expiringString: 2, expiringList: 2, expiringHash: 2 },
}

for (const [flaw, wanted] of Object.entries(flaws) as [Flaw, (typeof flaws)[Flaw]][]) {
  for (const [kind, least] of Object.entries(wanted) as [KindName, number][]) {
    test(`catches a server that ${flaw}: ${kind}`, () => {
      let caught = 0
      for (let seed = 0; seed < 8; seed++) if (violations(kind, seed, { flaw }).length > 0) caught++
      ok(caught >= least, `${caught} of 8`)
    })
  }
}

/** Operations on one object. What a state of a tag costs grows with what is in it. */
const large = { list: 100_000, anyType: 100_000, expiringString: 100_000, bank: 30_000, group: 10_000 } as const

for (const [kind, operations] of Object.entries(large) as [KindName, number][]) {
  test(`judges ${operations} operations on one object in seconds: ${kind}`, { timeout: 60_000 }, () => {
    deepEqual(violations(kind, 1, { operations, connections: 8, lossRate: 0.0001 }), [])
  })
}
