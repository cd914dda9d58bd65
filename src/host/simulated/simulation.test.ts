import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8Bytes } from '#kernel/base/bytes.ts'
import type { Connection, Host } from '#kernel/base/host.ts'
import { Simulation, type SimulationOptions } from './index.ts'

/** Three machines that talk, write and fail, for half a second. */
async function runMixture(options: SimulationOptions): Promise<{ hash: string; events: number; log: string }> {
  const simulation = new Simulation(options)
  const log: string[] = []
  const start = async (host: Host, name: string) => {
    const file = await host.disk.open('log', { create: true })
    await host.network.listen({ host: name, port: 7 }, (connection) => {
      connection.handler = {
        data: (chunk) => {
          const copy = chunk.slice()
          file.write(file.size, copy).then(() => connection.write(copy))
        },
        closed: () => log.push(`${name} closed`),
      }
    })
    let peer: Connection | undefined
    const tick = () => {
      const to = `n${1 + host.random.below(3)}`
      peer?.end()
      peer = host.network.connect(
        { host: to, port: 7 },
        {
          opened: () => peer?.write(host.random.bytes(1 + host.random.below(3000))),
          data: (chunk) => log.push(`${name} got ${chunk.length} at ${host.clock.monotonicMs()}`),
          closed: (error) => log.push(`${name} ${error?.message}`),
        },
      )
      host.clock.timer(host.random.float() * 20, tick)
    }
    tick()
    for (;;) {
      await host.clock.sleep(1 + host.random.float())
      await file.sync()
    }
  }
  for (const name of ['n1', 'n2', 'n3']) void start(simulation.machine(name).host, name)
  const chance = simulation.random.child('mixture')
  const fault = () => {
    const name = `n${1 + chance.below(3)}`
    const machine = simulation.machine(name)
    const kind = chance.below(6)
    if (kind === 0) machine.pause()
    else if (kind === 1) machine.resume()
    else if (kind === 2) simulation.cut([name], ['n1', 'n2', 'n3'])
    else if (kind === 3) simulation.heal()
    else {
      if (kind === 4) machine.kill()
      else machine.powerLoss()
      void start(machine.restart(), name)
    }
    simulation.at(chance.float() * 30, fault)
  }
  fault()
  await simulation.run({ forMs: 500 })
  return { hash: simulation.traceHash, events: simulation.events, log: log.join('\n') }
}

test('the same seed gives the same run; another seed another', async () => {
  const first = await runMixture({ seed: 1 })
  assert.ok(first.events > 1000)
  assert.match(first.hash, /^[0-9a-f]{16}$/)
  assert.deepEqual(await runMixture({ seed: 1 }), first)
  const hashes = new Set([first.hash])
  for (let seed = 2; seed < 12; seed++) hashes.add((await runMixture({ seed })).hash)
  assert.equal(hashes.size, 11)
})

test('configuration changes the run', async () => {
  const first = await runMixture({ seed: 1 })
  const second = await runMixture({ seed: 1, disk: { parallel: 1 } })
  assert.notEqual(first.hash, second.hash)
})

test('the run is the same where microtasks are drained by macrotask hops, as in a browser', async () => {
  const first = await runMixture({ seed: 5 })
  const runtime = process as unknown as { _tickCallback: unknown }
  const tick = runtime._tickCallback
  runtime._tickCallback = undefined
  try {
    assert.deepEqual(await runMixture({ seed: 5 }), first)
  } finally {
    runtime._tickCallback = tick
  }
})

test('all promise continuations of an event run before the next event, deferred callbacks after them', async () => {
  const simulation = new Simulation({ seed: 1, clock: { timerLateMs: 0 } })
  const { clock } = simulation.machine('n1').host
  const order: string[] = []
  const deep = async (name: string, depth: number): Promise<void> => {
    if (depth === 0) {
      order.push(name)
      clock.defer(() => order.push(`${name} deferred`))
    } else await deep(name, depth - 1)
  }
  clock.timer(1, () => void deep('first', 20).then(() => deep('first again', 20)))
  clock.timer(2, () => void deep('second', 3))
  await simulation.run()
  assert.deepEqual(order, [
    'first',
    'first again',
    'first deferred',
    'first again deferred',
    'second',
    'second deferred',
  ])
})

test('virtual time stands still within a turn and jumps between events', async () => {
  const simulation = new Simulation({ seed: 1 })
  const { clock } = simulation.machine('n1').host
  const startMs = clock.monotonicMs()
  const startWallMs = clock.wallMs()
  await simulation.complete(clock.sleep(86_400_000), 90_000_000)
  const passedMs = clock.monotonicMs() - startMs
  assert.ok(passedMs >= 86_400_000 && passedMs < 86_400_010)
  assert.ok(Math.abs(clock.wallMs() - startWallMs - passedMs) < 0.01)
})

