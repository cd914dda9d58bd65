import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SyncSpeed } from './sync-speed.ts'

function take(speed: SyncSpeed, count: number, durationMs: number): void {
  for (let i = 0; i < count; i++) speed.took(durationMs)
}

test('the first syncs run on the pool; if they are fast the loop is tried', () => {
  const speed = new SyncSpeed()
  take(speed, 63, 0.1)
  assert.equal(speed.onLoop, false)
  take(speed, 1, 0.1)
  assert.equal(speed.onLoop, true)
})

test('a slow disk never leaves the pool', () => {
  const speed = new SyncSpeed()
  for (let i = 0; i < 50_000; i++) {
    speed.took(2)
    assert.equal(speed.onLoop, false)
  }
})

test('a few slow syncs of the trial are borne: from the pool they look slower than they are', () => {
  const speed = new SyncSpeed()
  take(speed, 5, 3)
  take(speed, 59, 0.1)
  assert.equal(speed.onLoop, true)
})

/** How many of `rounds` with one slow sync among `count` the loop is kept for. */
function kept(rounds: number, count: number, slowMs: number): number {
  const speed = new SyncSpeed()
  take(speed, 64, 0.1)
  let round = 0
  for (; round < rounds && speed.onLoop; round++) {
    take(speed, count - 1, 0.1)
    take(speed, 1, slowMs)
  }
  return round
}

test('a sync of two milliseconds among thirty keeps the loop, one among ten loses it', () => {
  assert.equal(kept(500, 30, 2), 500)
  assert.ok(kept(500, 10, 2) < 30)
})

test('a sync of eight milliseconds among two thousand keeps the loop, one among five hundred loses it', () => {
  assert.equal(kept(100, 2000, 8), 100)
  assert.ok(kept(100, 500, 8) < 10)
})

test('one stall is enough, and then the loop is not tried again for a thousand syncs', () => {
  const speed = new SyncSpeed()
  take(speed, 64, 0.1)
  take(speed, 1, 25)
  assert.equal(speed.onLoop, false)
  take(speed, 1023, 0.1)
  assert.equal(speed.onLoop, false)
  take(speed, 1, 0.1)
  assert.equal(speed.onLoop, true)
})
