import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Outcome, openNode, openPair, send } from './testing/nodes.ts'
import { World } from './testing/world.ts'

test('two nodes connect to each other and stay connected without traffic', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  const changes: [number, boolean][] = []
  a.onPeerChange((peer, connected) => changes.push([peer, connected]))
  await world.run(60_000)
  assert.deepEqual(changes, [])
  assert.equal(a.connected(2) && b.connected(1), true)
  assert.equal(a.status()[0]!.counters.connects, 1)
  assert.equal(world.connections.filter((end) => end.state === 'open').length, 4)
})

test('what is queued in one turn for a peer is one write, in order', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  const got: string[] = []
  b.register(1, (from, bytes) => got.push(`${from}:1:${bytes[0]}`))
  b.register(2, (from, bytes) => got.push(`${from}:2:${bytes[0]}`))
  b.serve(1, (request) => request.reply((writer) => writer.uint8(request.bytes[0]! + 1)))
  const outcome = new Outcome()
  await world.run(1)
  const before = a.status()[0]!.counters.writes
  send(a, 2, 1, Uint8Array.of(1))
  send(a, 2, 2, Uint8Array.of(2))
  a.request(2, 1, (writer) => writer.uint8(7), { timeoutMs: 100 }, outcome)
  send(a, 2, 1, Uint8Array.of(3))
  await world.run(10)
  assert.deepEqual(got, ['1:1:1', '1:2:2', '1:1:3'])
  assert.equal(a.status()[0]!.counters.writes, before + 1)
  assert.equal(outcome.value, 8)
})

test('answers may come in any order, and each reaches its own request', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  const waiting: (() => void)[] = []
  b.serve(9, (request) => {
    waiting.unshift(() => request.reply((writer) => writer.uint8(request.bytes[0]!)))
  })
  const outcomes = [1, 2, 3].map((value) => {
    const outcome = new Outcome()
    a.request(2, 9, (writer) => writer.uint8(value), { timeoutMs: 1000 }, outcome)
    return outcome
  })
  await world.until(() => waiting.length === 3)
  for (const answer of waiting) answer()
  await world.run(5)
  assert.deepEqual(
    outcomes.map((outcome) => outcome.value),
    [1, 2, 3],
  )
})

test('without a connection a message is dropped and counted, a request fails as certainly not done', async () => {
  const world = new World()
  const a = await openNode(world, 1)
  assert.equal(a.begin(2, 1), undefined)
  const outcome = new Outcome()
  a.request(2, 1, () => {}, { timeoutMs: 1000 }, outcome)
  assert.equal(outcome.calls, 0)
  await world.run(0)
  assert.equal(outcome.value, 'UNAVAILABLE')
  const { counters } = a.status()[0]!
  assert.equal(counters.droppedDisconnected, 1)
  assert.equal(counters.requestsRefused, 1)
})

test('a request whose deadline passes fails with an unknown outcome, and the other node learns that nobody waits', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  let abandoned = 0
  b.serve(1, (request) => {
    request.onAbandoned = () => abandoned++
  })
  const outcome = new Outcome()
  a.request(2, 1, () => {}, { timeoutMs: 500 }, outcome)
  await world.run(499)
  assert.equal(outcome.value, undefined)
  await world.run(50)
  assert.equal(outcome.value, 'OUTCOME_UNKNOWN')
  assert.equal(abandoned, 1)
})

test('a cancelled request calls back no more, and the other node is told', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  let abandoned = 0
  b.serve(1, (request) => {
    request.onAbandoned = () => abandoned++
  })
  const outcome = new Outcome()
  const request = a.request(2, 1, () => {}, { timeoutMs: 5000 }, outcome)
  await world.run(5)
  request.cancel()
  request.cancel()
  await world.run(5)
  assert.equal(abandoned, 1)
  assert.equal(outcome.calls, 0)
  assert.equal(a.status()[0]!.requestsOutstanding, 0)
})

test('when a node dies its requests fail at once: those sent with an unknown outcome', async () => {
  const world = new World()
  const process = world.process('n2')
  const b = await openNode(world, 2, { process })
  const a = await openNode(world, 1)
  await world.until(() => a.connected(2))
  b.serve(1, () => {})
  const outcome = new Outcome()
  a.request(2, 1, () => {}, { timeoutMs: 60_000 }, outcome)
  await world.run(5)
  process.kill()
  await world.run(5)
  assert.equal(outcome.value, 'OUTCOME_UNKNOWN')
  assert.equal(a.connected(2), false)
})

test('a node that restarts is connected again within 100 ms, however long it was away', async () => {
  const world = new World()
  const process = world.process('n2')
  await openNode(world, 2, { process })
  const a = await openNode(world, 1)
  await world.until(() => a.connected(2))
  process.kill()
  await world.run(30_000)
  assert.equal(a.connected(2), false)
  const again = await openNode(world, 2)
  const startedMs = world.nowMs
  await world.until(() => a.connected(2) && again.connected(1))
  assert.ok(world.nowMs - startedMs <= 100, `${world.nowMs - startedMs} ms`)
})
