import assert from 'node:assert/strict'
import { test } from 'node:test'
import { plot } from './svg.ts'

test('a plot has numbers everywhere, whatever it is given', () => {
  const seconds = [1, 2, 3, 4]
  const svg = plot('a < b', seconds, [
    { title: 'gaps', unit: 'ms', lines: [{ label: 'x', values: [1, undefined, Number.NaN, 4] }] },
    { title: 'logarithmic', unit: 'ms', isLogarithmic: true, lines: [{ label: 'y', values: [0, 0.02, 300, 5] }] },
    { title: 'nothing', unit: 'MB', lines: [{ label: 'z', values: [0, 0, 0, 0] }] },
    { title: 'no line', unit: 'MB', lines: [] },
  ])
  assert.doesNotMatch(svg, /NaN|Infinity|undefined/)
  assert.match(svg, /a &lt; b/)
  assert.equal(svg.match(/<path/g)?.length, 3)
})
