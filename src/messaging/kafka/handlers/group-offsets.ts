import { UnumError } from '#kernel/base/errors.ts'
import type { Broker } from '../broker.ts'
import { uuidOfHex } from '../broker.ts'
import type { ConsumerGroup } from '../groups/group.ts'
import { type CommittedOffset, isGroupName } from '../groups/rows.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { decodeVersioned, subscription } from '../protocol/messages/consumer-protocol.ts'
import type { HandlerOf } from './index.ts'

/** Kafka's default of `offset.metadata.max.bytes`. */
const metadataLengthMax = 4096

export const offsetCommit: HandlerOf<'OffsetCommit'> = async (request, { broker }) => {
  const { groupId, memberId, generationIdOrMemberEpoch: generation, groupInstanceId, topics } = request
  const { clock } = broker.context
  const offsets: CommittedOffset[] = []
  const answers = topics.map(({ name, topicId, partitions }) => {
    const topic = broker.topic(name, topicId)
    return {
      name,
      topicId,
      partitions: partitions.map(({ partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata }) => {
        const metadata = committedMetadata ?? ''
        const answer = (code: number) => ({ partitionIndex, errorCode: code })
        if (!topic) return answer(name === '' ? errorCode.UNKNOWN_TOPIC_ID : errorCode.UNKNOWN_TOPIC_OR_PARTITION)
        if (partitionIndex < 0) return answer(errorCode.UNKNOWN_TOPIC_OR_PARTITION)
        // No log is so long: what is kept are numbers that are exact.
        if (committedOffset > Number.MAX_SAFE_INTEGER) return answer(errorCode.OFFSET_OUT_OF_RANGE)
        if (metadata.length > metadataLengthMax) return answer(errorCode.OFFSET_METADATA_TOO_LARGE)
        offsets.push({
          ...{ topic: topic.name, partition: partitionIndex, offset: Math.max(0, committedOffset), metadata },
          ...{ leaderEpoch: Math.max(-1, committedLeaderEpoch), timestampMs: clock.wallMs() },
        })
        return answer(errorCode.NONE)
      }),
    }
  })
  const code = await commit(broker, groupId, { generation, memberId, instanceId: groupInstanceId }, offsets)
  return {
    topics: answers.map(({ name, topicId, partitions }) => ({
      name,
      topicId,
      partitions: partitions.map((each) => ({ ...each, errorCode: each.errorCode || code })),
    })),
  }
}

async function commit(
  broker: Broker,
  groupId: string,
  who: { readonly generation: number; readonly memberId: string; readonly instanceId: string | null },
  offsets: readonly CommittedOffset[],
): Promise<number> {
  const group = await broker.groups.group(groupId)
  if (typeof group === 'number') return group
  const { generation, memberId, instanceId } = who
  if (generation < 0 && memberId === '') {
    // A client that is no member may commit while nobody else works on it.
    if (group.members.size > 0) return errorCode.UNKNOWN_MEMBER_ID
  } else {
    const problem = group.problemOf(memberId, generation, instanceId)
    if (problem !== errorCode.NONE) return problem
    if (group.isBetweenGenerations) return errorCode.REBALANCE_IN_PROGRESS
    group.heartbeat(memberId, generation, instanceId)
  }
  return broker.groups.commit(groupId, generation < 0 ? -1 : generation, offsets)
}

const noOffset = { committedOffset: -1, committedLeaderEpoch: -1, metadata: '' }

export const offsetFetch: HandlerOf<'OffsetFetch'> = async ({ groupId, topics, groups }, { broker, version }) => {
  if (version >= 8) {
    return {
      groups: await Promise.all(
        groups.map(async ({ groupId, topics }) => {
          const wanted = topics?.map(({ name, topicId, partitionIndexes }) => {
            const topic = broker.topic(name, topicId)
            return { name: topic?.name ?? name, topicId, partitionIndexes, isKnown: topic !== undefined || name !== '' }
          })
          const found = await offsetsOf(broker, groupId, wanted)
          if (typeof found === 'number') return { groupId, topics: [], errorCode: found }
          return {
            groupId,
            topics: found.map((each) => (version >= 10 ? { ...each, name: '' } : { ...each })),
            errorCode: 0,
          }
        }),
      ),
    }
  }
  const found = await offsetsOf(
    broker,
    groupId,
    topics?.map((each) => ({ ...each, isKnown: true })),
  )
  if (typeof found === 'number') {
    const failed = (topics ?? []).map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => ({ partitionIndex, ...noOffset, errorCode: found })),
    }))
    return { topics: failed, errorCode: version < 2 ? 0 : found }
  }
  return { topics: found.map(({ name, partitions }) => ({ name, partitions })), errorCode: 0 }
}

