import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackgroundPool, type TaskKind } from './background-pool.ts'

/** Starts `count` tasks; says how many have started, and lets one finish. */
function start(pool: BackgroundPool, count: number, kind: TaskKind = 'read') {
  const running: (() => void)[] = []
  for (let i = 0; i < count; i++) pool.run(kind, (finished) => running.push(finished))
  return running
}

test('background work leaves two threads of the pool free', () => {
  for (const [threads, atATime] of [
    [4, 2],
    [16, 14],
    [3, 1],
    [1, 1],
    [Number.NaN, 2],
  ] as const) {
    const running = start(new BackgroundPool(threads), 20)
    assert.equal(running.length, atATime, `${threads} threads`)
    for (let done = 0; done < 20; done++) {
      assert.equal(running.length, Math.min(20, done + atATime))
      running[done]!()
    }
  }
})

test('threads that became free are used again', () => {
  const pool = new BackgroundPool(4)
  for (const finished of start(pool, 2)) finished()
  assert.equal(start(pool, 3).length, 2)
})

test('a read never waits for a change', () => {
  const pool = new BackgroundPool(4)
  const changes = start(pool, 3, 'change')
  assert.equal(changes.length, 1)
  const reads = start(pool, 3)
  assert.equal(reads.length, 1)
  reads[0]!()
  assert.equal(reads.length, 2)
  changes[0]!()
  assert.deepEqual([changes.length, reads.length], [1, 3], 'the read that waits goes first')
  reads[1]!()
  assert.equal(changes.length, 2)
})

test('where there is one thread, changes have their turn', () => {
  const pool = new BackgroundPool(3)
  const changes = start(pool, 2, 'change')
  changes[0]!()
  assert.equal(changes.length, 2)
})
