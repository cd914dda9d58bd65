import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { EvaluationTwin } from '#datastores/redis/testing/evaluation-twin.ts'
import type { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Text, utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import { directoryEvaluators } from './catalogue.ts'
import {
  changeTopicEvaluator,
  createTopicEvaluator,
  deleteTopicEvaluator,
  type TopicRow,
  topicArguments,
  topicChangeArguments,
  topicNameArguments,
} from './topics.ts'

class Scene {
  readonly rows = new EvaluationTwin()

  constructor(nodes: number) {
    this.rows.begin('write')
    for (let id = 1; id <= nodes; id++) {
      const row = { name: `n${id}`, id, zone: 'a', endpoints: {}, evaluators: {} }
      this.rows.put(utf8Bytes(`node/n${id}`), utf8Bytes(JSON.stringify(row)))
    }
  }

  run(evaluator: string, args: Arguments): string {
    const reply = new ByteWriter()
    this.rows.begin('write')
    directoryEvaluators.find(({ name }) => name === `${evaluator}@1`)!.run(this.rows, args, reply)
    return latin1Text(reply.view())
  }

  topic(name: string): TopicRow | undefined {
    const row = this.rows.get(utf8Bytes(`topic/${name}`))
    return row && JSON.parse(utf8Text(row))
  }
}

const request = { name: 'orders', id: 'ab', partitions: 4, replicationFactor: 2, settings: { 'retention.ms': '5' } }

suite('topics in the directory', () => {
  test('have groups of their own, and replicas that go round the nodes', () => {
    const scene = new Scene(3)
    assert.equal(scene.run(createTopicEvaluator, topicArguments(request)), 'done')
    assert.equal(scene.run(createTopicEvaluator, topicArguments({ ...request, name: 'other', partitions: 2 })), 'done')
    const rows = [...scene.topic('orders')!.partitions, ...scene.topic('other')!.partitions]
    assert.equal(new Set(rows.map(({ group }) => group)).size, 6)
    for (const id of [1, 2, 3]) {
      assert.equal(rows.filter(({ replicas }) => replicas.includes(id)).length, 4)
      assert.equal(rows.filter(({ replicas }) => replicas[0] === id).length, 2)
    }
    assert.ok(rows.every(({ replicas }) => new Set(replicas).size === 2))
  })

  test('are made once, and with no more replicas than there are nodes', () => {
    const scene = new Scene(3)
    assert.equal(scene.run(createTopicEvaluator, topicArguments({ ...request, replicationFactor: 4 })), 'too few nodes')
    assert.equal(scene.run(createTopicEvaluator, topicArguments(request)), 'done')
    assert.equal(scene.run(createTopicEvaluator, topicArguments(request)), 'exists')
    assert.equal(scene.run(deleteTopicEvaluator, topicNameArguments('orders')), 'done')
    assert.equal(scene.run(deleteTopicEvaluator, topicNameArguments('orders')), 'unknown')
    assert.equal(scene.topic('orders'), undefined)
  })

  test('get further partitions and other settings, never fewer partitions', () => {
    const scene = new Scene(3)
    scene.run(createTopicEvaluator, topicArguments(request))
    const before = scene.topic('orders')!
    const change = (fields: object) =>
      scene.run(changeTopicEvaluator, topicChangeArguments({ name: 'orders', ...fields }))
    assert.equal(change({ partitions: 6, settings: { 'retention.ms': null, 'segment.bytes': '1000' } }), 'done')
    const after = scene.topic('orders')!
    assert.deepEqual(after.partitions.slice(0, 4), before.partitions)
    assert.equal(after.partitions.length, 6)
    assert.ok(after.partitions.every(({ replicas }) => replicas.length === 2))
    assert.deepEqual(after.settings, { 'segment.bytes': '1000' })
    assert.equal(change({ partitions: 5 }), 'fewer')
    assert.equal(scene.run(changeTopicEvaluator, topicChangeArguments({ name: 'none' })), 'unknown')
  })
})
