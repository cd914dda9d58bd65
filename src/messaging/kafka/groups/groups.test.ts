import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { apis } from '../protocol/apis.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { encodeVersioned, subscription } from '../protocol/messages/consumer-protocol.ts'
import { KafkaCluster } from '../testing/kafka-cluster.ts'

class Scene extends KafkaCluster {
  async coordinator(group: string): Promise<number> {
    for (;;) {
      for (const name of this.nodes.keys()) {
        const id = this.names.indexOf(name) + 1
        const body = { coordinatorKeys: [group] }
        const { coordinators } = await this.settle(this.client(id).ask(apis.FindCoordinator, body))
        const { nodeId, errorCode: code } = coordinators[0]!
        if (code === errorCode.NONE && this.nodes.has(this.names[nodeId - 1]!)) return nodeId
      }
      await this.simulation.run({ forMs: 50 })
    }
  }

  join(id: number, group: string, memberId = '', version = 3, metadata = latin1Bytes('topics')) {
    const protocols = [{ name: 'range', metadata }]
    const body = {
      groupId: group,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId,
      protocolType: 'consumer',
      protocols,
    }
    return this.settle(this.client(id).ask(apis.JoinGroup, body, version))
  }

  async commit(
    id: number,
    group: string,
    who: { generation?: number; memberId?: string; topic?: string },
    offset: number,
  ) {
    const { generation = -1, memberId = '', topic = 'orders' } = who
    const partitions = [{ partitionIndex: 0, committedOffset: offset, committedMetadata: 'm' }]
    const body = {
      groupId: group,
      generationIdOrMemberEpoch: generation,
      memberId,
      topics: [{ name: topic, partitions }],
    }
    const { topics } = await this.settle(this.client(id).ask(apis.OffsetCommit, body, 8))
    return topics[0]!.partitions[0]!.errorCode
  }

  async committed(id: number, group: string): Promise<number> {
    const topics = [{ name: 'orders', partitionIndexes: [0] }]
    const answer = await this.settle(this.client(id).ask(apis.OffsetFetch, { groups: [{ groupId: group, topics }] }, 8))
    return answer.groups[0]!.topics[0]!.partitions[0]!.committedOffset
  }
}

