import { zeroUuid } from '../uuid.ts'
import { defineApi } from '../wire/api.ts'
import { array, boolean, int8, int16, int32, int64, string, struct, uuid } from '../wire/field.ts'

/** What clients ask first: versions, brokers, topics and their leaders. */

/** What stands for authorized operations that were not asked for. */
const noOperations = -2_147_483_648

export const apiVersions = defineApi({
  key: 18,
  name: 'ApiVersions',
  versions: [0, 4],
  flexibleSince: 3,
  request: {
    clientSoftwareName: string.since(3).or('').ignorable(),
    clientSoftwareVersion: string.since(3).or('').ignorable(),
  },
  response: {
    errorCode: int16,
    apiKeys: array({ apiKey: int16, minVersion: int16, maxVersion: int16 }),
    throttleTimeMs: int32.since(1).or(0).ignorable(),
    supportedFeatures: array({ name: string, minVersion: int16, maxVersion: int16 }).tagged(0, 3).ignorable(),
    finalizedFeaturesEpoch: int64.or(-1).tagged(1, 3).ignorable(),
    finalizedFeatures: array({ name: string, maxVersionLevel: int16, minVersionLevel: int16 }).tagged(2, 3).ignorable(),
    zkMigrationReady: boolean.or(false).tagged(3, 3).ignorable(),
  },
})

export const metadata = defineApi({
  key: 3,
  name: 'Metadata',
  versions: [0, 13],
  flexibleSince: 9,
  request: {
    topics: array({ topicId: uuid.since(10).or(zeroUuid).ignorable(), name: string.nullable(10) }).nullable(1),
    allowAutoTopicCreation: boolean.since(4).or(true),
    includeClusterAuthorizedOperations: boolean.since(8).until(10).or(false),
    includeTopicAuthorizedOperations: boolean.since(8).or(false),
  },
  response: {
    throttleTimeMs: int32.since(3).or(0).ignorable(),
    brokers: array({
      nodeId: int32,
      host: string,
      port: int32,
      rack: string.since(1).nullable().or(null).ignorable(),
    }),
    clusterId: string.since(2).nullable().or(null).ignorable(),
    controllerId: int32.since(1).or(-1).ignorable(),
    topics: array({
      errorCode: int16,
      name: string.nullable(12),
      topicId: uuid.since(10).ignorable(),
      isInternal: boolean.since(1).or(false).ignorable(),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.since(7).or(-1).ignorable(),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        offlineReplicas: array(int32).since(5).or([]).ignorable(),
      }),
      topicAuthorizedOperations: int32.since(8).or(noOperations),
    }),
    clusterAuthorizedOperations: int32.since(8).until(10).or(noOperations),
    errorCode: int16.since(13).or(0).ignorable(),
  },
})

export const describeCluster = defineApi({
  key: 60,
  name: 'DescribeCluster',
  versions: [0, 2],
  flexibleSince: 0,
  request: {
    includeClusterAuthorizedOperations: boolean.or(false),
    endpointType: int8.since(1).or(1),
    includeFencedBrokers: boolean.since(2).or(false),
  },
  response: {
    throttleTimeMs: int32.or(0),
    errorCode: int16,
    errorMessage: string.nullable().or(null),
    endpointType: int8.since(1).or(1),
    clusterId: string,
    controllerId: int32.or(-1),
    brokers: array({
      brokerId: int32,
      host: string,
      port: int32,
      rack: string.nullable().or(null),
      isFenced: boolean.since(2).or(false),
    }),
    clusterAuthorizedOperations: int32.or(noOperations),
  },
})

export const describeTopicPartitions = defineApi({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: [0, 0],
  flexibleSince: 0,
  request: {
    topics: array({ name: string }),
    responsePartitionLimit: int32.or(2000),
    cursor: struct({ topicName: string, partitionIndex: int32 }).nullable().or(null),
  },
  response: {
    throttleTimeMs: int32.or(0),
    topics: array({
      errorCode: int16,
      name: string.nullable(),
      topicId: uuid,
      isInternal: boolean.or(false),
      partitions: array({
        errorCode: int16,
        partitionIndex: int32,
        leaderId: int32,
        leaderEpoch: int32.or(-1),
        replicaNodes: array(int32),
        isrNodes: array(int32),
        eligibleLeaderReplicas: array(int32).nullable().or(null),
        lastKnownElr: array(int32).nullable().or(null),
        offlineReplicas: array(int32),
      }),
      topicAuthorizedOperations: int32.or(noOperations),
    }),
    nextCursor: struct({ topicName: string, partitionIndex: int32 }).nullable().or(null),
  },
})
