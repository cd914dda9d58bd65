import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Simulation } from '#host/simulated/index.ts'
import { IoBudget } from './io-budget.ts'
import { Pace } from './pace.ts'

test('the budget lets so many requests run at a time, in order', async () => {
  const simulation = new Simulation({ seed: 1 })
  const { clock } = simulation.machine('m').host
  const budget = new IoBudget({ clock, bytesPerSecond: 0, requestsMax: 2 })
  let running = 0
  let most = 0
  const order: number[] = []
  const request = (i: number) => async () => {
    most = Math.max(most, ++running)
    await clock.sleep(1 + (i % 3))
    running--
    order.push(i)
  }
  await simulation.complete(Promise.all(Array.from({ length: 20 }, (_, i) => budget.run(10, request(i)))))
  assert.equal(most, 2)
  assert.equal(order.length, 20)
})

test('the budget spreads bytes over time, and a request that fails gives its place back', async () => {
  const simulation = new Simulation({ seed: 1 })
  const { clock } = simulation.machine('m').host
  const budget = new IoBudget({ clock, bytesPerSecond: 1_000_000, requestsMax: 1 })
  const startMs = simulation.nowMs
  for (let i = 0; i < 5; i++) {
    await assert.rejects(
      simulation.complete(
        budget.run(100_000, async () => {
          throw new Error('told to fail')
        }),
      ),
    )
  }
  // The first is free, each later one waits for the one before it to be paid.
  const elapsedMs = simulation.nowMs - startMs
  assert.ok(elapsedMs >= 400 && elapsedMs < 410, `${elapsedMs}`)
})

test('a slice ends after its time, or after its rows where time stands still; the next one waits for its share', async () => {
  let nowMs = 0
  let sleptMs = 0
  const clock = {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs,
    timer: (_: number, callback: () => void) => {
      callback()
      return { cancel: () => {} }
    },
    defer: () => {},
    sleep: async (ms: number) => {
      nowMs += ms
      sleptMs += ms
    },
  }
  let urgency = 0
  const use = { paidMs: 0 }
  const pace = new Pace({ clock, use, urgency: () => urgency })
  const rowsOfSlice = (msPerRow: number) => {
    let rows = 1
    for (; !pace.isOver(); rows++) nowMs += msPerRow
    return rows
  }
  const pauseMs = async () => {
    const beforeMs = sleptMs
    await pace.pause()
    return sleptMs - beforeMs
  }
  await pace.begin()
  assert.equal(sleptMs, 0, 'nothing was used yet')
  assert.equal(rowsOfSlice(0), 4_096)
  await pace.pause()
  assert.equal(rowsOfSlice(0.01), 128)
  assert.ok(Math.abs((await pauseMs()) - 7 * 1.28) < 0.1, 'an eighth of the time')
  assert.equal(pace.isOverAfter(10), false)
  nowMs += 1
  assert.equal(pace.isOverAfter(10), true)
  urgency = 1
  assert.equal(await pauseMs(), 0, 'all that others leave when somebody waits')
  pace.end()
  use.paidMs = nowMs + 50
  await pace.begin()
  assert.equal(nowMs, use.paidMs, 'what another tree has used counts too')
})
