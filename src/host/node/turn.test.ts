import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turn } from './turn.ts'

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

test('a turn ends with what was deferred, then what is to be flushed, then what blocks; round after round', async () => {
  const turn = new Turn()
  const order: string[] = []
  turn.block(() => {
    order.push('block')
    turn.defer(() => {
      order.push('answer')
      turn.flush(() => order.push('flush reply'))
    })
  })
  turn.flush(() => order.push('flush'))
  turn.defer(() => {
    order.push('deferred')
    turn.flush(() => order.push('flush too'))
  })
  assert.deepEqual(order, [])
  await endOfTurn()
  assert.deepEqual(order, ['deferred', 'flush', 'flush too', 'block', 'answer', 'flush reply'])
})

test('endless deferring lets the event loop go on', async () => {
  const turn = new Turn()
  let rounds = 0
  let going = true
  const again = () => {
    rounds++
    if (going) turn.defer(again)
  }
  turn.defer(again)
  await endOfTurn()
  const first = rounds
  assert.ok(first > 0)
  await endOfTurn()
  assert.ok(rounds > first)
  going = false
})

test('a callback that throws does not take the rest of the turn with it', () => {
  // The queue is run by hand, because an exception out of the event loop would end the test runner.
  const original = globalThis.setImmediate
  const scheduled: (() => void)[] = []
  globalThis.setImmediate = ((callback: () => void) => void scheduled.push(callback)) as unknown as typeof setImmediate
  try {
    const turn = new Turn()
    const order: string[] = []
    turn.defer(() => order.push('before'))
    turn.defer(() => {
      throw new Error('planted')
    })
    turn.defer(() => order.push('after'))
    turn.flush(() => order.push('flush'))
    assert.throws(() => scheduled.shift()!(), /planted/)
    assert.equal(scheduled.length, 1)
    scheduled.shift()!()
    assert.deepEqual(order, ['before', 'after', 'flush'])
    assert.equal(scheduled.length, 0)
  } finally {
    globalThis.setImmediate = original
  }
})
