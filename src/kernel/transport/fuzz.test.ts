import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BulkReader } from './bulk/bulk-types.ts'
import type { FrameKind } from './frame.ts'
import { frames } from './frame.ts'
import type { Purpose } from './handshake.ts'
import { Outbox } from './outbox.ts'
import { Outcome, openNode } from './testing/nodes.ts'
import { listenAsNode2, Stranger } from './testing/stranger.ts'
import { World } from './testing/world.ts'
import type { Transport } from './transport.ts'

/**
 * Somebody who greets like a node and then says anything: random bytes, well-formed frames of random kinds and bodies, valid
 * traffic with changed bytes. The node must neither throw nor hang nor hold more than its bounds, and must serve the others.
 */
const kinds = Object.keys(frames) as FrameKind[]
const kindsOf = {
  messages: kinds.filter((kind) => frames[kind].purpose !== 'bulk'),
  bulk: kinds.filter((kind) => frames[kind].purpose !== 'messages'),
}
const limits = { frameBytesMax: 300_000, servedMax: 50 }

async function readAll(stream: BulkReader): Promise<void> {
  while (await stream.read());
}

function randomFrames(world: World, purpose: Purpose, count: number): Uint8Array {
  const { random } = world
  const outbox = new Outbox(limits.frameBytesMax)
  for (let i = 0; i < count; i++) {
    const fitting = random.below(20) > 0 ? kindsOf[purpose] : kinds
    const writer = outbox.begin(fitting[random.below(fitting.length)]!, random.below(4))
    // Small ids, so that frames speak of the same requests and streams; sometimes too little for the kind.
    if (random.below(30) > 0) writer.uint32(1 + random.below(3))
    if (random.below(20) > 0) writer.uint32(random.below(3) === 0 ? random.uint32() : random.below(1000))
    if (random.below(2) === 0) writer.raw(random.bytes(random.below(200)))
    outbox.finish()
  }
  return Uint8Array.from(Buffer.concat(outbox.take()))
}

function attack(world: World, purpose: Purpose): Uint8Array {
  const { random } = world
  const way = random.below(4)
  if (way === 0) return random.bytes(1 + random.below(3000))
  const bytes = randomFrames(world, purpose, 1 + random.below(20))
  if (way === 1) bytes[random.below(bytes.length)]! ^= 1 + random.below(255)
  if (way === 2) return bytes.slice(0, random.below(bytes.length))
  return bytes
}

/** Node 1 with a handler for everything; node 3 is its honest peer. */
async function openTarget(world: World): Promise<Transport> {
  const target = await openNode(world, 1, { nodes: 3, limits })
  target.register(1, () => {})
  target.serve(1, (request) => request.reply((writer) => writer.raw(request.bytes)))
  target.serve(2, () => {})
  target.onBulk(1, readAll)
  target.onBulk(2, () => new Promise(() => {}))
  return target
}

for (const purpose of ['messages', 'bulk'] as const satisfies readonly Purpose[]) {
  test(`whatever a greeted peer sends on a connection for ${purpose}, the node lives, and serves the others`, async () => {
    const world = new World(purpose === 'messages' ? 1 : 2)
    world.pieces = (bytes) => {
      const cut = world.random.below(bytes.length)
      return cut > 0 ? [bytes.slice(0, cut), bytes.slice(cut)] : [bytes]
    }
    // A way back for answers.
    await listenAsNode2(world, 1)
    const target = await openTarget(world)
    const honest = await openNode(world, 3, { nodes: 3, limits })
    await world.until(() => honest.connected(1))
    for (let round = 0; round < 300; round++) {
      const stranger = new Stranger(world).greet({ purpose, attempt: 1 + round })
      for (let i = 0; i < 1 + world.random.below(5); i++) stranger.end.write(attack(world, purpose))
      await world.run(4)
    }
    const { counters, bulkStreamsIn } = target.status()[0]!
    assert.ok(counters.damaged > 100, `${counters.damaged} connections were closed as damaged`)
    assert.ok(counters.framesIn > 400, `${counters.framesIn} frames were taken before`)
    assert.ok(bulkStreamsIn <= 4)
    const outcome = new Outcome()
    honest.request(1, 1, (writer) => writer.uint8(5), { timeoutMs: 100 }, outcome)
    await world.run(50)
    assert.equal(outcome.value, 5)
    assert.equal(honest.status()[0]!.counters.connects, 1)
  })
}

function encode(kind: FrameKind, ...numbers: readonly number[]): Uint8Array {
  const outbox = new Outbox(limits.frameBytesMax)
  const writer = outbox.begin(kind, 1)
  for (const number of numbers) writer.uint32(number)
  outbox.finish()
  return Uint8Array.from(Buffer.concat(outbox.take()))
}

test('frames against the direction of their connection are damage', async () => {
  const world = new World()
  await listenAsNode2(world, 1, encode('oneWay'))
  const target = await openTarget(world)
  await world.until(() => target.status()[0]!.counters.damaged === 1)
})

test('a request that comes twice is damage, and is served once', async () => {
  const world = new World()
  await listenAsNode2(world, 1)
  const target = await openNode(world, 1)
  let served = 0
  target.serve(1, () => served++)
  await world.run(10)
  const stranger = new Stranger(world).greet()
  for (let i = 0; i < 2; i++) stranger.end.write(encode('request', 7, 1000))
  await world.run(10)
  assert.ok(stranger.isClosed)
  assert.equal(served, 1)
  assert.equal(target.status()[0]!.counters.damaged, 1)
})

test('a peer that announces the largest frames and sends little of them makes the node hold one at a time', async () => {
  const world = new World()
  const target = await openTarget(world)
  const outbox = new Outbox(limits.frameBytesMax)
  outbox.begin('oneWay', 1).raw(new Uint8Array(limits.frameBytesMax))
  outbox.finish()
  const start = Uint8Array.from(Buffer.concat(outbox.take()).subarray(0, 100))
  for (let attempt = 1; attempt <= 1000; attempt++)
    new Stranger(world).greet({ attempt }).end.write(Uint8Array.from(start))
  await world.run(20)
  // Each newer connection took the place of the one before.
  assert.equal(
    world.connections.filter((end) => end.host === 'n1' && end.peer === 'stranger' && end.state === 'open').length,
    1,
  )
  assert.equal(target.status()[0]!.counters.framesIn, 0)
})
