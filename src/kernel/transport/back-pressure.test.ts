import assert from 'node:assert/strict'
import { test } from 'node:test'
import { latin1Text } from '#kernel/base/bytes.ts'
import { frameHeaderBytes } from './frame.ts'
import { Outcome, openPair, send } from './testing/nodes.ts'
import { World } from './testing/world.ts'

const queueBytesMax = 1 << 20
const limits = { queueBytesMax, requestQueueBytesMax: queueBytesMax / 2 }

test('towards a peer that does not read, what waits is bounded: messages are dropped, requests refused', async () => {
  const world = new World()
  world.windowBytes = 1 << 16
  const [a, b] = await openPair(world, limits)
  let got = 0
  b.register(1, () => got++)
  b.pauseReading(1, 1)
  await world.run(10)
  const body = new Uint8Array(10_000)
  let sent = 0
  for (let i = 0; i < 1000; i++) {
    if (send(a, 2, 1, body)) sent++
    await world.run(1)
  }
  const { queuedBytes, counters } = a.status()[0]!
  assert.ok(
    queuedBytes > queueBytesMax && queuedBytes <= queueBytesMax + body.length + frameHeaderBytes,
    `${queuedBytes} bytes`,
  )
  assert.equal(counters.droppedQueueFull, 1000 - sent)
  const outcome = new Outcome()
  a.request(2, 1, () => {}, { timeoutMs: 1000 }, outcome)
  await world.run(0)
  assert.equal(outcome.value, 'UNAVAILABLE')
  b.resumeReading(1, 1)
  await world.run(100)
  assert.equal(got, sent)
  assert.equal(a.status()[0]!.queuedBytes, 0)
  assert.equal(send(a, 2, 1, body), true)
})

test('notices are queued where messages are dropped; what no longer takes even those is closed, and the other node sees it', async () => {
  const world = new World()
  world.windowBytes = 1 << 16
  const noticeQueueBytesMax = queueBytesMax + 400_000
  const [a, b] = await openPair(world, { ...limits, frameBytesMax: 300_000, noticeQueueBytesMax })
  const notice = (text: string) => {
    const writer = a.beginNotice(2, 1)
    if (!writer) return false
    writer.ascii(text)
    a.finish(2)
    return true
  }
  let heard = ''
  b.register(1, (_from, bytes) => {
    if (bytes.length < 100) heard += latin1Text(bytes)
  })
  b.pauseReading(1, 1)
  await world.run(10)
  while (send(a, 2, 1, new Uint8Array(10_000)));
  assert.equal(notice('one '), true)
  assert.equal(send(a, 2, 1, new Uint8Array(10)), false)
  assert.equal(notice('two '), true)
  b.resumeReading(1, 1)
  await world.run(100)
  assert.equal(heard, 'one two ')

  b.pauseReading(1, 1)
  await world.run(10)
  while (send(a, 2, 1, new Uint8Array(10_000)));
  let count = 0
  while (notice('.'.repeat(88))) count++
  assert.ok(count > 3500 && count <= 4001, `${count} notices`)
  b.resumeReading(1, 1)
  await world.until(() => !b.connected(1))
  await world.until(() => b.connected(1) && a.connected(2))
  assert.equal(notice('again'), true)
})

test('requests are refused before messages are dropped', async () => {
  const world = new World()
  world.windowBytes = 1 << 16
  const [a, b] = await openPair(world, limits)
  b.pauseReading(1, 1)
  const outcomes: Outcome[] = []
  for (let i = 0; i < 100; i++) {
    const outcome = new Outcome()
    outcomes.push(outcome)
    a.request(2, 1, (writer) => writer.raw(new Uint8Array(10_000)), { timeoutMs: 60_000 }, outcome)
  }
  await world.run(0)
  assert.ok(outcomes.some(({ value }) => value === 'UNAVAILABLE'))
  assert.equal(send(a, 2, 1, new Uint8Array(100)), true)
})

