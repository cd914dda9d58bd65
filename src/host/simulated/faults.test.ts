import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import type { Connection, Host } from '#kernel/base/host.ts'
import { type Machine, Simulation, type SimulationOptions } from './index.ts'

interface Heard {
  readonly connection: Connection
  readonly text: () => string
  readonly events: string[]
}

function listen(host: Host, name: string, accepted: Heard[]): Promise<unknown> {
  return host.network.listen({ host: name, port: 1 }, (connection) => {
    accepted.push(hear(connection))
  })
}

function connect(host: Host, to: string): Heard {
  const events: string[] = []
  let text = ''
  const connection = host.network.connect(
    { host: to, port: 1 },
    {
      opened: () => events.push('opened'),
      data: (chunk) => {
        text += utf8Text(chunk)
      },
      closed: (error) => events.push(error ? error.message.replace(/^.* (\w+)$/, '$1') : 'closed'),
    },
  )
  return { connection, text: () => text, events }
}

function hear(connection: Connection): Heard {
  const events: string[] = []
  let text = ''
  connection.handler = {
    data: (chunk) => {
      text += utf8Text(chunk)
    },
    closed: (error) => events.push(error ? error.message.replace(/^.* (\w+)$/, '$1') : 'closed'),
  }
  return { connection, text: () => text, events }
}

/** n1 listens, n2 is connected to it. */
async function pairOn(options: SimulationOptions) {
  const simulation = new Simulation(options)
  const server = simulation.machine('n1')
  const client = simulation.machine('n2')
  const accepted: Heard[] = []
  await simulation.complete(listen(server.host, 'n1', accepted))
  const near = connect(client.host, 'n1')
  await simulation.run({ until: () => near.events.length > 0 && accepted.length > 0 })
  return { simulation, server, client, near, far: accepted[0]!, accepted }
}

test('kill: no callback runs, no promise settles, whatever the process had under way', async () => {
  const simulation = new Simulation({ seed: 1 })
  const machine = simulation.machine('n1')
  const { clock, disk, network } = machine.host
  const file = await simulation.complete(disk.open('file', { create: true }))
  const ran: string[] = []
  const note = (what: string) => () => void ran.push(what)
  clock.timer(1, note('timer'))
  clock.defer(note('deferred'))
  clock.sleep(1).then(note('sleep'))
  file.write(0, new Uint8Array(10)).then(note('write'), note('write'))
  file.writeDurably(100, [new Uint8Array(10)], note('durable write'))
  disk.open('other', { create: true }).then(note('open'))
  network.listen({ host: 'n1', port: 1 }, note('accept')).then(note('listen'))
  network.connect({ host: 'n1', port: 2 }, { data: note('data'), closed: note('closed') })
  machine.kill()
  // Code of the dead that is still on some stack finds everything inert.
  clock.timer(1, note('timer after death'))
  clock.defer(note('deferred after death'))
  file.read(0, 1).then(note('read after death'), note('read after death'))
  network.connect({ host: 'n1', port: 2 }, { data: note('data'), closed: note('closed') }).write(utf8Bytes('boo'))
  network.listen({ host: 'n1', port: 3 }, note('accept')).then(note('listen after death'))
  await simulation.run({ forMs: 100_000 })
  assert.deepEqual(ran, [])
  assert.equal(simulation.faults.kills, 1)
})

test('kill: what was written survives, synced or not, under the name that it has', async () => {
  const simulation = new Simulation({ seed: 2 })
  const machine = simulation.machine('n1')
  const file = await simulation.complete(machine.host.disk.open('draft', { create: true }))
  await simulation.complete(file.write(0, utf8Bytes('never synced')))
  await simulation.complete(machine.host.disk.rename('draft', 'final'))
  machine.kill()
  const { disk } = machine.restart()
  assert.deepEqual(await simulation.complete(disk.list('')), ['final'])
  const again = await simulation.complete(disk.open('final', { create: false }))
  assert.equal(utf8Text(await simulation.complete(again.read(0, 100))), 'never synced')
})

