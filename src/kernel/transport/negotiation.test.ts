import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handshakeBytesMax } from './handshake.ts'
import { transportLimits } from './limits.ts'
import type { LogLine } from './testing/nodes.ts'
import { Outcome, openNode, openPair, send } from './testing/nodes.ts'
import { listenAsNode2, Stranger } from './testing/stranger.ts'
import { World } from './testing/world.ts'

const { handshakesMax, handshakeTimeoutMs, refusedRetryMs } = transportLimits

test('two nodes of different versions use the newest that both speak', async () => {
  const world = new World()
  const a = await openNode(world, 1, { protocolVersions: { min: 1, max: 4 } })
  const b = await openNode(world, 2, { protocolVersions: { min: 3, max: 7 } })
  await world.until(() => a.connected(2) && b.connected(1))
  assert.equal(a.status()[0]!.protocolVersion, 4)
  assert.equal(b.status()[0]!.protocolVersion, 4)
})

const refusals = [
  {
    what: 'versions that have none in common',
    options: { protocolVersions: { min: 2, max: 3 } },
    code: 'FORMAT_UNKNOWN',
    said: /speaks protocol versions 1 to 1, this node 2 to 3/,
  },
  {
    what: 'another cluster',
    options: { clusterId: 'c2' },
    code: 'CLUSTER_MISMATCH',
    said: /belongs to cluster c1, this node to cluster c2/,
  },
  {
    what: 'a node that is not in the cluster',
    options: { self: { id: 9, name: 'n9' }, listen: { host: 'n9', port: 7000 } },
    code: 'CONFIGURATION_INVALID',
    said: /does not know a node 9/,
  },
]
for (const { what, options, code, said } of refusals) {
  test(`${what}: refused, said once by each side with both named, tried again slowly`, async () => {
    const world = new World()
    const lines: LogLine[] = []
    const theirs: LogLine[] = []
    const node = await openNode(world, 1, { lines })
    await openNode(world, 2, {
      lines: theirs,
      peers: [{ id: 1, name: 'n1', address: { host: 'n1', port: 7000 } }],
      ...options,
    })
    await world.run(refusedRetryMs * 10)
    assert.ok(node.strangers.refused >= 9 && node.strangers.refused <= 11, `${node.strangers.refused} refusals`)
    const refused = lines.filter(({ message }) => message.startsWith('Refused'))
    assert.equal(refused.length, 1)
    assert.deepEqual((refused[0]!.fields.ours as { clusterId: string }).clusterId, 'c1')
    const failed = theirs.filter(({ message }) => message.startsWith('No connection'))
    assert.equal(failed.length, 1, JSON.stringify(theirs))
    assert.equal(failed[0]!.fields.code, code)
    assert.match(failed[0]!.message, said)
  })
}

test('an address at which another node answers is refused by that node', async () => {
  const world = new World()
  await openNode(world, 1)
  const lines: LogLine[] = []
  const wrong = { id: 3, name: 'n3', address: { host: 'n1', port: 7000 } }
  await openNode(world, 2, { lines, peers: [wrong] })
  await world.run(1000)
  const failed = lines.filter(({ message }) => message.startsWith('No connection'))
  assert.equal(failed.length, 1)
  assert.match(failed[0]!.message, /node 1 \(n1\) answers at the address of node 3/)
})

test('garbage closes its own connection only', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  const strangers = Array.from({ length: 20 }, () => new Stranger(world))
  for (const { end } of strangers) end.write(world.random.bytes(5000))
  await world.run(100)
  assert.ok(strangers.every(({ isClosed }) => isClosed))
  assert.equal(a.strangers.garbage, 20)
  assert.equal(a.connected(2) && b.connected(1), true)
})

test('who does not greet in time, or greets forever, is closed', async () => {
  const world = new World()
  const a = await openNode(world, 1, { nodes: 1 })
  const silent = new Stranger(world)
  const slow = new Stranger(world)
  for (let i = 0; i < 100; i++) world.at(i * 20, () => slow.end.write(Uint8Array.of('unumnode'.charCodeAt(i) || 1)))
  await world.run(handshakeTimeoutMs + 10)
  assert.ok(silent.isClosed && slow.isClosed)
  assert.equal(a.strangers.unfinished, 2)
})