suite('consumer groups', () => {
  test('are joined at their coordinator, divide work and remember offsets', async () => {
    const scene = new Scene(1)
    await scene.startAll()
    await scene.create('orders')
    const at = await scene.coordinator('g')
    const joined = await scene.join(at, 'g')
    assert.deepEqual([joined.errorCode, joined.generationId, joined.members.length], [0, 1, 1])
    const { memberId } = joined
    const assignments = [{ memberId, assignment: latin1Bytes('all of it') }]
    const body = { groupId: 'g', generationId: 1, memberId, assignments }
    const synced = await scene.settle(scene.client(at).ask(apis.SyncGroup, body, 3))
    assert.equal(latin1Text(synced.assignment), 'all of it')
    assert.equal(await scene.commit(at, 'g', { generation: 1, memberId }, 7), errorCode.NONE)
    assert.equal(await scene.commit(at, 'g', { generation: 2, memberId }, 8), errorCode.ILLEGAL_GENERATION)
    assert.equal(await scene.commit(at, 'g', { generation: 1, memberId: 'other' }, 8), errorCode.UNKNOWN_MEMBER_ID)
    assert.equal(await scene.commit(at, 'g', {}, 8), errorCode.UNKNOWN_MEMBER_ID)
    assert.equal(await scene.committed(at, 'g'), 7)
    const other = at === 1 ? 2 : 1
    assert.equal((await scene.join(other, 'g')).errorCode, errorCode.NOT_COORDINATOR)
    const { groups } = await scene.settle(scene.client(at).ask(apis.DescribeGroups, { groups: ['g', 'none'] }, 5))
    assert.deepEqual(
      groups.map(({ groupState, members }) => [groupState, members.length]),
      [
        ['Stable', 1],
        ['Dead', 0],
      ],
    )
    const listed = await scene.settle(scene.client(at).ask(apis.ListGroups, {}))
    assert.deepEqual(listed.groups, [
      { groupId: 'g', protocolType: 'consumer', groupState: 'Stable', groupType: 'classic' },
    ])
  })

  test('keep their offsets when the coordinator dies; members join again, in a later generation', async () => {
    const scene = new Scene(2)
    await scene.startAll()
    await scene.create('orders')
    const first = await scene.coordinator('g')
    const { memberId, generationId } = await scene.join(first, 'g')
    assert.equal(
      await scene.commit(first, 'g', { generation: generationId, memberId }, 40),
      errorCode.REBALANCE_IN_PROGRESS,
    )
    const work = { groupId: 'g', generationId, memberId, assignments: [{ memberId, assignment: latin1Bytes('all') }] }
    await scene.settle(scene.client(first).ask(apis.SyncGroup, work, 3))
    await scene.commit(first, 'g', { generation: generationId, memberId }, 41)
    scene.kill(first)
    await scene.simulation.run({ forMs: 1000 })
    const second = await scene.coordinator('g')
    assert.notEqual(second, first)
    assert.equal(await scene.committed(second, 'g'), 41)
    const beat = { groupId: 'g', generationId, memberId }
    const answer = await scene.settle(scene.client(second).ask(apis.Heartbeat, beat))
    assert.equal(answer.errorCode, errorCode.UNKNOWN_MEMBER_ID)
    const again = await scene.join(second, 'g')
    assert.deepEqual([again.errorCode, again.generationId], [0, generationId + 1])
  })

  test('without members take commits of anybody, and can be deleted', async () => {
    const scene = new Scene(3)
    await scene.startAll()
    await scene.create('orders')
    const at = await scene.coordinator('simple')
    assert.equal(await scene.commit(at, 'simple', {}, 5), errorCode.NONE)
    assert.equal(await scene.committed(at, 'simple'), 5)
    assert.equal(await scene.commit(at, 'simple', {}, 2 ** 60), errorCode.OFFSET_OUT_OF_RANGE)
    assert.equal(await scene.commit(at, 'simple', { topic: 'none' }, 5), errorCode.UNKNOWN_TOPIC_OR_PARTITION)
    const gone = { groupId: 'simple', topics: [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }] }
    await scene.settle(scene.client(at).ask(apis.OffsetDelete, gone))
    assert.equal(await scene.committed(at, 'simple'), -1)
    const remove = async () => {
      const { results } = await scene.settle(scene.client(at).ask(apis.DeleteGroups, { groupsNames: ['simple'] }))
      return results[0]!.errorCode
    }
    assert.deepEqual([await remove(), await remove()], [errorCode.NONE, errorCode.GROUP_ID_NOT_FOUND])
  })

  test('keep offsets of topics that their members read, and let go of others', async () => {
    const scene = new Scene(4)
    await scene.startAll()
    const at = await scene.coordinator('g')
    const metadata = encodeVersioned(subscription, { topics: ['orders'] })
    await scene.join(at, 'g', '', 3, metadata)
    const partitions = [{ partitionIndex: 0 }]
    const topics = ['orders', 'others'].map((name) => ({ name, partitions }))
    const answer = await scene.settle(scene.client(at).ask(apis.OffsetDelete, { groupId: 'g', topics }))
    assert.deepEqual(
      answer.topics.map(({ partitions }) => partitions[0]!.errorCode),
      [errorCode.GROUP_SUBSCRIBED_TO_TOPIC, errorCode.NONE],
    )
  })

  test('have names of at most 32,767 bytes', async () => {
    const scene = new Scene(5)
    await scene.startAll()
    await scene.create('orders')
    const longest = 'g'.repeat(32_767)
    const at = await scene.coordinator(longest)
    assert.equal((await scene.join(at, longest)).errorCode, errorCode.NONE)
    assert.equal(await scene.commit(at, longest, {}, 5), errorCode.UNKNOWN_MEMBER_ID)
    // A name that is not UTF-8 becomes longer where it is read.
    const beat = { groupId: '\ufffd'.repeat(10_923), generationId: 1, memberId: 'm' }
    await assert.rejects(scene.settle(scene.client(at).ask(apis.Heartbeat, beat, 4)), /closed the connection/)
    await assert.rejects(
      scene.settle(scene.client(at).ask(apis.Heartbeat, { ...beat, groupId: 'g'.repeat(1 << 20) }, 4)),
      /closed the connection/,
    )
    assert.equal((await scene.join(at, 'other')).errorCode, errorCode.NONE)
  })
})
