import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { NodeStatus, ShardStatus } from '#node/node-types.ts'
import { merge } from './gather.ts'

const shard = (fields: Partial<ShardStatus>): ShardStatus => ({
  ...{ group: 1, space: 'redis', firstSlot: 0, lastSlot: 16_383, role: 'follower', leader: 'n1', term: 2 },
  ...{ commitIndex: 9, appliedIndex: 9, flushedIndex: 0, lag: undefined },
  ...fields,
})
const node = (name: string, shards: ShardStatus[]): NodeStatus => ({
  ...{ node: name, clusterId: 'c', shards, partitions: [], disk: { logBytes: 1, tableBytes: 2, damages: 0 } },
  nodes: ['n1', 'n2', 'n3'].map((name) => ({ name, zone: 'a', alive: true, endpoints: {} })),
})

test('a shard is told by its leader', () => {
  const follower = node('n2', [shard({ commitIndex: 8 })])
  const leader = node('n1', [shard({ role: 'leader', lag: { n2: 1, n3: 0 } })])
  for (const answers of [
    [follower, leader],
    [leader, follower],
  ]) {
    const { shards, nodes } = merge(follower, answers)
    assert.equal(shards.length, 1)
    assert.deepEqual(shards[0]?.lag, { n2: 1, n3: 0 })
    assert.equal(shards[0]?.commitIndex, 9)
    assert.deepEqual(
      nodes.map(({ answers }) => answers),
      [true, true, false],
    )
  }
})

test('a newer term is believed over an old leader', () => {
  const old = node('n1', [shard({ role: 'leader', term: 2, lag: {} })])
  const newer = node('n2', [shard({ term: 3, leader: 'n3' })])
  assert.equal(merge(old, [old, newer]).shards[0]?.leader, 'n3')
})

test('without a leader, a replica that knows one is believed', () => {
  const lost = node('n1', [shard({ leader: undefined })])
  const knows = node('n2', [shard({ leader: 'n3' })])
  assert.equal(merge(lost, [lost, knows]).shards[0]?.leader, 'n3')
  assert.equal(merge(lost, [knows, lost]).shards[0]?.leader, 'n3')
})
