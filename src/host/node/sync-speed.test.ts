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

test('one slow sync in two thousand keeps the loop, one in five hundred loses it', () => {
  const rare = new SyncSpeed()
  take(rare, 64, 0.1)
  for (let i = 0; i < 100; i++) {
    take(rare, 1999, 0.1)
    take(rare, 1, 1.5)
    assert.equal(rare.onLoop, true)
  }
  const often = new SyncSpeed()
  take(often, 64, 0.1)
  let kept = 0
  for (; kept < 100 && often.onLoop; kept++) {
    take(often, 499, 0.1)
    take(often, 1, 1.5)
  }
  assert.ok(kept < 10)
})

test('one stall is enough, and then the loop is not tried again for thousands of syncs', () => {
  const speed = new SyncSpeed()
  take(speed, 64, 0.1)
  take(speed, 1, 25)
  assert.equal(speed.onLoop, false)
  take(speed, 8191, 0.1)
  assert.equal(speed.onLoop, false)
  take(speed, 1, 0.1)
  assert.equal(speed.onLoop, true)
})
