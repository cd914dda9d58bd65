import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import { eventKinds } from '../core/scheduler.ts'
import { EventQueue, type SimulatedEvent } from './event-queue.ts'

const nothing = () => {}

function eventAt(atUs: number, digest: number): SimulatedEvent {
  return { atUs, kind: eventKinds.timer, machine: 0, digest, action: nothing }
}

test('events come by time, equal times in the order of insertion, as from a sorted list', () => {
  const random = createRandom('event queue')
  const queue = new EventQueue()
  let twin: SimulatedEvent[] = []
  for (let step = 0; step < 20_000; step++) {
    const draw = random.below(10)
    if (draw < 5) {
      const event = eventAt(random.below(500), step)
      queue.push(event)
      twin.push(event)
    } else if (draw < 7 && twin.length > 0) {
      const cancelled = twin[random.below(twin.length)]!
      queue.cancel(cancelled)
      queue.cancel(cancelled)
      twin = twin.filter((event) => event !== cancelled)
    } else {
      let first: SimulatedEvent | undefined
      for (const event of twin) if (!first || event.atUs < first.atUs) first = event
      assert.equal(queue.nextUs, first?.atUs ?? Number.POSITIVE_INFINITY)
      assert.equal(queue.pop(), first)
      twin = twin.filter((event) => event !== first)
    }
  }
})

test('cancelled events are dropped when they are the most', () => {
  const queue = new EventQueue()
  for (let round = 0; round < 100; round++) {
    const events = Array.from({ length: 1000 }, (_, index) => eventAt(1_000_000 + index, index))
    for (const event of events) queue.push(event)
    for (const event of events) queue.cancel(event)
  }
  assert.ok(queue.size < 5000, `${queue.size} left`)
  const event = eventAt(5, 0)
  queue.push(event)
  assert.equal(queue.pop(), event)
  assert.equal(queue.pop(), undefined)
  assert.equal(queue.size, 0)
})