interface WantedTopic {
  readonly name: string
  readonly partitionIndexes: readonly number[]
  readonly isKnown: boolean
}

/** `wanted` undefined: all that there are. @returns a number: why not */
async function offsetsOf(broker: Broker, groupId: string, wanted: readonly WantedTopic[] | undefined) {
  if (!isGroupName(groupId)) return errorCode.INVALID_GROUP_ID
  if (!broker.groups.isHere(groupId)) return errorCode.NOT_COORDINATOR
  const offsets = await broker.groups.offsets(groupId)
  if (!offsets) return errorCode.COORDINATOR_NOT_AVAILABLE
  const known = new Map(offsets.map((each) => [`${each.topic} ${each.partition}`, each]))
  const answer = (topic: string, partitionIndex: number, code: number) => {
    const found = known.get(`${topic} ${partitionIndex}`)
    if (!found) return { partitionIndex, ...noOffset, errorCode: code }
    const { offset, leaderEpoch, metadata } = found
    return { partitionIndex, committedOffset: offset, committedLeaderEpoch: leaderEpoch, metadata, errorCode: code }
  }
  const all = wanted ?? everything(offsets)
  return all.map(({ name, partitionIndexes, isKnown }) => {
    const topic = broker.topic(name)
    const code = isKnown ? errorCode.NONE : errorCode.UNKNOWN_TOPIC_ID
    return {
      name,
      topicId: topic ? uuidOfHex(topic.id) : '\0'.repeat(16),
      partitions: partitionIndexes.map((index) => answer(name, index, code)),
    }
  })
}

function everything(offsets: readonly CommittedOffset[]): WantedTopic[] {
  const partitions = new Map<string, number[]>()
  for (const { topic, partition } of offsets) {
    const of = partitions.get(topic) ?? []
    partitions.set(topic, of)
    of.push(partition)
  }
  return [...partitions].map(([name, partitionIndexes]) => ({ name, partitionIndexes, isKnown: true }))
}

export const offsetDelete: HandlerOf<'OffsetDelete'> = async ({ groupId, topics }, { broker }) => {
  const group = await broker.groups.group(groupId)
  if (typeof group === 'number') return { errorCode: group, topics: [] }
  if (!(await broker.groups.row(groupId))) return { errorCode: errorCode.GROUP_ID_NOT_FOUND, topics: [] }
  if (group.members.size > 0 && group.protocolType !== 'consumer') {
    return { errorCode: errorCode.NON_EMPTY_GROUP, topics: [] }
  }
  const subscribed = subscribedTopics(group)
  const gone = topics
    .filter(({ name }) => !subscribed.has(name))
    .flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex })),
    )
  const code = await broker.groups.deleteOffsets(groupId, gone)
  return {
    errorCode: errorCode.NONE,
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex }) => ({
        partitionIndex,
        errorCode: subscribed.has(name) ? errorCode.GROUP_SUBSCRIBED_TO_TOPIC : code,
      })),
    })),
  }
}

/** Topics that a group's members read. What cannot be read says nothing: members may speak of it as they like. */
function subscribedTopics({ members }: ConsumerGroup): ReadonlySet<string> {
  const topics = new Set<string>()
  for (const { protocols } of members.values()) {
    for (const { metadata } of protocols) {
      try {
        for (const topic of decodeVersioned(subscription, metadata).topics) topics.add(topic)
      } catch (error) {
        if (!(error instanceof UnumError)) throw error
      }
    }
  }
  return topics
}
