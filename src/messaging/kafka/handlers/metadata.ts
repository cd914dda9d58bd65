import type { TopicView } from '#kernel/handles/topics.ts'
import { type Broker, uuidOfHex } from '../broker.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { zeroUuid } from '../protocol/uuid.ts'
import type { HandlerOf } from './index.ts'
import { autoCreate, topicNameProblem } from './topics.ts'

export const metadata: HandlerOf<'Metadata'> = async (request, { broker, version }) => {
  const { cluster } = broker.context
  // Version 0 says with an empty list that all are meant.
  const wanted = request.topics === null || (version === 0 && request.topics.length === 0) ? undefined : request.topics
  const topics = []
  if (wanted === undefined) for (const topic of broker.context.topics.all) topics.push(described(broker, topic))
  else {
    for (const { name, topicId } of wanted) {
      const found = broker.topic(name ?? '', topicId)
      if (found) topics.push(described(broker, found))
      // Null is no name before version 12.
      else if (topicId !== zeroUuid) topics.push(unknown(version < 12 ? '' : null, topicId, errorCode.UNKNOWN_TOPIC_ID))
      else if (topicNameProblem(name ?? '')) topics.push(unknown(name, topicId, errorCode.INVALID_TOPIC_EXCEPTION))
      else if (request.allowAutoTopicCreation && (await autoCreate(broker, name!))) {
        const made = broker.topic(name!)
        topics.push(made ? described(broker, made) : unknown(name, topicId, errorCode.LEADER_NOT_AVAILABLE))
      } else topics.push(unknown(name, topicId, errorCode.UNKNOWN_TOPIC_OR_PARTITION))
    }
  }
  return {
    brokers: broker.brokers,
    clusterId: cluster.clusterId,
    controllerId: broker.nodeId,
    topics,
  }
}

function unknown(name: string | null, topicId: string, code: number) {
  return { errorCode: code, name, topicId, partitions: [] }
}

function described(broker: Broker, { name, id, partitions }: TopicView) {
  const alive = new Set(broker.brokers.map(({ nodeId }) => nodeId))
  return {
    errorCode: errorCode.NONE,
    name,
    topicId: uuidOfHex(id),
    partitions: partitions.map(({ index, replicas, leader, leaderEpoch }) => {
      // One that is gone, and that nobody has followed yet, is not among the brokers: clients would look for it there.
      const isLed = alive.has(leader)
      return {
        errorCode: isLed ? errorCode.NONE : errorCode.LEADER_NOT_AVAILABLE,
        partitionIndex: index,
        leaderId: isLed ? leader : -1,
        leaderEpoch,
        replicaNodes: replicas,
        isrNodes: replicas.filter((id) => alive.has(id)),
        offlineReplicas: replicas.filter((id) => !alive.has(id)),
      }
    }),
  }
}

/** Of one answer, whatever the client allows. */
const partitionsPerAnswerMax = 2000

/** Topics in the order of their names, page by page: an answer that ends before the last says where the next begins (KIP-966). */
export const describeTopicPartitions: HandlerOf<'DescribeTopicPartitions'> = (
  { topics: asked, responsePartitionLimit, cursor },
  { broker },
) => {
  const names =
    asked.length > 0 ? asked.map(({ name }) => name) : [...broker.context.topics.all].map(({ name }) => name)
  const wanted = [...new Set(names)].sort().filter((name) => cursor === null || name >= cursor.topicName)
  let left = Math.max(1, Math.min(responsePartitionLimit, partitionsPerAnswerMax))
  const topics = []
  for (const topicName of wanted) {
    const found = broker.topic(topicName)
    if (!found) {
      const code = topicNameProblem(topicName)
        ? errorCode.INVALID_TOPIC_EXCEPTION
        : errorCode.UNKNOWN_TOPIC_OR_PARTITION
      topics.push(unknown(topicName, zeroUuid, code))
      continue
    }
    const first = cursor?.topicName === topicName ? Math.max(0, cursor.partitionIndex) : 0
    if (left === 0) return { topics, nextCursor: { topicName, partitionIndex: first } }
    const topic = described(broker, found)
    const partitions = topic.partitions
      .slice(first, first + left)
      .map((each) => ({ ...each, eligibleLeaderReplicas: [], lastKnownElr: [] }))
    topics.push({ ...topic, partitions })
    left -= partitions.length
    const partitionIndex = first + partitions.length
    if (partitionIndex < topic.partitions.length) return { topics, nextCursor: { topicName, partitionIndex } }
  }
  return { topics, nextCursor: null }
}
