import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { Dice } from '#kernel/base/testing/fuzz/index.ts'
import { served } from './handlers/index.ts'
import { apis } from './protocol/apis.ts'
import { errorCode } from './protocol/error-codes.ts'
import { encodeRequest } from './protocol/frames.ts'
import { buildBatch } from './protocol/records/index.ts'
import { generate, type Value } from './protocol/testing/generate.ts'
import { WireWriter } from './protocol/wire/wire-writer.ts'
import { KafkaClient } from './testing/kafka-client.ts'
import { KafkaCluster } from './testing/kafka-cluster.ts'

const text = (value: string) => new TextEncoder().encode(value)

class Scene extends KafkaCluster {
  #others = 0

  /** A connection of its own, of a machine of its own. */
  stranger(): KafkaClient {
    const { network } = this.simulation.machine(`other${++this.#others}`).host
    return new KafkaClient(network, { host: 'n1', port: 9092 })
  }

  async expectServing(): Promise<void> {
    const { brokers } = await this.settle(this.stranger().ask(apis.Metadata, { topics: [] }))
    assert.equal(brokers.length, 3)
    assert.deepEqual(this.errors, [])
  }

  async produceBatch(records: Uint8Array | null, version = 9): Promise<number> {
    const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
    const leader = await this.leader('orders')
    const answer = await this.settle(
      this.client(leader).ask(apis.Produce, { acks: -1, timeoutMs: 1000, topicData }, version),
    )
    return answer.responses[0]!.partitionResponses[0]!.errorCode
  }
}

async function started(seed: number): Promise<Scene> {
  const scene = new Scene(seed)
  await scene.startAll()
  await scene.create('orders')
  return scene
}

