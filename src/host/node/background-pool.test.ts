import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BackgroundPool } from './background-pool.ts'

/** Starts `count` tasks; says how many have started, and lets one finish. */
function start(pool: BackgroundPool, count: number) {
  const running: (() => void)[] = []
  for (let i = 0; i < count; i++) pool.run((finished) => running.push(finished))
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