test('kill: a write under way has happened, or not, or its beginning has', async () => {
  const seen = new Set<string>()
  for (let seed = 0; seed < 60; seed++) {
    const simulation = new Simulation({ seed })
    const machine = simulation.machine('n1')
    const file = await simulation.complete(machine.host.disk.open('file', { create: true }))
    void file.write(0, utf8Bytes('abc'))
    machine.kill()
    const again = await simulation.complete(machine.restart().disk.open('file', { create: false }))
    const text = utf8Text(await simulation.complete(again.read(0, 100)))
    assert.equal(again.size, text.length)
    seen.add(text)
  }
  assert.deepEqual([...seen].sort(), ['', 'a', 'ab', 'abc'])
})

test('kill: peers get what the system had taken, then the end; the port is free at once', async () => {
  const { simulation, server, near, far } = await pairOn({ seed: 3 })
  far.connection.write(utf8Bytes('last words'))
  await simulation.run({ forMs: 0 })
  server.kill()
  await simulation.run({ forMs: 5000 })
  assert.equal(near.text(), 'last words')
  assert.deepEqual(near.events, ['opened', 'closed'])
  assert.deepEqual(far.events, [])
  const accepted: Heard[] = []
  await simulation.complete(listen(server.restart(), 'n1', accepted))
})

test('kill: nobody listens until it is started again', async () => {
  const { simulation, server, client } = await pairOn({ seed: 4 })
  server.kill()
  const refused = connect(client.host, 'n1')
  await simulation.run({ forMs: 1000 })
  assert.deepEqual(refused.events, ['there'])
})

test('pause: callbacks wait and come in order, clocks go on, the system still answers', async () => {
  const { simulation, server, client, near, far, accepted } = await pairOn({ seed: 5 })
  const seen: string[] = []
  const { clock } = server.host
  const startMs = clock.monotonicMs()
  clock.timer(20, () => seen.push('timer 20'))
  clock.timer(10, () => seen.push('timer 10'))
  const cancelled = clock.timer(15, () => seen.push('cancelled'))
  clock.timer(12, () => cancelled.cancel())
  server.pause()
  near.connection.write(utf8Bytes('are you there?'))
  const second = connect(client.host, 'n1')
  await simulation.run({ forMs: 1000 })
  assert.deepEqual(seen, [])
  assert.equal(far.text(), '')
  assert.deepEqual(second.events, ['opened'])
  assert.ok(clock.monotonicMs() - startMs >= 1000)
  server.resume()
  await simulation.run({ forMs: 100 })
  assert.deepEqual(seen, ['timer 10', 'timer 20'])
  assert.equal(far.text(), 'are you there?')
  assert.equal(accepted.length, 2)
})

test('pause: a writer is held up when the window is full', async () => {
  const { simulation, server, near, far } = await pairOn({ seed: 6, network: { windowBytes: 10_000 } })
  server.pause()
  near.connection.write(new Uint8Array(50_000).fill(97))
  await simulation.run({ forMs: 1000 })
  assert.equal(near.connection.queuedBytes, 40_000)
  server.resume()
  await simulation.run({ forMs: 10_000 })
  assert.equal(near.connection.queuedBytes, 0)
  assert.equal(far.text().length, 50_000)
})

test('pause: a paused process can be killed, and starts unpaused', async () => {
  const simulation = new Simulation({ seed: 7 })
  const machine = simulation.machine('n1')
  machine.pause()
  assert.ok(machine.isPaused)
  machine.kill()
  assert.ok(!machine.isAlive)
  const host = machine.restart()
  assert.ok(machine.isAlive && !machine.isPaused)
  await simulation.complete(host.clock.sleep(1))
})

