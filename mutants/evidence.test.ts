import { equal, match } from 'node:assert/strict'
import { test } from 'node:test'
import { withEvidence } from './evidence.ts'
import type { Mutant } from './mutant.ts'
import { resultOf } from './result.ts'

const options = { names: ['a-b', 'c-d'], seedsMax: 9, ranges: 3 }

function result(mutant: Partial<Mutant> & { name: string }, ...seeds: readonly (number | undefined)[]) {
  const outcomes = seeds.map((number) => ({
    range: { from: 1, skip: 0, count: 9 },
    seeds: number,
    how: 'luck',
    detail: '',
  }))
  return resultOf({ story: 'It breaks.', edits: [], ...mutant }, 'area', outcomes)
}

test('the median counts ranges without a failure as more than any number', () => {
  equal(result({ name: 'a-b' }, 3, undefined, 1).medianSeeds, 3)
  equal(result({ name: 'a-b' }, undefined, undefined, 1).medianSeeds, Number.POSITIVE_INFINITY)
  equal(result({ name: 'a-b' }, undefined, undefined, 1).isCaught, true)
  equal(result({ name: 'a-b' }, undefined, undefined).isCaught, false)
})

test('writes a section, and later only the rows that were run anew', () => {
  const report = { in: 'etcd', url: 'https://example.org/1', what: 'So it was.' }
  const before = '# Evidence\n\nWords.\n'
  const first = withEvidence(
    before,
    [result({ name: 'a-b', report }, 2), result({ name: 'c-d', waitsFor: 'rain' }, undefined)],
    options,
  )
  match(first, /^# Evidence\n\nWords\.\n\n## Planted bugs\n/)
  match(first, /\*\*1 of 2 caught \(50\.0 %\)\*\*/)
  match(first, /\| `a-b` \| It breaks\. \[etcd\]\(https:\/\/example\.org\/1\): So it was\. \| luck \| 2 \|/)
  match(first, /\| `c-d` \| It breaks\. \| \*\*missed\*\*: waits for rain \| > 9 \|/)
  const second = withEvidence(`${first}\nMore.\n`, [result({ name: 'c-d' }, 4)], options)
  match(second, /\*\*2 of 2 caught/)
  match(second, /\| `a-b` \|/)
  match(second, /\nMore\.\n$/)
  equal(second.split('## Planted bugs').length, 2)
})

test('a mutant that is no more loses its row', () => {
  const first = withEvidence('', [result({ name: 'a-b' }, 2), result({ name: 'c-d' }, 2)], options)
  const second = withEvidence(first, [], { ...options, names: ['c-d'] })
  match(second, /\*\*1 of 1 caught/)
})
