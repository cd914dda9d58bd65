import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { utf8Bytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { CatalogueReader } from './catalogue.ts'

const node = {
  name: 'n1',
  id: 1,
  zone: 'a',
  endpoints: { redis: '127.0.0.1:6379' },
  evaluators: { 'get.resp2': [1, 2] },
}
const shard = { group: 2, space: 'redis', firstSlot: 0, lastSlot: 16_383, replicas: [1, 2, 3] }
const topic = {
  name: 'orders',
  id: 'ab',
  partitions: [{ group: 70, replicas: [2, 1] }],
  settings: { 'retention.ms': '5' },
}

suite('the catalogue', () => {
  test('is read from its rows, in order of their numbers', () => {
    const reader = new CatalogueReader()
    reader.row(utf8Bytes('node/n1'), utf8Bytes(JSON.stringify(node)))
    assert.equal(reader.finish(), undefined, 'the cluster is not formed')
    reader.row(utf8Bytes('cluster'), utf8Bytes('{"id":"c1"}'))
    reader.row(utf8Bytes('shard/3'), utf8Bytes(JSON.stringify({ ...shard, group: 3 })))
    reader.row(utf8Bytes('shard/2'), utf8Bytes(JSON.stringify(shard)))
    reader.row(utf8Bytes('topic/orders'), utf8Bytes(JSON.stringify(topic)))
    assert.deepEqual(reader.finish(), {
      clusterId: 'c1',
      nodes: [node],
      shards: [shard, { ...shard, group: 3 }],
      topics: new Map([['orders', topic]]),
    })
  })

  test('is the same object where a row is the same, and another where it is not', () => {
    const read = (endpoint: string, before?: CatalogueReader) => {
      const reader = new CatalogueReader(before?.rows)
      reader.row(utf8Bytes('cluster'), utf8Bytes('{"id":"c1"}'))
      reader.row(utf8Bytes('shard/2'), utf8Bytes(JSON.stringify(shard)))
      reader.row(utf8Bytes('node/n1'), utf8Bytes(JSON.stringify({ ...node, endpoints: { redis: endpoint } })))
      return { reader, ...reader.finish()! }
    }
    const first = read('a')
    const second = read('b', first.reader)
    assert.equal(second.shards[0], first.shards[0])
    assert.equal(second.nodes[0]!.endpoints.redis, 'b')
    assert.equal(read('b', second.reader).nodes[0], second.nodes[0])
  })

  const wrong: readonly (readonly [string, unknown])[] = [
    ['cluster', null],
    ['cluster', { id: 5 }],
    ['node/n1', []],
    ['node/n1', { ...node, id: 0 }],
    ['node/n1', { ...node, endpoints: null }],
    ['node/n1', { ...node, evaluators: { get: [1] } }],
    ['node/n1', { ...node, evaluators: [] }],
    ['node/n1', { ...node, endpoints: { redis: 6379 } }],
    ['topic/orders', { ...topic, partitions: [{ group: 70 }] }],
    ['topic/orders', { ...topic, settings: { a: 5 } }],
    ['shard/2', { ...shard, lastSlot: -1 }],
    ['shard/2', { ...shard, replicas: [0] }],
    ['shard/2', { ...shard, group: '2' }],
  ]
  for (const [key, value] of wrong) {
    test(`has no row ${key} that says ${JSON.stringify(value)}`, () => {
      const read = () => new CatalogueReader().row(utf8Bytes(key), utf8Bytes(JSON.stringify(value)))
      assert.throws(read, (error) => error instanceof UnumError && error.code === 'DATA_DAMAGED')
    })
  }

  test('has no row that is no JSON', () => {
    const read = () => new CatalogueReader().row(utf8Bytes('node/n1'), utf8Bytes('{"name":'))
    assert.throws(read, (error) => error instanceof UnumError && error.code === 'DATA_DAMAGED')
  })
})
