import { apiVersions, describeCluster, describeTopicPartitions, metadata } from './messages/cluster.ts'
import { alterConfigs, describeConfigs, incrementalAlterConfigs } from './messages/configs.ts'
import { fetch } from './messages/fetch.ts'
import { findCoordinator, heartbeat, joinGroup, leaveGroup, syncGroup } from './messages/group-members.ts'
import { offsetCommit, offsetDelete, offsetFetch } from './messages/group-offsets.ts'
import { deleteGroups, describeGroups, listGroups } from './messages/groups.ts'
import { deleteRecords, describeLogDirs, listOffsets, offsetForLeaderEpoch } from './messages/log-positions.ts'
import { produce } from './messages/produce.ts'
import { describeProducers, initProducerId } from './messages/producers.ts'
import { createPartitions, createTopics, deleteTopics, electLeaders } from './messages/topics.ts'
import type { Api } from './wire/api.ts'

/** The table of messages: every API that there is a codec for. Which of them a broker serves is said by its handlers. */
export const apis = {
  Produce: produce,
  Fetch: fetch,
  ListOffsets: listOffsets,
  Metadata: metadata,
  OffsetCommit: offsetCommit,
  OffsetFetch: offsetFetch,
  FindCoordinator: findCoordinator,
  JoinGroup: joinGroup,
  Heartbeat: heartbeat,
  LeaveGroup: leaveGroup,
  SyncGroup: syncGroup,
  DescribeGroups: describeGroups,
  ListGroups: listGroups,
  ApiVersions: apiVersions,
  CreateTopics: createTopics,
  DeleteTopics: deleteTopics,
  DeleteRecords: deleteRecords,
  InitProducerId: initProducerId,
  OffsetForLeaderEpoch: offsetForLeaderEpoch,
  DescribeConfigs: describeConfigs,
  AlterConfigs: alterConfigs,
  DescribeLogDirs: describeLogDirs,
  CreatePartitions: createPartitions,
  DeleteGroups: deleteGroups,
  ElectLeaders: electLeaders,
  IncrementalAlterConfigs: incrementalAlterConfigs,
  OffsetDelete: offsetDelete,
  DescribeCluster: describeCluster,
  DescribeProducers: describeProducers,
  DescribeTopicPartitions: describeTopicPartitions,
} as const

export type Apis = typeof apis
export type ApiName = keyof Apis

/** The APIs in the order of their keys. */
export const apiList: readonly Api[] = Object.values(apis)

const byKey = new Map(apiList.map((api) => [api.key, api]))

/** @returns undefined where the table has no such API */
export function apiOfKey(key: number): Api | undefined {
  return byKey.get(key)
}