test('power loss: a durable write that was answered stays whole, others in any part', async () => {
  let lost = 0
  for (let seed = 0; seed < 100; seed++) {
    const simulation = new Simulation({ seed })
    const machine = simulation.machine('n1')
    const { disk, random } = machine.host
    const file = await simulation.complete(disk.open('log', { create: true }))
    await simulation.complete(disk.syncDirectory(''))
    const record = new Uint8Array(700)
    let answered = 0
    const next = () => {
      answered++
      file.writeDurably(answered * record.length, [record.fill(answered).slice()], next)
    }
    file.writeDurably(0, [record.slice()], next)
    await simulation.run({ forMs: random.float() * 5 })
    const durable = answered
    machine.powerLoss()
    const again = await simulation.complete(machine.restart().disk.open('log', { create: false }))
    const bytes = await simulation.complete(again.read(0, 1_000_000))
    assert.ok(bytes.length >= durable * record.length, `seed ${seed}`)
    for (let i = 0; i < durable; i++) {
      const part = bytes.subarray(i * record.length, (i + 1) * record.length)
      assert.ok(
        part.every((byte) => byte === i % 256),
        `seed ${seed}: record ${i} of ${durable}`,
      )
    }
    lost += simulation.faults.sectorsLost
  }
  assert.ok(lost > 0)
})

test('power loss: peers hear nothing, and are refused when the machine is back', async () => {
  const { simulation, server, near } = await pairOn({ seed: 8, network: { resetAfterStallChance: 0 } })
  server.powerLoss()
  near.connection.write(utf8Bytes('hello?'))
  await simulation.run({ forMs: 5000 })
  assert.deepEqual(near.events, ['opened'])
  server.restart()
  await simulation.run({ forMs: 10_000 })
  assert.deepEqual(near.events, ['opened', 'reset'])
})

test('power loss: a peer that writes to a machine that stays away times out', async () => {
  const { simulation, server, client, near } = await pairOn({ seed: 9 })
  server.powerLoss()
  near.connection.write(utf8Bytes('hello?'))
  const attempt = connect(client.host, 'n1')
  await simulation.run({ forMs: 60_000 })
  assert.deepEqual(near.events, ['opened', 'out'])
  assert.deepEqual(attempt.events, ['out'])
})

test('power loss: the monotonic clock starts anew, the wall clock goes on', async () => {
  const simulation = new Simulation({ seed: 10 })
  const machine = simulation.machine('n1')
  const before = [machine.host.clock.monotonicMs(), machine.host.clock.wallMs()]
  machine.powerLoss()
  const { clock } = machine.restart()
  assert.notEqual(clock.monotonicMs(), before[0])
  assert.equal(clock.wallMs(), before[1])
})

test('cut one way: what is sent that way waits, the other way it goes on', async () => {
  const { simulation, near, far } = await pairOn({ seed: 11, network: { resetAfterStallChance: 0 } })
  simulation.cut(['n2'], ['n1'])
  near.connection.write(utf8Bytes('lost in the cut'))
  far.connection.write(utf8Bytes('still heard'))
  await simulation.run({ forMs: 5000 })
  assert.equal(near.text(), 'still heard')
  assert.equal(far.text(), '')
  simulation.heal()
  await simulation.run({ forMs: 10_000 })
  assert.equal(far.text(), 'lost in the cut')
  assert.deepEqual(near.events, ['opened'])
})

test('cut both ways: order is kept over the cut', async () => {
  const { simulation, near, far } = await pairOn({ seed: 12, network: { resetAfterStallChance: 0, splitChance: 0.5 } })
  let wanted = ''
  for (let i = 0; i < 200; i++) {
    simulation.at(i * 10, () => {
      near.connection.write(utf8Bytes(`${i};`))
      wanted += `${i};`
    })
  }
  simulation.at(300, () => simulation.partition(['n1'], ['n2']))
  simulation.at(800, () => simulation.heal())
  simulation.at(900, () => simulation.partition(['n1'], ['n2']))
  simulation.at(1500, () => simulation.heal())
  await simulation.run({ forMs: 20_000 })
  assert.equal(far.text(), wanted)
})

test('a cut that lasts fails the connection on the side that sends', async () => {
  const { simulation, near, far } = await pairOn({ seed: 13 })
  simulation.partition(['n1'], ['n2'])
  near.connection.write(utf8Bytes('x'))
  await simulation.run({ forMs: 60_000 })
  assert.deepEqual(near.events, ['opened', 'out'])
  assert.deepEqual(far.events, [])
  simulation.heal()
  far.connection.write(utf8Bytes('y'))
  await simulation.run({ forMs: 60_000 })
  assert.deepEqual(far.events, ['reset'])
})

