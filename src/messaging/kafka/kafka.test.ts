import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { apis } from './protocol/apis.ts'
import { errorCode } from './protocol/error-codes.ts'
import { buildBatch } from './protocol/records/index.ts'
import { KafkaClient } from './testing/kafka-client.ts'
import { KafkaCluster } from './testing/kafka-cluster.ts'

suite('brokers', () => {
  test('never tell a consumer that what it has read is out of range, also before they know what is committed', async () => {
    const cluster = new KafkaCluster(11)
    await cluster.startAll()
    await cluster.create('orders')
    const leader = await cluster.leader('orders')
    assert.equal((await cluster.settle(cluster.produce(leader, 'orders', ['a', 'b']))).errorCode, errorCode.NONE)
    cluster.kill(leader)
    const others = [1, 2, 3].filter((id) => id !== leader)
    // The entry with which the next leader learns what is committed takes long to be synced.
    for (const id of others) cluster.simulation.machine(`n${id}`).slowDisk(100)
    const codes = new Set<number>()
    const ends = new Set<number>()
    for (let i = 0; i < 3000 && ends.size === 0; i++) {
      await cluster.simulation.run({ forMs: 1 })
      for (const id of others) {
        codes.add((await cluster.settle(cluster.fetch(id, 'orders', 2))).errorCode)
        const partitions = [{ partitionIndex: 0, timestamp: -1 }]
        const request = { replicaId: -1, topics: [{ name: 'orders', partitions }] }
        const { topics } = await cluster.settle(cluster.client(id).ask(apis.ListOffsets, request))
        const found = topics[0]!.partitions[0]!
        if (found.errorCode === errorCode.NONE) ends.add(found.offset)
      }
    }
    assert.deepEqual([...ends], [2])
    assert.deepEqual([...codes].sort(), [errorCode.NONE, errorCode.NOT_LEADER_OR_FOLLOWER])
  })

  test('announce what they serve, also to clients of versions that there are not', async () => {
    const cluster = new KafkaCluster(1)
    await cluster.startAll()
    const { apiKeys } = await cluster.settle(cluster.client(1).ask(apis.ApiVersions, {}))
    assert.deepEqual(
      apiKeys.find(({ apiKey }) => apiKey === apis.Produce.key),
      { apiKey: 0, minVersion: 3, maxVersion: 13 },
    )
    const request = Uint8Array.of(0, 0, 0, 8, 0, apis.ApiVersions.key, 0, 99, 0, 0, 0, 7)
    const frame = await cluster.settle(cluster.client(2).send([request]))
    assert.deepEqual([...frame.subarray(0, 6)], [0, 0, 0, 7, 0, errorCode.UNSUPPORTED_VERSION])
  })

  test('make topics, and refuse what cannot be one', async () => {
    const cluster = new KafkaCluster(2)
    await cluster.startAll()
    assert.equal(await cluster.create('orders', 3), errorCode.NONE)
    assert.equal(await cluster.create('orders'), errorCode.TOPIC_ALREADY_EXISTS)
    for (const name of ['', '.', 'a/b', 'x'.repeat(300)]) {
      assert.equal(await cluster.create(name), errorCode.INVALID_TOPIC_EXCEPTION, name)
    }
    assert.equal(await cluster.create('none', 0), errorCode.INVALID_PARTITIONS)
    assert.equal(await cluster.create('many', 1_000_000), errorCode.INVALID_PARTITIONS)
    const { topics } = await cluster.settle(cluster.client(3).ask(apis.Metadata, { topics: null }))
    assert.deepEqual(
      topics.map(({ name, partitions }) => [name, partitions.map(({ replicaNodes }) => [...replicaNodes].sort())]),
      [['orders', [0, 1, 2].map(() => [1, 2, 3])]],
    )
  })

  test('take records at their leader and hand them out as they came', async () => {
    const cluster = new KafkaCluster(3)
    await cluster.startAll()
    await cluster.create('orders')
    const leader = await cluster.leader('orders')
    for (const version of [3, 8, 9, 11]) {
      const { errorCode: code, baseOffset } = await cluster.settle(
        cluster.produce(leader, 'orders', ['a', 'b'], { version }),
      )
      assert.equal(code, errorCode.NONE)
      assert.ok(baseOffset >= 0)
    }
    for (const version of [4, 7, 11, 12]) {
      const found = await cluster.settle(cluster.fetch(leader, 'orders', 3, { version }))
      assert.deepEqual([found.errorCode, found.highWatermark, found.values], [0, 8, ['b', 'a', 'b', 'a', 'b']])
    }
    const other = leader === 1 ? 2 : 1
    const refused = await cluster.settle(cluster.produce(other, 'orders', ['x']))
    assert.equal(refused.errorCode, errorCode.NOT_LEADER_OR_FOLLOWER)
    assert.equal((await cluster.settle(cluster.fetch(other, 'orders', 0))).errorCode, errorCode.NOT_LEADER_OR_FOLLOWER)
    assert.equal((await cluster.settle(cluster.fetch(leader, 'orders', 9))).errorCode, errorCode.OFFSET_OUT_OF_RANGE)
    const unknown = await cluster.settle(cluster.produce(leader, 'nothing', ['x']))
    assert.equal(unknown.errorCode, errorCode.UNKNOWN_TOPIC_OR_PARTITION)
  })

  test('refuse damaged batches, and go on', async () => {
    const cluster = new KafkaCluster(4)
    await cluster.startAll()
    await cluster.create('orders')
    const leader = await cluster.leader('orders')
    const good = buildBatch([{ value: new Uint8Array(100), timestamp: 1000 }])
    const ask = async (edit: (bytes: Uint8Array) => void) => {
      const records = good.slice()
      edit(records)
      const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
      const answer = await cluster.settle(
        cluster.client(leader).ask(apis.Produce, { acks: -1, timeoutMs: 1000, topicData }, 9),
      )
      return answer.responses[0]!.partitionResponses[0]!.errorCode
    }
    assert.equal(await ask((bytes) => (bytes[80]! ^= 1)), errorCode.CORRUPT_MESSAGE)
    assert.equal(await ask((bytes) => (bytes[16] = 1)), errorCode.INVALID_RECORD)
    assert.equal(await ask(() => {}), errorCode.NONE)
  })

  test('answer a fetch that waits as soon as there is something', async () => {
    const cluster = new KafkaCluster(5)
    await cluster.startAll()
    await cluster.create('orders')
    const leader = await cluster.leader('orders')
    const began = cluster.simulation.nowMs
    const waiting = cluster.fetch(leader, 'orders', 0, { maxWaitMs: 5000 })
    await cluster.simulation.run({ forMs: 200 })
    // Another connection: answers of one come in the order of its requests.
    const { network } = cluster.simulation.machine('second').host
    const client = new KafkaClient(network, { host: `n${leader}`, port: 9092 })
    const records = buildBatch([{ value: new Uint8Array(3), timestamp: 1000 }])
    const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
    await cluster.settle(client.ask(apis.Produce, { acks: -1, timeoutMs: 1000, topicData }, 9))
    assert.equal((await cluster.settle(waiting)).highWatermark, 1)
    assert.ok(cluster.simulation.nowMs - began < 300)
    const empty = await cluster.settle(cluster.fetch(leader, 'orders', 1, { maxWaitMs: 100 }))
    assert.deepEqual(empty.values, [])
  })

  test('lose nothing when a leader dies', async () => {
    const cluster = new KafkaCluster(6)
    await cluster.startAll()
    await cluster.create('orders')
    const first = await cluster.leader('orders')
    for (let i = 0; i < 5; i++) await cluster.settle(cluster.produce(first, 'orders', [`v${i}`]))
    cluster.kill(first)
    const other = first === 1 ? 2 : 1
    for (let i = 0; i < 100; i++) {
      await cluster.simulation.run({ forMs: 10 })
      const told = await cluster.settle(cluster.client(other).ask(apis.Metadata, { topics: [{ name: 'orders' }] }))
      const { leaderId, errorCode: code } = told.topics[0]!.partitions[0]!
      if (leaderId === -1) assert.equal(code, errorCode.LEADER_NOT_AVAILABLE)
      else
        assert.ok(
          told.brokers.some(({ nodeId }) => nodeId === leaderId),
          `leader ${leaderId} after ${i * 10} ms`,
        )
    }
    const second = await cluster.leader('orders')
    assert.notEqual(second, first)
    await cluster.settle(cluster.produce(second, 'orders', ['v5']))
    const { values } = await cluster.settle(cluster.fetch(second, 'orders', 0))
    assert.deepEqual(values, ['v0', 'v1', 'v2', 'v3', 'v4', 'v5'])
    const ends = await cluster.settle(
      cluster.client(second).ask(apis.OffsetForLeaderEpoch, {
        topics: [{ topic: 'orders', partitions: [{ partition: 0, leaderEpoch: 1 }] }],
      }),
    )
    assert.equal(ends.topics[0]!.partitions[0]!.endOffset, 5)
  })

  test('know positions by time', async () => {
    const cluster = new KafkaCluster(7)
    await cluster.startAll()
    await cluster.create('orders')
    const leader = await cluster.leader('orders')
    const records = buildBatch([1000, 2000, 3000].map((timestamp) => ({ value: null, timestamp })))
    const topicData = [{ name: 'orders', partitionData: [{ index: 0, records }] }]
    await cluster.settle(cluster.client(leader).ask(apis.Produce, { acks: -1, timeoutMs: 1000, topicData }, 9))
    const position = async (timestamp: number, version = 7) => {
      const partitions = [{ partitionIndex: 0, timestamp }]
      const body = { replicaId: -1, topics: [{ name: 'orders', partitions }] }
      const { topics } = await cluster.settle(cluster.client(leader).ask(apis.ListOffsets, body, version))
      const { offset, timestamp: found } = topics[0]!.partitions[0]!
      return [offset, found]
    }
    assert.deepEqual(await position(-1), [3, -1])
    assert.deepEqual(await position(-2), [0, -1])
    assert.deepEqual(await position(-3), [2, 3000])
    assert.deepEqual(await position(1500), [1, 2000])
    assert.deepEqual(await position(3001), [-1, -1])
    assert.deepEqual(await position(-1, 1), [3, -1])
  })

  test('answer a producer in the time that it gives, also where no majority is', async () => {
    const cluster = new KafkaCluster(8)
    await cluster.startAll()
    await cluster.create('orders')
    const leader = await cluster.leader('orders')
    for (const id of [1, 2, 3]) if (id !== leader) cluster.kill(id)
    const began = cluster.simulation.nowMs
    const { errorCode: code } = await cluster.settle(cluster.produce(leader, 'orders', ['a'], { timeoutMs: 200 }))
    assert.equal(code, errorCode.REQUEST_TIMED_OUT)
    assert.ok(cluster.simulation.nowMs - began < 400, `${cluster.simulation.nowMs - began} ms`)
  })

  test('know settings, and refuse values that they cannot have', async () => {
    const cluster = new KafkaCluster(9)
    await cluster.startAll()
    await cluster.create('orders')
    const set = async (name: string, value: string) => {
      const configs = [{ name, configOperation: 0, value }]
      const resources = [{ resourceType: 2, resourceName: 'orders', configs }]
      const { responses } = await cluster.settle(
        cluster.client(1).ask(apis.IncrementalAlterConfigs, { resources, validateOnly: false }),
      )
      return responses[0]!.errorCode
    }
    assert.equal(await set('retention.ms', '9223372036854775807'), errorCode.NONE)
    for (const [name, value] of [
      ['max.message.bytes', '9999999999'],
      ['segment.bytes', '1'],
      ['retention.ms', 'soon'],
      ['nonsense', '1'],
      ['__proto__', '1'],
      ['constructor', '1'],
    ] as const) {
      assert.equal(await set(name, value), errorCode.INVALID_CONFIG, name)
    }
  })

  test('tell of their replicas, and of topics page by page', async () => {
    const cluster = new KafkaCluster(10)
    await cluster.startAll()
    await cluster.create('b', 3)
    await cluster.create('a', 2)
    const ask = (cursor: { topicName: string; partitionIndex: number } | null) =>
      cluster.settle(
        cluster.client(1).ask(apis.DescribeTopicPartitions, { topics: [], responsePartitionLimit: 3, cursor }),
      )
    const first = await ask(null)
    const told = ({ topics }: typeof first) => topics.map(({ name, partitions }) => [name, partitions.length])
    assert.deepEqual(
      [told(first), first.nextCursor],
      [
        [
          ['a', 2],
          ['b', 1],
        ],
        { topicName: 'b', partitionIndex: 1 },
      ],
    )
    const second = await ask(first.nextCursor)
    assert.deepEqual([told(second), second.nextCursor], [[['b', 2]], null])
    const leader = await cluster.leader('a')
    const records = buildBatch([{ value: null, timestamp: 1000 }], {
      ...{ producerId: 7, producerEpoch: 1, baseSequence: 0 },
    })
    const topicData = [{ name: 'a', partitionData: [{ index: 0, records }] }]
    await cluster.settle(cluster.client(leader).ask(apis.Produce, { acks: -1, timeoutMs: 1000, topicData }, 9))
    const { topics } = await cluster.settle(
      cluster.client(leader).ask(apis.DescribeProducers, { topics: [{ name: 'a', partitionIndexes: [0] }] }),
    )
    assert.deepEqual(
      topics[0]!.partitions[0]!.activeProducers.map((each) => [each.producerId, each.producerEpoch, each.lastSequence]),
      [[7, 1, 0]],
    )
    const dirs = await cluster.settle(cluster.client(leader).ask(apis.DescribeLogDirs, { topics: null }))
    assert.deepEqual(
      dirs.results[0]!.topics.map(({ name, partitions }) => [
        name,
        ...partitions.map((each) => each.partitionSize > 0),
      ]).sort(),
      [
        ['a', true, false],
        ['b', false, false, false],
      ],
    )
  })

  test('tell producers apart, and partitions of one producer', async () => {
    const cluster = new KafkaCluster(11)
    await cluster.startAll()
    await cluster.create('orders', 2)
    const begin = async () => {
      // As @platformatic/kafka asks: it says that it has been 0.
      const body = { transactionalId: null, transactionTimeoutMs: 1000, producerId: 0, producerEpoch: 0 }
      return cluster.settle(cluster.client(1).ask(apis.InitProducerId, body))
    }
    const [first, second] = [await begin(), await begin()]
    assert.equal(first.producerEpoch, 0)
    assert.notEqual(first.producerId, second.producerId)
    const { producerId, producerEpoch } = first
    const send = async (index: number, baseSequence: number, count: number) => {
      const values = Array.from({ length: count }, () => ({ value: null, timestamp: 1000 }))
      const records = buildBatch(values, { producerId, producerEpoch, baseSequence })
      const topicData = [{ name: 'orders', partitionData: [{ index, records }] }]
      const leader = await cluster.leader('orders', index)
      const answer = await cluster.settle(
        cluster.client(leader).ask(apis.Produce, { acks: -1, timeoutMs: 1000, topicData }, 9),
      )
      const { errorCode: code, baseOffset } = answer.responses[0]!.partitionResponses[0]!
      return [code, baseOffset]
    }
    assert.deepEqual(await send(0, 0, 3), [errorCode.NONE, 0])
    assert.deepEqual(await send(1, 0, 2), [errorCode.NONE, 0])
    assert.deepEqual(await send(1, 2, 2), [errorCode.NONE, 2])
    assert.deepEqual(await send(0, 3, 1), [errorCode.NONE, 3])
    assert.deepEqual(await send(0, 0, 3), [errorCode.NONE, 0])
    assert.deepEqual(await send(0, 9, 1), [errorCode.OUT_OF_ORDER_SEQUENCE_NUMBER, -1])
  })
})
