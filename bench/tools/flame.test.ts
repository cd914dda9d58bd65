import assert from 'node:assert/strict'
import { test } from 'node:test'
import { flameGraph } from './flame.ts'

test('a flame graph shows callers above what they called, equal ones once, and no idleness', () => {
  const node = (id: number, functionName: string, children: number[]) => ({
    id,
    children,
    callFrame: { functionName, url: 'file:///project/src/a.ts', lineNumber: 9 },
  })
  const svg = flameGraph(
    'a < b',
    {
      nodes: [
        node(1, '(root)', [2, 3, 4]),
        node(2, '(idle)', []),
        node(3, 'turn', [5]),
        node(4, 'turn', [6]),
        node(5, 'write', []),
        node(6, 'write', []),
      ],
      samples: [2, 3, 5, 6, 2],
      timeDeltas: [0, 5000, 1000, 2000, 1000],
    },
    '/project',
  )
  assert.match(svg, /a &lt; b/)
  assert.doesNotMatch(svg, /NaN|undefined|idle/)
  assert.deepEqual(svg.match(/<title>[^<]*/g), [
    '<title>all : 4 ms, 100.0 %',
    '<title>turn src/a.ts:10: 4 ms, 100.0 %',
    '<title>write src/a.ts:10: 3 ms, 75.0 %',
  ])
})
