import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { judgeSequence, withBatch } from './producers.ts'

suite("a producer's sequence", () => {
  const batch = (firstSequence: number, lastSequence: number, epoch = 0) => ({ epoch, firstSequence, lastSequence })
  const taken = (firstSequence: number, lastSequence: number) => ({
    ...{ firstSequence, lastSequence, baseOffset: 100 + firstSequence, timestamp: 0 },
  })
  const known = withBatch(withBatch(undefined, 0, taken(0, 2)), 0, taken(3, 3))

  const cases = {
    'begins at 0': [undefined, batch(0, 4), 'next'],
    'is not taken up in the middle: what was sent before it may have been sent away': [
      undefined,
      batch(5, 9),
      'unknown producer',
    ],
    'goes on': [known, batch(4, 6), 'next'],
    'has no holes': [known, batch(5, 6), 'out of order'],
    'knows what was sent before': [known, batch(0, 2), 'duplicate'],
    'does not go on in another epoch': [known, batch(4, 6, 1), 'out of order'],
    'begins anew in another epoch': [known, batch(0, 6, 1), 'next'],
  } as const
  for (const [what, [state, next, kind]] of Object.entries(cases)) {
    test(what, () => assert.equal(judgeSequence(state, next).kind, kind))
  }
})
