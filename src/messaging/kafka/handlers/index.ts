import type { Handler } from '../connection.ts'
import { apiVersionsBody, type ServedApi, serve } from '../protocol/api-versions.ts'
import { type ApiName, type Apis, apis } from '../protocol/apis.ts'
import type { RequestOf, ResponseInput } from '../protocol/wire/api.ts'
import { describeCluster } from './cluster.ts'
import { alterConfigs, describeConfigs, incrementalAlterConfigs } from './configs.ts'
import { fetch } from './fetch.ts'
import { findCoordinator, heartbeat, joinGroup, leaveGroup, syncGroup } from './group-members.ts'
import { offsetCommit, offsetDelete, offsetFetch } from './group-offsets.ts'
import { deleteGroups, describeGroups, listGroups } from './groups.ts'
import { deleteRecords, listOffsets, offsetForLeaderEpoch } from './log-positions.ts'
import { describeTopicPartitions, metadata } from './metadata.ts'
import { produce } from './produce.ts'
import { initProducerId } from './producers.ts'
import { describeLogDirs, describeProducers } from './replicas.ts'
import { createPartitions, createTopics, deleteTopics } from './topics.ts'

export type HandlerOf<Name extends ApiName> = Handler<RequestOf<Apis[Name]>, ResponseInput<Apis[Name]>>

/** What this broker serves: nothing else is announced. */
const rows: { readonly [Name in ApiName]?: HandlerOf<Name> } = {
  AlterConfigs: alterConfigs,
  ApiVersions: () => apiVersionsBody(served),
  CreatePartitions: createPartitions,
  CreateTopics: createTopics,
  DeleteGroups: deleteGroups,
  DeleteRecords: deleteRecords,
  DeleteTopics: deleteTopics,
  DescribeCluster: describeCluster,
  DescribeConfigs: describeConfigs,
  DescribeGroups: describeGroups,
  DescribeLogDirs: describeLogDirs,
  DescribeProducers: describeProducers,
  DescribeTopicPartitions: describeTopicPartitions,
  Fetch: fetch,
  FindCoordinator: findCoordinator,
  Heartbeat: heartbeat,
  IncrementalAlterConfigs: incrementalAlterConfigs,
  InitProducerId: initProducerId,
  JoinGroup: joinGroup,
  LeaveGroup: leaveGroup,
  ListGroups: listGroups,
  ListOffsets: listOffsets,
  Metadata: metadata,
  OffsetCommit: offsetCommit,
  OffsetDelete: offsetDelete,
  OffsetFetch: offsetFetch,
  OffsetForLeaderEpoch: offsetForLeaderEpoch,
  Produce: produce,
  SyncGroup: syncGroup,
}

const names = Object.keys(rows) as ApiName[]

export const served: readonly ServedApi[] = names.map((name) => serve(apis[name]))

/** By API key. */
export const handlers: Readonly<Record<number, Handler<never, unknown>>> = Object.fromEntries(
  names.map((name) => [apis[name].key, rows[name] as Handler<never, unknown>]),
)
