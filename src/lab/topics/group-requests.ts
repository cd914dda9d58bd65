import type { Address } from '#kernel/base/host.ts'
import { apis } from '#messaging/kafka/protocol/apis.ts'
import { errorCode } from '#messaging/kafka/protocol/error-codes.ts'
import type { ClusterClient } from './cluster-client.ts'
import type { TopicPartition } from './reader.ts'
import { isRetriable } from './retriable.ts'
import type { PartitionName, TopicHistory } from './topic-history.ts'
import { partitionName } from './topic-history.ts'

export interface GroupClient {
  readonly client: ClusterClient
  readonly history: TopicHistory
  readonly name: string
  readonly partitions: readonly TopicPartition[]
  readonly nowMs: () => number
}

/** @returns the coordinator's address; undefined: nobody knows it now */
export async function coordinatorOf(client: ClusterClient, group: string): Promise<Address | undefined> {
  const request = { keyType: 0, coordinatorKeys: [group] }
  const answer = await client.connection(client.anyBroker()).ask(apis.FindCoordinator, request, { version: 4 })
  const found = answer?.coordinators[0]
  return found?.errorCode === errorCode.NONE ? { host: found.host, port: found.port } : undefined
}

/** What a group has committed, also written down. @returns undefined: nobody said */
export async function committedOffsets(
  { client, history, name, partitions, nowMs }: GroupClient,
  group: string,
): Promise<ReadonlyMap<PartitionName, number> | undefined> {
  const address = await coordinatorOf(client, group)
  if (!address) return undefined
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)].map(([topic, of]) => ({
    name: topic,
    partitionIndexes: of.map(({ partition }) => partition),
  }))
  const calledMs = nowMs()
  const answer = await client
    .connection(address)
    .ask(apis.OffsetFetch, { groups: [{ groupId: group, topics }] }, { version: 8 })
  const found = answer?.groups[0]
  if (!found) return undefined
  if (found.errorCode !== errorCode.NONE) {
    if (!isRetriable(found.errorCode)) {
      history.anomalies.push(`${name} asked for offsets of ${group} and was answered error ${found.errorCode}`)
    }
    return undefined
  }
  const offsets = new Map<PartitionName, number>()
  for (const { name: topic, partitions: answered } of found.topics) {
    for (const { partitionIndex, committedOffset, errorCode: code } of answered) {
      if (code !== errorCode.NONE) return undefined
      offsets.set(partitionName(topic, partitionIndex), committedOffset)
    }
  }
  for (const [partition, offset] of offsets) {
    history.committed.push({ group, partition, offset, calledMs, returnedMs: nowMs() })
  }
  return offsets
}
