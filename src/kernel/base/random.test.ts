import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from './random.ts'

test('the same seed draws the same numbers, as a number or as its text', () => {
  const a = createRandom(42)
  const b = createRandom('42')
  const c = createRandom(43)
  const first = Array.from({ length: 8 }, () => a.uint32())
  assert.deepEqual(
    first,
    Array.from({ length: 8 }, () => b.uint32()),
  )
  assert.notDeepEqual(
    first,
    Array.from({ length: 8 }, () => c.uint32()),
  )
})

test('the sequence never changes: seeds in bug reports stay good', () => {
  const random = createRandom(1)
  const child = random.child('disk')
  assert.deepEqual([random.uint32(), random.uint32(), child.uint32()], [295592568, 365359337, 2451608131])
})

test('a child depends on its name and not on the draws made before', () => {
  const early = createRandom(7).child('network')
  const parent = createRandom(7)
  parent.bytes(100)
  const late = parent.child('network')
  const other = parent.child('networl')
  const drawn = early.uint32()
  assert.equal(drawn, late.uint32())
  assert.notEqual(drawn, other.uint32())
  assert.notEqual(createRandom(7).child('a').child('b').uint32(), createRandom(7).child('ab').uint32())
})

test('numbers stay in range and cover it', () => {
  const random = createRandom(3)
  const seen = new Set<number>()
  let sum = 0
  for (let i = 0; i < 10_000; i++) {
    seen.add(random.below(10))
    const float = random.float()
    assert.ok(float >= 0 && float < 1)
    sum += float
    const large = random.below(2 ** 32)
    assert.ok(Number.isInteger(large) && large >= 0 && large < 2 ** 32)
  }
  assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.ok(Math.abs(sum / 10_000 - 0.5) < 0.02)
  assert.equal(random.below(1), 0)
})

test('every bit is set about half of the time', () => {
  const random = createRandom(5)
  const ones = new Array<number>(32).fill(0)
  for (let i = 0; i < 4096; i++) {
    const word = random.uint32()
    for (let bit = 0; bit < 32; bit++) ones[bit]! += (word >>> bit) & 1
  }
  for (const count of ones) assert.ok(Math.abs(count - 2048) < 200, `${count} of 4096`)
})

test('bytes gives any length', () => {
  const random = createRandom(9)
  for (const length of [0, 1, 2, 3, 4, 5, 17]) assert.equal(random.bytes(length).length, length)
  const some = random.bytes(4096)
  assert.ok(new Set(some).size > 250)
})