test('a run ends when its condition holds, when its time is over, or when nothing is left', async () => {
  const simulation = new Simulation({ seed: 1 })
  const { clock } = simulation.machine('n1').host
  let ticks = 0
  const tick = () => {
    if (++ticks < 100) clock.timer(10, tick)
  }
  tick()
  assert.equal(await simulation.run({ until: () => ticks === 5 }), 'until')
  assert.equal(ticks, 5)
  const beforeMs = simulation.nowMs
  assert.equal(await simulation.run({ forMs: 100 }), 'time')
  assert.equal(simulation.nowMs, beforeMs + 100)
  assert.ok(ticks > 5 && ticks < 17)
  assert.equal(await simulation.run(), 'idle')
  assert.equal(ticks, 100)
})

test('what a callback throws ends the run with it', async () => {
  const simulation = new Simulation({ seed: 1 })
  simulation.machine('n1').host.clock.timer(1, () => {
    throw new RangeError('planted')
  })
  await assert.rejects(simulation.run(), { name: 'RangeError', message: 'planted' })
  assert.equal(await simulation.run(), 'idle')
})

test('complete gives the value, the rejection, or says that time is over', async () => {
  const simulation = new Simulation({ seed: 1 })
  const { clock, disk } = simulation.machine('n1').host
  assert.equal(await simulation.complete(clock.sleep(1).then(() => 5)), 5)
  await assert.rejects(simulation.complete(disk.open('missing', { create: false })), { code: 'FILE_MISSING' })
  await assert.rejects(simulation.complete(clock.sleep(1000), 10), /Not done after/)
})

test('a callback that defers itself for ever is caught', async () => {
  const simulation = new Simulation({ seed: 1 })
  const { clock } = simulation.machine('n1').host
  const again = () => clock.defer(again)
  clock.timer(1, again)
  await assert.rejects(simulation.run(), /defer for ever/)
})

test('one run at a time', async () => {
  const simulation = new Simulation({ seed: 1 })
  const run = simulation.run()
  assert.throws(() => simulation.run(), /one run at a time/)
  await run
})

test('what comes due while a process is busy is handled in one turn', async () => {
  const turn = { baseMs: 5, jitterMs: 0, spikeChance: 0, spikeMs: 0 }
  const simulation = new Simulation({ seed: 1, clock: { turn, timerLateMs: 0 } })
  const { clock } = simulation.machine('n1').host
  const seen: string[] = []
  const startMs = clock.monotonicMs()
  for (const atMs of [1, 2, 3, 4, 20]) {
    clock.timer(atMs, () => {
      seen.push(`${atMs} at ${clock.monotonicMs() - startMs}`)
      clock.defer(() => seen.push('end of turn'))
    })
  }
  await simulation.run()
  assert.deepEqual(seen, [
    '1 at 1',
    'end of turn',
    '2 at 6',
    '3 at 6',
    '4 at 6',
    'end of turn',
    'end of turn',
    'end of turn',
    '20 at 20',
    'end of turn',
  ])
})

test('clocks of machines differ, and wall clocks by no more than they may', async () => {
  const simulation = new Simulation({ seed: 1, clock: { wallOffsetMs: 100, wallStartMs: 1_000_000 } })
  const walls = ['n1', 'n2', 'n3', 'n4'].map((name) => simulation.machine(name).host.clock.wallMs())
  assert.equal(new Set(walls).size, 4)
  for (const wall of walls) assert.ok(Math.abs(wall - 1_000_000) <= 100)
})

test('nothing of the real process can be seen', () => {
  assert.equal(new Simulation({ seed: 1 }).machine('n1').host.usage(), undefined)
})

test('a stream is cut into chunks at other places than it was written in', async () => {
  const simulation = new Simulation({ seed: 1, network: { splitChance: 0.5 } })
  const sizes = new Set<number>()
  const server = simulation.machine('n1').host
  const text = utf8Bytes('one message of some length')
  let bytes = 0
  const listening = server.network.listen({ host: 'n1', port: 1 }, (connection) => {
    connection.handler = {
      data: (chunk) => {
        sizes.add(chunk.length)
        bytes += chunk.length
      },
      closed() {},
    }
  })
  await simulation.complete(listening)
  const client = simulation.machine('n2').host
  const connection = client.network.connect({ host: 'n1', port: 1 }, { data() {}, closed() {} })
  for (let i = 0; i < 200; i++) client.clock.timer(i, () => connection.write(text))
  await simulation.run({ until: () => bytes === 200 * text.length, forMs: 10_000 })
  assert.equal(bytes, 200 * text.length)
  assert.ok(sizes.size > 15)
})
