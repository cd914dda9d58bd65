import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareBytes } from '#kernel/base/bytes.ts'
import { readScore, scoreBytes, writeScore } from './score-order.ts'

function encoded(score: number): Uint8Array {
  const bytes = new Uint8Array(scoreBytes)
  writeScore(bytes, 0, score)
  return bytes
}

const score = fc.oneof(
  fc.double({ noNaN: true }),
  fc.integer(),
  fc.constantFrom(
    Number.NEGATIVE_INFINITY,
    -Number.MAX_VALUE,
    -Number.MIN_VALUE,
    -0,
    0,
    Number.MIN_VALUE,
    Number.POSITIVE_INFINITY,
  ),
)

test('the order of the bytes is that of the numbers', () => {
  fc.assert(
    fc.property(score, score, (a, b) => {
      assert.equal(Math.sign(compareBytes(encoded(a), encoded(b))), a < b ? -1 : a > b ? 1 : 0)
    }),
    { numRuns: 5000 },
  )
})

test('scores are read as they were written, -0 as 0', () => {
  fc.assert(
    fc.property(score, (value) => {
      assert.ok(Object.is(readScore(encoded(value), 0), value + 0))
    }),
    { numRuns: 2000 },
  )
})

/** Part of the data format: these bytes never change. */
test('scores have these bytes', () => {
  const hex = (value: number) => [...encoded(value)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  assert.equal(hex(Number.NEGATIVE_INFINITY), '000fffffffffffff')
  assert.equal(hex(-1), '400fffffffffffff')
  assert.equal(hex(-0), '8000000000000000')
  assert.equal(hex(0), '8000000000000000')
  assert.equal(hex(1.5), 'bff8000000000000')
  assert.equal(hex(Number.POSITIVE_INFINITY), 'fff0000000000000')
})
