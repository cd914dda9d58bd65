import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fifo } from './fifo.ts'
import { createRandom } from './random.ts'

test('a queue is an array, whatever is done to it', () => {
  const random = createRandom('fifo')
  const fifo = new Fifo<number>()
  let expected: number[] = []
  for (let i = 0; i < 20_000; i++) {
    const act = random.below(i % 2000 < 1000 ? 7 : 12)
    if (act < 4) {
      fifo.push(i)
      expected.push(i)
    } else if (act === 4) {
      fifo.unshift(i)
      expected.unshift(i)
    } else if (act === 5 && random.below(200) === 0) {
      assert.deepEqual(fifo.take(), expected)
      expected = []
    } else {
      assert.equal(fifo.shift(), expected.shift())
    }
    assert.equal(fifo.length, expected.length)
    assert.equal(fifo.first, expected[0])
    if (i % 100 === 0) assert.deepEqual([...fifo], expected)
  }
})
