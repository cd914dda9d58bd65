import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Excuses } from './excuses.ts'

test('an excuse covers one node, one reason, and only while it is given', () => {
  const excuses = new Excuses()
  assert.equal(excuses.cover('n1', 'the disk is full'), false)
  const takeBack = excuses.give('n1', /full|space/i)
  assert.equal(excuses.cover('n1', 'unum n1: No space left'), true)
  assert.equal(excuses.cover('n2', 'No space left'), false)
  assert.equal(excuses.cover('n1', 'impossible: a committed entry changed'), false)
  takeBack()
  assert.equal(excuses.cover('n1', 'No space left'), false)
})
