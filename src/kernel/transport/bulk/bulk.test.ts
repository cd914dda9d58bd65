import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnumError } from '#kernel/base/errors.ts'
import { transportLimits } from '../limits.ts'
import { Outbox } from '../outbox.ts'
import { openNode, openPair, send } from '../testing/nodes.ts'
import { Stranger } from '../testing/stranger.ts'
import { World } from '../testing/world.ts'
import type { BulkReader } from './bulk-types.ts'

const { bulkWindowBytes, bulkChunkBytesMax, bulkStreamsMax, bulkStallMs, bulkIdleMs } = transportLimits

async function readAll(stream: BulkReader): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for (let chunk = await stream.read(); chunk; chunk = await stream.read()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The outcome of a promise as text, for assertions while time is stood still. */
function watch(promise: Promise<unknown>): { value: string | undefined } {
  const watched: { value: string | undefined } = { value: undefined }
  promise.then(
    () => {
      watched.value = 'done'
    },
    (error: UnumError) => {
      watched.value = error.code
    },
  )
  return watched
}

test('a stream arrives whole, with its meta, and its end is confirmed when the receiver is done with it', async () => {
  const world = new World()
  world.pieces = (bytes) => [bytes.slice(0, bytes.length >> 1), bytes.slice(bytes.length >> 1)]
  const [a, b] = await openPair(world)
  const content = world.random.bytes(5_000_000)
  let got: Uint8Array | undefined
  let finish: () => void = () => {}
  b.onBulk(3, async (stream) => {
    assert.deepEqual([stream.from, ...stream.meta], [1, 7, 8])
    got = await readAll(stream)
    await new Promise<void>((resolve) => {
      finish = resolve
    })
  })
  const writer = a.openBulk(2, 3, Uint8Array.of(7, 8))
  const sending = (async () => {
    for (let at = 0; at < content.length; at += 700_000) await writer.write(content.slice(at, at + 700_000))
    await writer.end()
  })()
  const outcome = watch(sending)
  await world.until(() => got !== undefined)
  assert.ok(Buffer.compare(got!, content) === 0)
  await world.run(100)
  assert.equal(outcome.value, undefined)
  finish()
  await world.run(10)
  assert.equal(outcome.value, 'done')
})

test('what a receiver that does not read must hold is bounded by its window, and messages pass meanwhile', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  let reader: BulkReader | undefined
  let goOn: () => void = () => {}
  b.onBulk(1, async (stream) => {
    reader = stream
    await new Promise<void>((resolve) => {
      goOn = resolve
    })
    await readAll(stream)
  })
  let messages = 0
  b.register(1, () => messages++)
  const writer = a.openBulk(2, 1, new Uint8Array(0))
  const writing = watch(writer.write(new Uint8Array(10 * bulkWindowBytes)))
  await world.run(1000)
  assert.ok(reader)
  const { bytesIn } = b.status()[0]!.counters
  assert.ok(bytesIn > bulkWindowBytes - 10_000 && bytesIn <= bulkWindowBytes, `${bytesIn} bytes`)
  assert.equal(writing.value, undefined)
  send(a, 2, 1, Uint8Array.of(1))
  await world.run(2)
  assert.equal(messages, 1)
  goOn()
  await world.run(1000)
  assert.equal(writing.value, 'done')
})

test('pieces are at most so large, whatever is written at once', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  const lengths: number[] = []
  b.onBulk(1, async (stream) => {
    for (let chunk = await stream.read(); chunk; chunk = await stream.read()) lengths.push(chunk.length)
  })
  const writer = a.openBulk(2, 1, new Uint8Array(0))
  const outcome = watch(writer.write(new Uint8Array(600_000)).then(() => writer.end()))
  await world.run(100)
  assert.equal(outcome.value, 'done')
  assert.deepEqual(lengths, [bulkChunkBytesMax, bulkChunkBytesMax, 600_000 - 2 * bulkChunkBytesMax])
})

