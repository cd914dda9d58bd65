import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnumError } from '#kernel/base/errors.ts'
import { transportLimits } from './limits.ts'
import type { LogLine } from './testing/nodes.ts'
import { Outcome, openNode, openPair, send } from './testing/nodes.ts'
import { World } from './testing/world.ts'

const { silenceMaxMs, beatIntervalMs, reconnectMaxMs, handshakeTimeoutMs, firstContactMs } = transportLimits

test('a flipped byte closes the connection and is counted; nothing wrong is delivered, and the nodes connect again', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  const got: number[] = []
  b.register(1, (_from, bytes) => got.push(bytes[0]!))
  send(a, 2, 1, Uint8Array.of(1))
  await world.run(5)
  world.tamper = (bytes, from) => {
    if (from === 'n1') bytes[bytes.length - 1]! ^= 4
    return bytes
  }
  send(a, 2, 1, Uint8Array.of(2))
  await world.until(() => !b.connected(1))
  world.tamper = undefined
  await world.until(() => a.connected(2) && b.connected(1))
  send(a, 2, 1, Uint8Array.of(3))
  await world.run(5)
  assert.deepEqual(got, [1, 3])
  assert.equal(b.status()[0]!.counters.damaged, 1)
})

test('a message that its handler cannot read counts as damage of its connection only', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  b.register(1, () => {
    throw new UnumError('DATA_DAMAGED', 'not one of ours')
  })
  send(a, 2, 1, Uint8Array.of(1))
  await world.until(() => !a.connected(2))
  assert.equal(b.status()[0]!.counters.damaged, 1)
  await world.until(() => a.connected(2) && b.connected(1))
})

for (const cuts of [['n1 n2'], ['n2 n1'], ['n1 n2', 'n2 n1']]) {
  test(`a dead link (${cuts.join(', ')}) is noticed in time on both sides, and comes back soon after it heals`, async () => {
    const world = new World()
    const [a, b] = await openPair(world)
    b.serve(1, () => {})
    const outcome = new Outcome()
    await world.run(3000)
    a.request(2, 1, () => {}, { timeoutMs: 600_000 }, outcome)
    await world.run(10)
    for (const cut of cuts) world.cut(...(cut.split(' ') as [string, string]))
    await world.run(silenceMaxMs + 2 * beatIntervalMs)
    assert.equal(a.connected(2), false)
    assert.equal(b.connected(1), false)
    assert.equal(outcome.value, 'OUTCOME_UNKNOWN')
    await world.run(20_000)
    world.heal()
    await world.run(reconnectMaxMs + handshakeTimeoutMs)
    assert.equal(a.connected(2) && b.connected(1), true)
  })
}

test('messages arrive in order and never twice, whatever happens to the connections', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    const world = new World(seed)
    world.pieces = (bytes) => {
      const pieces: Uint8Array[] = []
      for (let at = 0; at < bytes.length; ) {
        const length = 1 + world.random.below(64)
        pieces.push(bytes.slice(at, at + length))
        at += length
      }
      return pieces
    }
    const [a, b] = await openPair(world)
    const got: number[] = []
    b.register(1, (_from, bytes) => got.push(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)))
    let accepted = 0
    for (let value = 0; value < 2000; value++) {
      const writer = a.begin(2, 1)
      if (writer) {
        writer.uint32Be(value)
        a.finish(2)
        accepted++
      }
      if (world.random.below(4) === 0) await world.run(world.random.below(30))
      const open = world.connections.filter((end) => end.state === 'open')
      if (world.random.below(100) === 0 && open.length > 0) open[world.random.below(open.length)]!.destroy()
    }
    await world.run(100)
    for (let i = 1; i < got.length; i++) assert.ok(got[i]! > got[i - 1]!, `seed ${seed}: ${got[i]} after ${got[i - 1]}`)
    assert.ok(got.length > 100 && got.length <= accepted, `seed ${seed}: ${got.length} of ${accepted}`)
  }
})

