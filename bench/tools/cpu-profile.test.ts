import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selfTimes } from './cpu-profile.ts'

test('time goes to the function that was running, without idleness', () => {
  const frame = (functionName: string, url: string, lineNumber: number) => ({ functionName, url, lineNumber })
  const profile = {
    nodes: [
      { id: 1, callFrame: frame('(idle)', '', -1) },
      { id: 2, callFrame: frame('step', 'file:///project/src/a.ts', 9) },
      { id: 3, callFrame: frame('step', 'file:///project/src/a.ts', 9) },
      { id: 4, callFrame: frame('(garbage collector)', '', -1) },
    ],
    samples: [1, 2, 4, 3, 1],
    timeDeltas: [0, 5000, 1000, 2000, 3000],
  }
  assert.deepEqual(selfTimes(profile, '/project'), {
    totalMs: 6,
    functions: [
      { name: 'step', place: 'src/a.ts:10', selfMs: 4 },
      { name: '(garbage collector)', place: '', selfMs: 2 },
    ],
  })
})