test('an error of either side reaches the other with its code', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  let seen: unknown
  b.onBulk(1, async () => {
    throw new UnumError('DISK_FULL', 'no room')
  })
  b.onBulk(2, async (stream) => {
    await readAll(stream).catch((error: UnumError) => {
      seen = error.code
      throw error
    })
  })
  b.onBulk(3, async () => {
    throw new TypeError('a bug')
  })
  b.onBulk(4, async () => {})
  const failing = watch(a.openBulk(2, 1, new Uint8Array(0)).write(new Uint8Array(10_000_000)))
  const writer = a.openBulk(2, 2, new Uint8Array(0))
  await world.run(10)
  writer.abort('DISK_FAILED', 'cannot read it')
  const buggy = watch(a.openBulk(2, 3, new Uint8Array(0)).end())
  const early = watch(a.openBulk(2, 4, new Uint8Array(0)).end())
  const unknown = watch(a.openBulk(2, 5, new Uint8Array(0)).end())
  await world.run(10)
  assert.equal(failing.value, 'DISK_FULL')
  assert.equal(seen, 'DISK_FAILED')
  assert.equal(buggy.value, 'OUTCOME_UNKNOWN')
  assert.equal(early.value, 'UNAVAILABLE', 'a handler that did not read to the end has not done it')
  assert.equal(unknown.value, 'UNAVAILABLE', 'no handler')
  assert.equal(b.status()[0]!.bulkStreamsIn, 0)
  assert.equal(a.status()[0]!.bulkStreamsOut, 0)
})

test('streams beyond the limit are refused, and places become free', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  b.onBulk(1, async (stream) => {
    await readAll(stream)
  })
  const writers = Array.from({ length: bulkStreamsMax }, () => a.openBulk(2, 1, new Uint8Array(0)))
  const refused = watch(a.openBulk(2, 1, new Uint8Array(0)).write(Uint8Array.of(1)))
  await world.run(10)
  assert.equal(refused.value, 'UNAVAILABLE')
  const outcomes = writers.map((writer) => watch(writer.write(new Uint8Array(1_000_000)).then(() => writer.end())))
  await world.run(100)
  assert.deepEqual(
    outcomes.map(({ value }) => value),
    outcomes.map(() => 'done'),
  )
  const again = a.openBulk(2, 1, new Uint8Array(0))
  const outcome = watch(again.end())
  await world.run(10)
  assert.equal(outcome.value, 'done')
})

test('when the other node dies a stream fails; after its end the outcome is unknown', async () => {
  const world = new World()
  const process = world.process('n2')
  const b = await openNode(world, 2, { process })
  const a = await openNode(world, 1)
  await world.until(() => a.connected(2))
  b.onBulk(1, async (stream) => {
    await readAll(stream)
    await new Promise(() => {})
  })
  b.onBulk(2, () => new Promise(() => {}))
  const ended = watch(a.openBulk(2, 1, new Uint8Array(0)).end())
  const waiting = watch(a.openBulk(2, 2, new Uint8Array(0)).write(new Uint8Array(2 * bulkWindowBytes)))
  await world.run(100)
  process.kill()
  await world.run(10)
  assert.equal(ended.value, 'OUTCOME_UNKNOWN')
  assert.equal(waiting.value, 'CONNECTION_FAILED')
  const unreachable = watch(a.openBulk(2, 1, new Uint8Array(0)).write(Uint8Array.of(1)))
  await world.run(100)
  assert.equal(unreachable.value, 'CONNECTION_FAILED')
})

