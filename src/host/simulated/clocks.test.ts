import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Simulation } from './index.ts'

test('clocks run too fast or too slow, within the bound, and half of them as far off as they may be', async () => {
  let atTheBound = 0
  for (let seed = 0; seed < 100; seed++) {
    const simulation = new Simulation({ seed, clock: { driftMax: 0.05 } })
    const { clock } = simulation.machine('n1').host
    const [monotonicMs, wallMs] = [clock.monotonicMs(), clock.wallMs()]
    await simulation.run({ forMs: 1000 })
    const elapsedMs = clock.monotonicMs() - monotonicMs
    assert.ok(elapsedMs >= 949.999 && elapsedMs <= 1050.001, `${elapsedMs}`)
    assert.ok(Math.abs(clock.wallMs() - wallMs - elapsedMs) < 0.01, 'both run on one oscillator')
    if (Math.abs(Math.abs(elapsedMs - 1000) - 50) < 0.001) atTheBound++
  }
  assert.ok(atTheBound > 30 && atTheBound < 70, `${atTheBound} of 100`)
})

test('timers wait by the clock of their machine', async () => {
  for (let seed = 0; seed < 20; seed++) {
    const simulation = new Simulation({ seed, clock: { driftMax: 0.05, timerLateMs: 0 } })
    const { clock } = simulation.machine('n1').host
    const startMs = clock.monotonicMs()
    await simulation.complete(clock.sleep(1000))
    const elapsedMs = clock.monotonicMs() - startMs
    assert.ok(elapsedMs > 999.99 && elapsedMs < 1000.1, `${elapsedMs}`)
  }
})

test('a wall clock that is set leaves the monotonic one and its timers alone', async () => {
  const simulation = new Simulation({ seed: 1, clock: { timerLateMs: 0 } })
  const machine = simulation.machine('n1')
  const { clock } = machine.host
  const [monotonicMs, wallMs] = [clock.monotonicMs(), clock.wallMs()]
  const slept = clock.sleep(10)
  machine.jumpClock(-3_600_000)
  await simulation.complete(slept)
  assert.ok(clock.monotonicMs() - monotonicMs < 11)
  assert.equal(Math.round((wallMs - clock.wallMs()) / 1000), 3600)
  assert.equal(simulation.faults.clockJumps, 1)
})

test('a suspended machine stands still with its monotonic clock; its wall clock goes on, and timers wait out their time', async () => {
  const simulation = new Simulation({ seed: 2, clock: { timerLateMs: 0 } })
  const machine = simulation.machine('n1')
  const { clock } = machine.host
  const [monotonicMs, wallMs] = [clock.monotonicMs(), clock.wallMs()]
  let firedMs = 0
  clock.timer(100, () => {
    firedMs = simulation.nowMs
  })
  await simulation.run({ forMs: 40 })
  machine.suspend()
  await simulation.run({ forMs: 1000 })
  assert.ok(Math.abs(clock.monotonicMs() - monotonicMs - 40) < 0.01)
  assert.ok(Math.abs(clock.wallMs() - wallMs - 1040) < 0.01)
  machine.resume()
  await simulation.run({ forMs: 59 })
  assert.equal(firedMs, 0)
  await simulation.run({ forMs: 2 })
  assert.ok(Math.abs(firedMs - 1100) < 0.1, `${firedMs}`)
  assert.equal(simulation.faults.suspensions, 1)
})

test('a machine that is killed while it is suspended starts with a clock that goes on', async () => {
  const simulation = new Simulation({ seed: 3 })
  const machine = simulation.machine('n1')
  machine.suspend()
  await simulation.run({ forMs: 100 })
  machine.kill()
  const { clock } = machine.restart()
  const startMs = clock.monotonicMs()
  await simulation.run({ forMs: 100 })
  assert.ok(Math.abs(clock.monotonicMs() - startMs - 100) < 0.01)
})

test('fault points fire only where they are enabled, on some machines and in some runs, and are counted', async () => {
  const never = new Simulation({ seed: 4 })
  for (let i = 0; i < 1000; i++) assert.equal(never.machine('n1').host.rarely('log.newSegment'), false)
  const seen = new Set<boolean>()
  for (let seed = 0; seed < 20; seed++) {
    const simulation = new Simulation({ seed, faultPointChance: 0.5 })
    let hits = 0
    for (let i = 0; i < 3000; i++) if (simulation.machine('n1').host.rarely('log.newSegment')) hits++
    assert.equal(simulation.faultPoints.hits['log.newSegment'] ?? 0, hits)
    assert.ok(hits < 600, `${hits} of 3000`)
    seen.add(hits > 0)
    simulation.faultPoints.disable()
    for (let i = 0; i < 1000; i++) assert.equal(simulation.machine('n1').host.rarely('log.newSegment'), false)
  }
  assert.equal(seen.size, 2)
})
