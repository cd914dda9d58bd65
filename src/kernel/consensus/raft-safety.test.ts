import assert from 'node:assert/strict'
import test from 'node:test'
import { heal, rest } from './testing/calm.ts'
import { Chaos } from './testing/chaos.ts'
import type { World } from './testing/world.ts'

const seeds = 400

function run(seed: number): World {
  const chaos = new Chaos(seed)
  for (let phase = 0; phase < 2; phase++) {
    for (let step = 0; step < 1500; step++) chaos.step()
    heal(chaos.world)
  }
  rest(chaos.world, 6)
  return chaos.world
}

test('whatever breaks, one history is decided, and it goes on when everything works again', () => {
  const totals = { decided: 0, leaders: 0, reads: 0, snapshots: 0, configurations: 0 }
  for (let seed = 1; seed <= seeds; seed++) {
    const { oracle, counts } = run(seed)
    totals.decided += oracle.decided.length
    totals.leaders += oracle.leaderOfTerm.size
    totals.reads += counts.reads
    totals.snapshots += counts.snapshots
    totals.configurations += counts.configurations
  }
  // What is rare in one run must have happened in some.
  const least = { decided: 30_000, leaders: 2000, reads: 4000, snapshots: 80, configurations: 500 }
  for (const name of Object.keys(least) as (keyof typeof least)[]) {
    assert.ok(totals[name] >= least[name], `only ${totals[name]} ${name}, expected ${least[name]}`)
  }
})

test('a seed decides everything', () => {
  const [first, second] = [run(7), run(7)]
  assert.deepEqual(second.oracle.decided, first.oracle.decided)
  assert.deepEqual(second.counts, first.counts)
})
