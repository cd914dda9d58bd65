import assert from 'node:assert/strict'
import test from 'node:test'
import { Chaos } from './testing/chaos.ts'

const seeds = 260

function run(seed: number): Chaos {
  const chaos = new Chaos(seed)
  for (let phase = 0; phase < 2; phase++) {
    for (let step = 0; step < 1500; step++) chaos.step()
    chaos.heal()
  }
  chaos.rest(6)
  return chaos
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
  const least = { decided: 20_000, leaders: 1500, reads: 2000, snapshots: 50, configurations: 300 }
  for (const name of Object.keys(least) as (keyof typeof least)[]) {
    assert.ok(totals[name] >= least[name], `only ${totals[name]} ${name}, expected ${least[name]}`)
  }
})

test('a seed decides everything', () => {
  const [first, second] = [run(7), run(7)]
  assert.deepEqual(second.oracle.decided, first.oracle.decided)
  assert.deepEqual(second.counts, first.counts)
})