suite('bad input', () => {
  test('whatever can be said in any version of any API is answered, or ends the connection', async () => {
    const scene = await started(21)
    const dice = new Dice().seed(21, 1)
    for (const { api, versionMin, versionMax } of served) {
      for (let version = versionMin; version <= versionMax; version++) {
        for (let i = 0; i < 12; i++) {
          const body = tamed(generate(api.request.shape, { version, dice, elementsMax: 3 }))
          const writer = new WireWriter()
          encodeRequest(writer, api, {
            version,
            correlationId: 1,
            clientId: dice.of(['', 'c', 'ü']),
            body: body as never,
          })
          // Many wait for something that does not come.
          scene
            .stranger()
            .send(writer.takeParts())
            .catch(() => {})
        }
      }
      await scene.simulation.run({ forMs: 300 })
      assert.deepEqual(scene.errors.slice(0, 2), [], api.name)
    }
    await scene.expectServing()
  })

  test('what is no request ends its connection, and only that', async () => {
    const scene = await started(22)
    const framed = (content: Uint8Array) => {
      const writer = new ByteWriter()
      writer.uint32Be(content.length)
      writer.raw(content)
      return writer.take()
    }
    const inputs = {
      'a request of 2 GB': Uint8Array.of(0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 9),
      'a negative length': Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 3, 0, 9),
      'an empty request': Uint8Array.of(0, 0, 0, 0),
      HTTP: text('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      TLS: Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 1, 2, 3, 4),
      'an unknown API': framed(Uint8Array.of(0x7f, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff)),
      'a version that is not served': framed(Uint8Array.of(0, 1, 0, 99, 0, 0, 0, 1, 0xff, 0xff)),
      'Produce of magic 0 (version 2)': framed(Uint8Array.of(0, 0, 0, 2, 0, 0, 0, 1, 0xff, 0xff, 0, 1, 0, 0, 0, 0)),
      'a count of 2^31 - 1': framed(Uint8Array.of(0, 3, 0, 1, 0, 0, 0, 1, 0xff, 0xff, 0x7f, 0xff, 0xff, 0xff)),
      'a head that is cut off': framed(Uint8Array.of(0, 3, 0, 1)),
    }
    for (const [name, bytes] of Object.entries(inputs)) {
      await assert.rejects(scene.settle(scene.stranger().send([bytes])), /closed the connection/, name)
    }
    await scene.expectServing()
  })

  test('batches that lie are refused, and nothing of them is kept', async () => {
    const scene = await started(23)
    const good = buildBatch([
      { value: text('one'), timestamp: 1000 },
      { value: text('two'), timestamp: 1001 },
    ])
    const edited = (edit: (view: DataView) => void) => {
      const bytes = good.slice()
      edit(new DataView(bytes.buffer))
      return bytes
    }
    const cases: readonly (readonly [string, Uint8Array | null, number])[] = [
      ['wrong checksum', edited((view) => view.setUint32(17, 1)), errorCode.CORRUPT_MESSAGE],
      ['magic 0', edited((view) => view.setInt8(16, 0)), errorCode.INVALID_RECORD],
      ['magic 1', edited((view) => view.setInt8(16, 1)), errorCode.INVALID_RECORD],
      ['a length beyond the end', edited((view) => view.setInt32(8, 100_000)), errorCode.INVALID_RECORD],
      ['a length that is too small', edited((view) => view.setInt32(8, 5)), errorCode.CORRUPT_MESSAGE],
      ['a negative length', edited((view) => view.setInt32(8, -1)), errorCode.CORRUPT_MESSAGE],
      ['a cut batch', good.slice(0, 40), errorCode.INVALID_RECORD],
      ['no batch', new Uint8Array(0), errorCode.INVALID_RECORD],
      ['null', null, errorCode.INVALID_RECORD],
      ['two batches', new Uint8Array([...good, ...good]), errorCode.INVALID_RECORD],
    ]
    for (const [name, records, code] of cases) assert.equal(await scene.produceBatch(records), code, name)
    const leader = await scene.leader('orders')
    assert.equal((await scene.settle(scene.fetch(leader, 'orders', 0))).highWatermark, 0)
    assert.equal(await scene.produceBatch(good), errorCode.NONE)
    await scene.expectServing()
  })

  test('topics that cannot be are refused', async () => {
    const scene = await started(24)
    const make = async (
      name: string,
      numPartitions: number,
      replicationFactor: number,
      value: string | null = null,
    ) => {
      const configs = value === null ? [] : [{ name: 'nonsense', value }]
      const topics = [{ name, numPartitions, replicationFactor, assignments: [], configs }]
      const answer = await scene.settle(scene.client(1).ask(apis.CreateTopics, { topics }))
      return answer.topics[0]!.errorCode
    }
    assert.equal(await make('a', 1, 4), errorCode.INVALID_REPLICATION_FACTOR)
    assert.equal(await make('a', 1, 0), errorCode.INVALID_REPLICATION_FACTOR)
    assert.equal(await make('a', 0, 1), errorCode.INVALID_PARTITIONS)
    assert.equal(await make('a', -5, 1), errorCode.INVALID_PARTITIONS)
    assert.equal(await make('a', 1_000_000, 1), errorCode.INVALID_PARTITIONS)
    assert.equal(await make('a', 1, 1, 'x'), errorCode.INVALID_CONFIG)
    assert.equal(await make('orders/../..', 1, 1), errorCode.INVALID_TOPIC_EXCEPTION)
    await scene.expectServing()
  })

  test('a client that does not read is not read from', async () => {
    const scene = await started(25)
    const leader = await scene.leader('orders')
    const records = buildBatch([{ value: new Uint8Array(500_000), timestamp: 1000 }])
    assert.equal(await scene.produceBatch(records), errorCode.NONE)
    const { network } = scene.simulation.machine('silent').host
    const silent = network.connect({ host: `n${leader}`, port: 9092 }, { opened() {}, data() {}, closed() {} })
    await scene.simulation.run({ forMs: 50 })
    silent.pause()
    const writer = new WireWriter()
    const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1 << 20 }]
    const body = { maxWaitMs: 0, minBytes: 1, maxBytes: 1 << 20, topics: [{ topic: 'orders', partitions }] }
    for (let i = 0; i < 1000; i++) {
      encodeRequest(writer, apis.Fetch, { version: 12, correlationId: i, clientId: 'x'.repeat(30_000), body })
      for (const part of writer.takeParts()) silent.write(part)
    }
    await scene.simulation.run({ forMs: 1000 })
    // Its requests have 30 MB, and their answers would have 500 MB: most of them are still with it.
    assert.ok(silent.queuedBytes > 20e6, `${silent.queuedBytes} bytes`)
    await scene.expectServing()
  })
})

/** Few partitions, and nothing that is waited for: the rest as chance has it. */
function tamed(body: Value): Value {
  return Object.fromEntries(Object.entries(body).map(([name, value]) => [name, tamedValue(name, value)]))
}

function tamedValue(name: string, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => (isPlain(each) ? tamed(each) : each))
  if (isPlain(value)) return tamed(value)
  return (name === 'numPartitions' || name === 'count') && typeof value === 'number' ? Math.min(value, 3) : value
}

const isPlain = (value: unknown): value is Value =>
  typeof value === 'object' && value !== null && !(value instanceof Uint8Array) && !Array.isArray(value)