test('reading stays paused until each channel that paused it goes on, and over a new connection too', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  let got = 0
  b.register(1, () => got++)
  b.pauseReading(1, 1)
  b.pauseReading(1, 2)
  b.resumeReading(1, 1)
  send(a, 2, 1, Uint8Array.of(1))
  await world.run(20)
  assert.equal(got, 0)
  // Longer than any silence would be suffered: the pause is not mistaken for the death of the peer.
  await world.run(20_000)
  assert.equal(a.connected(2), true)
  assert.equal(a.status()[0]!.counters.connects, 1)
  for (const end of world.connections) if (end.host === 'n1' && end.state === 'open') end.destroy()
  await world.until(() => !b.connected(1))
  await world.until(() => a.connected(2) && b.connected(1))
  send(a, 2, 1, Uint8Array.of(2))
  await world.run(20)
  assert.equal(got, 0)
  b.resumeReading(1, 2)
  await world.run(20)
  assert.equal(got, 1)
})

test('a peer can have so many requests served at once, and no more', async () => {
  const world = new World()
  const [a, b] = await openPair(world, { servedMax: 10 })
  b.serve(1, () => {})
  const outcomes = Array.from({ length: 12 }, () => {
    const outcome = new Outcome()
    a.request(2, 1, () => {}, { timeoutMs: 1000 }, outcome)
    return outcome
  })
  await world.run(20)
  assert.deepEqual(
    outcomes.map(({ value }) => value),
    [...new Array(10).fill(undefined), 'UNAVAILABLE', 'UNAVAILABLE'],
  )
})

test('a node can have so many requests outstanding, and no more', async () => {
  const world = new World()
  const [a, b] = await openPair(world, { requestsMax: 3 })
  b.serve(1, () => {})
  const outcomes = Array.from({ length: 4 }, () => {
    const outcome = new Outcome()
    a.request(2, 1, () => {}, { timeoutMs: 1000 }, outcome)
    return outcome
  })
  await world.run(0)
  assert.deepEqual(
    outcomes.map(({ value }) => value),
    [undefined, undefined, undefined, 'UNAVAILABLE'],
  )
})

test('an answer that finds no room is not silently lost: the requester hears that the outcome is unknown', async () => {
  const world = new World()
  world.windowBytes = 1 << 16
  const [a, b] = await openPair(world, limits)
  b.serve(1, (request) => request.reply((writer) => writer.raw(new Uint8Array(100_000))))
  a.pauseReading(2, 1)
  await world.run(10)
  const outcomes = Array.from({ length: 50 }, () => {
    const outcome = new Outcome()
    a.request(2, 1, () => {}, { timeoutMs: 60_000 }, outcome)
    return outcome
  })
  await world.run(10)
  assert.ok(b.status()[0]!.queuedBytes < queueBytesMax + 110_000)
  a.resumeReading(2, 1)
  await world.run(200)
  const values = outcomes.map(({ value }) => value)
  assert.ok(values.includes(0) && values.includes('OUTCOME_UNKNOWN'))
  assert.ok(values.every((value) => value === 0 || value === 'OUTCOME_UNKNOWN'))
  assert.equal(b.status()[0]!.counters.repliesRefused, values.filter((value) => value !== 0).length)
})

test('a message above the limit of a frame is refused where it is made, and nothing of it is sent', async () => {
  const world = new World()
  const [a, b] = await openPair(world, { frameBytesMax: 300_000 })
  let got = 0
  b.register(1, (_from, bytes) => {
    got += bytes.length
  })
  assert.throws(() => send(a, 2, 1, new Uint8Array(300_001)), { code: 'LIMIT_EXCEEDED' })
  assert.equal(send(a, 2, 1, new Uint8Array(300_000)), true)
  await world.run(20)
  assert.equal(got, 300_000)
})

test('an answer that its handler cannot encode fails the request at once', async () => {
  const world = new World()
  const [a, b] = await openPair(world, { frameBytesMax: 300_000 })
  let thrown: unknown
  b.serve(1, (request) => {
    try {
      request.reply((writer) => writer.raw(new Uint8Array(300_000)))
    } catch (error) {
      thrown = error
    }
  })
  const outcome = new Outcome()
  a.request(2, 1, () => {}, { timeoutMs: 60_000 }, outcome)
  await world.run(20)
  assert.equal((thrown as { code: string }).code, 'LIMIT_EXCEEDED')
  assert.equal(outcome.value, 'OUTCOME_UNKNOWN')
})