test('who lets the other wait too long is given up, on both sides', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  b.onBulk(1, () => new Promise(() => {}))
  let reading: { value: string | undefined } | undefined
  b.onBulk(2, async (stream) => {
    const all = readAll(stream)
    reading = watch(all)
    await all
  })
  const writing = watch(a.openBulk(2, 1, new Uint8Array(0)).write(new Uint8Array(2 * bulkWindowBytes)))
  a.openBulk(2, 2, new Uint8Array(0))
  await world.run(bulkStallMs - 1000)
  assert.equal(writing.value, undefined)
  assert.equal(reading!.value, undefined)
  await world.run(3000)
  assert.equal(writing.value, 'CONNECTION_FAILED')
  assert.equal(reading!.value, 'CONNECTION_FAILED')
})

test('the connection is opened for the first stream and closed some time after the last', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  b.onBulk(1, async (stream) => {
    await readAll(stream)
  })
  const open = () => world.connections.filter((end) => end.state === 'open').length / 2
  assert.equal(open(), 2)
  for (let round = 0; round < 2; round++) {
    const outcome = watch(a.openBulk(2, 1, new Uint8Array(0)).end())
    await world.run(100)
    assert.equal(outcome.value, 'done')
    await world.run(bulkIdleMs - 1000)
    assert.equal(open(), 3)
    await world.run(2000)
    assert.equal(open(), 2)
  }
})

test('a flipped byte in a chunk fails the streams of that connection; messages go on', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  let error: UnumError | undefined
  b.onBulk(1, async (stream) => {
    await readAll(stream).catch((cause: UnumError) => {
      error = cause
      throw cause
    })
  })
  world.tamper = (bytes) => {
    if (bytes.length > 50_000) bytes[40_000]! ^= 1
    return bytes
  }
  const writing = watch(a.openBulk(2, 1, new Uint8Array(0)).write(new Uint8Array(5_000_000)))
  await world.run(100)
  assert.equal(writing.value, 'CONNECTION_FAILED')
  assert.equal(error!.code, 'CONNECTION_FAILED')
  assert.equal(b.status()[0]!.counters.damaged, 1)
  assert.equal(a.connected(2) && b.connected(1), true)
})

test('a stream that is opened while the connection is closing goes over the next one', async () => {
  const world = new World()
  const [a, b] = await openPair(world)
  b.onBulk(1, async (stream) => {
    await readAll(stream)
  })
  const first = watch(a.openBulk(2, 1, new Uint8Array(0)).write(Uint8Array.of(1)))
  await world.run(20)
  assert.equal(first.value, 'done')
  let second: { value: string | undefined } | undefined
  world.tamper = (bytes, from) => {
    if (from !== 'n2') return bytes
    world.tamper = undefined
    bytes[0]! ^= 1
    // Between the arrival of these bytes, at which the sender gives the connection up, and its being closed.
    world.at(0, () =>
      world.at(1, () => {
        second = watch(a.openBulk(2, 1, new Uint8Array(0)).end())
      }),
    )
    return bytes
  }
  // Only the connection for bulk has anything to say now.
  const writing = watch(a.openBulk(2, 1, new Uint8Array(0)).end())
  await world.run(100)
  assert.equal(a.status()[0]!.counters.damaged, 1)
  assert.equal(writing.value, 'OUTCOME_UNKNOWN')
  assert.equal(second!.value, 'done')
})

test('a sender that goes beyond its credit is cut off', async () => {
  const world = new World()
  const target = await openNode(world, 1)
  target.onBulk(1, () => new Promise(() => {}))
  const outbox = new Outbox(transportLimits.frameBytesMax)
  outbox.begin('bulkOpen', 1).uint32(1)
  outbox.finish()
  for (let sent = 0; sent <= bulkWindowBytes; sent += 100_000) {
    const writer = outbox.begin('bulkChunk', 0)
    writer.uint32(1)
    writer.raw(new Uint8Array(100_000))
    outbox.finish()
  }
  const stranger = new Stranger(world).greet({ purpose: 'bulk' })
  stranger.end.write(Uint8Array.from(Buffer.concat(outbox.take())))
  await world.run(100)
  assert.ok(stranger.isClosed)
  assert.equal(target.status()[0]!.counters.damaged, 1)
})
