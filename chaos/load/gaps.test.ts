import assert from 'node:assert/strict'
import { test } from 'node:test'
import { longestGapMs } from './gaps.ts'

test('the longest time without an acknowledged write', () => {
  assert.equal(longestGapMs([]), 0)
  assert.equal(longestGapMs([5]), 0)
  assert.equal(longestGapMs([5, 7, 30, 31]), 23)
})
