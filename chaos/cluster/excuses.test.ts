import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Excuses } from './excuses.ts'

test('an excuse covers one node, one reason, and only while it is given', () => {
  const excuses = new Excuses()
  assert.equal(excuses.cover('n1', 'the disk is full', 1), false)
  const takeBack = excuses.give({ node: 'n1', reason: /full|space/i })
  assert.equal(excuses.cover('n1', 'unum n1: No space left', 60_000), true)
  assert.equal(excuses.cover('n2', 'No space left', 1), false)
  assert.equal(excuses.cover('n1', 'impossible: a committed entry changed', 1), false)
  takeBack()
  assert.equal(excuses.cover('n1', 'No space left', 1), false)
})

test('an excuse for not starting does not cover a node that ran', () => {
  const excuses = new Excuses()
  excuses.give({ node: 'n1', reason: /full/, livedMsMax: 5000 })
  assert.equal(excuses.cover('n1', 'the disk is full', 800), true)
  assert.equal(excuses.cover('n1', 'the disk is full', 8000), false)
})