test('ten thousand half-open handshakes hold a bounded number of connections, and a node still gets in', async () => {
  const world = new World()
  const a = await openNode(world, 1)
  const open = () =>
    world.connections.filter((end) => end.host === 'n1' && end.peer === 'stranger' && end.state === 'open')
  for (let i = 0; i < 10_000; i++) {
    new Stranger(world).end.write(Uint8Array.of(117, 110))
    if (i % 500 === 499) {
      await world.run(1)
      assert.ok(open().length <= handshakesMax)
    }
  }
  const b = await openNode(world, 2)
  await world.until(() => a.connected(2) && b.connected(1), 2000)
  await world.run(handshakeTimeoutMs)
  assert.equal(open().length, 0)
  assert.equal(a.strangers.unfinished, 10_000)
})

test('a stranger that is refused and does not hang up is closed in time', async () => {
  const world = new World()
  await openNode(world, 1)
  const stranger = new Stranger(world).greet({ from: 77 })
  stranger.end.handler.ended = () => {}
  await world.run(10)
  assert.equal(stranger.answer!.verdict, 'unknown-node')
  await world.run(handshakeTimeoutMs)
  assert.equal(stranger.end.other!.state, 'closed')
})

test('of two connections of one node the newer counts, in whatever order they come', async () => {
  const world = new World()
  await openNode(world, 1)
  const fifth = new Stranger(world).greet({ attempt: 5 })
  await world.run(10)
  const fourth = new Stranger(world).greet({ attempt: 4 })
  await world.run(10)
  assert.equal(fifth.answer!.verdict, 'accepted')
  assert.equal(fourth.answer!.verdict, 'outdated')
  assert.equal(fifth.isClosed, false)
  const sixth = new Stranger(world).greet({ attempt: 6 })
  await world.run(10)
  assert.equal(fifth.isClosed, true)
  assert.equal(sixth.isClosed, false)
  const restarted = new Stranger(world).greet({ attempt: 1, incarnation: 2 })
  await world.run(10)
  assert.equal(sixth.isClosed, true)
  assert.equal(restarted.answer!.verdict, 'accepted')
})

test('when a node is known to have started again, what was open with its former self is closed, in both directions', async () => {
  const world = new World()
  const a = await openNode(world, 1)
  const old = new Stranger(world).greet({ incarnation: 1 })
  await world.run(10)
  assert.equal(old.isClosed, false)
  await listenAsNode2(world, 2)
  await world.until(() => a.status()[0]!.counters.connects === 1)
  await world.run(10)
  assert.equal(old.isClosed, true, 'its answer tells of a new incarnation')
  const outbound = world.connections.filter((end) => end.host === 'n1' && end.peer === 'n2' && end.state === 'open')
  assert.equal(outbound.length, 1)
  new Stranger(world).greet({ incarnation: 3 })
  await world.run(3)
  assert.equal(outbound[0]!.state, 'closed', 'its greeting tells of another')
})

test('a connection that only one side has opened carries messages, but no requests: there is no way back', async () => {
  const world = new World()
  await listenAsNode2(world, 1)
  const a = await openNode(world, 1)
  await world.run(10)
  assert.equal(send(a, 2, 1, Uint8Array.of(1)), true)
  assert.equal(a.connected(2), false)
  const outcome = new Outcome()
  a.request(2, 1, () => {}, { timeoutMs: 1000 }, outcome)
  await world.run(1)
  assert.equal(outcome.value, 'UNAVAILABLE')
})

test('bytes beyond the bound of a handshake are not held', async () => {
  const world = new World()
  const a = await openNode(world, 1)
  const stranger = new Stranger(world)
  const header = Uint8Array.of(...Buffer.from('unumnode'), 0xff, 0xff, 0, 0, 0, 0)
  stranger.end.write(header)
  stranger.end.write(new Uint8Array(handshakeBytesMax * 4))
  await world.run(10)
  assert.ok(stranger.isClosed)
  assert.equal(a.strangers.garbage, 1)
})