test('after a heal a stalled connection goes on or is reset, both happen', async () => {
  const outcomes = new Set<string>()
  for (let seed = 0; seed < 40; seed++) {
    const { simulation, near, far } = await pairOn({ seed, network: { resetAfterStallChance: 0.5 } })
    simulation.partition(['n1'], ['n2'])
    near.connection.write(utf8Bytes('x'))
    await simulation.run({ forMs: 1000 })
    simulation.heal()
    await simulation.run({ forMs: 10_000 })
    outcomes.add(`${near.events.join(' ')} | ${far.text()} ${far.events.join(' ')}`)
  }
  assert.deepEqual([...outcomes].sort(), ['opened reset |  reset', 'opened | x '])
})

test('a connection attempt over a cut succeeds when it heals in time, and times out otherwise', async () => {
  const { simulation, client } = await pairOn({ seed: 14, network: { connectTimeoutMs: 5000 } })
  simulation.cut(['n1'], ['n2'])
  const early = connect(client.host, 'n1')
  await simulation.run({ forMs: 2000 })
  simulation.heal()
  await simulation.run({ forMs: 5000 })
  assert.deepEqual(early.events, ['opened'])
  simulation.cut(['n1'], ['n2'])
  const late = connect(client.host, 'n1')
  await simulation.run({ forMs: 6000 })
  assert.deepEqual(late.events, ['out'])
})

test('connections can be broken, on both sides', async () => {
  const { simulation, near, far } = await pairOn({ seed: 15 })
  simulation.resetConnections('n1', 'n2')
  await simulation.run({ forMs: 100 })
  assert.deepEqual(near.events, ['opened', 'reset'])
  assert.deepEqual(far.events, ['reset'])
  assert.equal(simulation.faults.resets, 2)
})

test('a machine that nobody knows cannot be reached', async () => {
  const simulation = new Simulation({ seed: 16 })
  const attempt = connect(simulation.machine('n1').host, 'nowhere')
  await simulation.run({ forMs: 100 })
  assert.deepEqual(attempt.events, ['name'])
})

test('a machine restarts only after it died', () => {
  const machine: Machine = new Simulation({ seed: 17 }).machine('n1')
  assert.throws(() => machine.restart(), /only after it died/)
})

test('a slow disk and a slow network take so many times as long, until they are quick again', async () => {
  const still = { jitterMs: 0, spikeChance: 0, spikeMs: 0 }
  const simulation = new Simulation({
    seed: 1,
    network: { delay: { baseMs: 1, ...still }, delaySpread: 0, splitChance: 0, lossChance: 0 },
    disk: { sync: { baseMs: 1, ...still } },
    clock: { timerLateMs: 0 },
  })
  const machine = simulation.machine('n1')
  const file = await simulation.complete(machine.host.disk.open('file', { create: true }))
  const elapsed = async (work: () => Promise<unknown>): Promise<number> => {
    const startMs = simulation.nowMs
    await simulation.complete(work())
    return Math.round(simulation.nowMs - startMs)
  }
  const refusal = () =>
    new Promise<void>((resolve) => {
      simulation.machine('n2').host.network.connect({ host: 'n1', port: 1 }, { data() {}, closed: () => resolve() })
    })
  const usual = [await elapsed(() => file.sync()), await elapsed(refusal)]
  machine.slowDisk(50)
  simulation.machine('n2').slowNetwork(20)
  const slow = [await elapsed(() => file.sync()), await elapsed(refusal)]
  assert.equal(slow[0], usual[0]! * 50)
  assert.ok(slow[1]! >= usual[1]! * 10, `${slow[1]} of ${usual[1]} ms`)
  machine.slowDisk(1)
  simulation.machine('n2').slowNetwork(1)
  assert.deepEqual([await elapsed(() => file.sync()), await elapsed(refusal)], usual)
  assert.equal(simulation.faults.slowDisks, 1)
})