test('every request has exactly one outcome, and one that was certainly not done was not seen over there', async () => {
  const tally = new Map<unknown, number>()
  for (let seed = 1; seed <= 10; seed++) {
    const world = new World(seed)
    const [a, b] = await openPair(world)
    const seen = new Set<number>()
    b.serve(1, (request) => {
      const value = request.bytes[0]! * 256 + request.bytes[1]!
      assert.ok(!seen.has(value), 'a request is served once')
      seen.add(value)
      const delayMs = world.random.below(60)
      world.at(delayMs, () => request.reply((writer) => writer.uint8(1)))
    })
    const outcomes: Outcome[] = []
    for (let value = 0; value < 1000; value++) {
      const outcome = new Outcome()
      outcomes.push(outcome)
      const encode = (writer: { uint16Be(value: number): void }) => writer.uint16Be(value)
      a.request(2, 1, encode, { timeoutMs: 1 + world.random.below(80) }, outcome)
      if (world.random.below(3) === 0) await world.run(world.random.below(20))
      const open = world.connections.filter((end) => end.state === 'open')
      if (world.random.below(40) === 0 && open.length > 0) open[world.random.below(open.length)]!.destroy()
    }
    await world.run(1000)
    for (const [value, outcome] of outcomes.entries()) {
      assert.equal(outcome.calls, 1, `seed ${seed}: request ${value}`)
      if (outcome.value === 'UNAVAILABLE') assert.ok(!seen.has(value), `seed ${seed}: request ${value} was not sent`)
      tally.set(outcome.value, (tally.get(outcome.value) ?? 0) + 1)
    }
    assert.equal(a.status()[0]!.requestsOutstanding, 0)
  }
  for (const kind of [1, 'UNAVAILABLE', 'OUTCOME_UNKNOWN'])
    assert.ok(tally.get(kind)! > 300, `${kind}: ${tally.get(kind)}`)
})

test('when the connection goes, who serves a request learns that nobody waits for it any more', async () => {
  for (const direction of [0, 1]) {
    const world = new World()
    const [a, b] = await openPair(world)
    let abandoned = 0
    b.serve(1, (request) => {
      request.onAbandoned = () => {
        abandoned++
        assert.equal(request.abandoned, true)
        request.reply(() => assert.fail('an abandoned request is not answered'))
      }
    })
    a.request(2, 1, () => {}, { timeoutMs: 60_000 }, new Outcome())
    await world.run(10)
    world.connections.filter((end) => end.host === 'n1' && end.state === 'open')[direction]!.destroy()
    await world.run(10)
    assert.equal(abandoned, 1)
  }
})

test('a request in the buffer of the turn in which a connection goes: not done if that was to carry it, else unknown', async () => {
  for (const [direction, expected] of [
    ['outbound', 'UNAVAILABLE'],
    ['inbound', 'OUTCOME_UNKNOWN'],
  ]) {
    const world = new World()
    const [a, b] = await openPair(world)
    let served = 0
    b.serve(1, () => served++)
    const outcome = new Outcome()
    // Node 1's ends, in the order of `connect`: what it opened, then what it accepted from node 2.
    const ends = world.connections.filter((end) => end.host === 'n1' && end.state === 'open')
    const end = ends[direction === 'outbound' ? 0 : 1]!
    const { handler } = end
    end.handler = {
      data: (chunk) => handler.data(chunk),
      closed: (error) => {
        a.request(2, 1, () => {}, { timeoutMs: 60_000 }, outcome)
        handler.closed(error)
      },
    }
    end.close(new Error('reset'))
    await world.run(10)
    assert.equal(outcome.value, expected)
    assert.equal(served, direction === 'outbound' ? 0 : 1)
  }
})

test('a node that was asleep does not take the silence of that time for the death of others', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  await world.run(2000)
  const changes: unknown[] = []
  a.onPeerChange((...change) => changes.push(change))
  // Nothing runs for a minute: then all that is overdue does, timers first.
  world.nowMs += 60_000
  await world.run(5000)
  assert.deepEqual(changes, [])
  assert.equal(a.connected(2) && b.connected(1), true)
})

test('a peer that was never reached is logged only after some time, since it may be starting; one that was lost at once', async () => {
  const world = new World()
  const lines: LogLine[] = []
  const a = await openNode(world, 1, { lines })
  const told = () => lines.splice(0).map(({ message }) => message)
  await world.run(firstContactMs - 1)
  assert.deepEqual(told(), [])
  assert.match(a.status()[0]!.connectError!, /^Cannot connect/)
  const process = world.process('n2')
  await openNode(world, 2, { process })
  await world.until(() => a.connected(2))
  assert.deepEqual(told(), ['Connected with node 2'])
  process.kill()
  await world.run(2000)
  const [lost, none, ...more] = told()
  assert.equal(lost, 'Lost the connection with node 2')
  assert.match(none!, /^No connection to node n2, trying again: Cannot connect/)
  assert.deepEqual(more, [])
})

test('a peer that answers wrongly is logged at once', async () => {
  const world = new World()
  const lines: LogLine[] = []
  await openNode(world, 2, { clusterId: 'other' })
  await openNode(world, 1, { lines })
  await world.run(100)
  assert.match(lines.map(({ message }) => message).join(), /No connection to node n2.* belongs to cluster other/)
})

test('a peer that cannot be reached is tried again and again, and logged once for each reason', async () => {
  const world = new World()
  const lines: LogLine[] = []
  const a = await openNode(world, 1, { lines })
  await world.run(60_000)
  assert.equal(lines.length, 1)
  assert.match(lines[0]!.message, /No connection to node n2, trying again/)
  const { connectFailures } = a.status()[0]!.counters
  assert.ok(connectFailures >= 60 && connectFailures < 150, `${connectFailures} attempts`)
})
