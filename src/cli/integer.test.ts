import assert from 'node:assert/strict'
import { test } from 'node:test'
import { integer } from './integer.ts'

test('an option that is an integer is written in digits', () => {
  const read = integer(0, 1024)
  assert.deepEqual(['0', '7', '1024', '007'].map(read), [0, 7, 1024, 7])
  for (const text of ['', ' ', ' 5', '0x10', '1e3', '-1', '+5', '1.0', '1025', '9'.repeat(30), 'Infinity']) {
    assert.throws(() => read(text), /Want an integer from 0 to 1024/, text)
  }
})
