import { zeroUuid } from '../uuid.ts'
import { defineApi } from '../wire/api.ts'
import { array, int8, int16, int32, int64, records, string, struct, uuid } from '../wire/field.ts'

/** Consuming records, by consumers and by replicas, in fetch sessions or without. */

export const fetch = defineApi({
  key: 1,
  name: 'Fetch',
  versions: [4, 18],
  flexibleSince: 12,
  request: {
    clusterId: string.nullable().or(null).tagged(0, 12).ignorable(),
    replicaId: int32.until(14).or(-1),
    replicaState: struct({ replicaId: int32.or(-1), replicaEpoch: int64.or(-1) }).tagged(1, 15),
    maxWaitMs: int32,
    minBytes: int32,
    maxBytes: int32.or(0x7fff_ffff),
    isolationLevel: int8.or(0),
    sessionId: int32.since(7).or(0).ignorable(),
    sessionEpoch: int32.since(7).or(-1).ignorable(),
    topics: array({
      topic: string.until(12).or('').ignorable(),
      topicId: uuid.since(13).or(zeroUuid).ignorable(),
      partitions: array({
        partition: int32,
        currentLeaderEpoch: int32.since(9).or(-1).ignorable(),
        fetchOffset: int64,
        lastFetchedEpoch: int32.since(12).or(-1),
        logStartOffset: int64.since(5).or(-1).ignorable(),
        partitionMaxBytes: int32,
        replicaDirectoryId: uuid.tagged(0, 17).ignorable(),
        highWatermark: int64
          .or(2 ** 63)
          .tagged(1, 18)
          .ignorable(),
      }),
    }),
    forgottenTopicsData: array({
      topic: string.until(12).or('').ignorable(),
      topicId: uuid.since(13).or(zeroUuid).ignorable(),
      partitions: array(int32),
    })
      .since(7)
      .or([]),
    rackId: string.since(11).or('').ignorable(),
  },
  response: {
    throttleTimeMs: int32.or(0),
    errorCode: int16.since(7).or(0).ignorable(),
    sessionId: int32.since(7).or(0),
    responses: array({
      topic: string.until(12).or('').ignorable(),
      topicId: uuid.since(13).or(zeroUuid).ignorable(),
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        highWatermark: int64,
        lastStableOffset: int64.or(-1),
        logStartOffset: int64.since(5).or(-1).ignorable(),
        divergingEpoch: struct({ epoch: int32.or(-1), endOffset: int64.or(-1) }).tagged(0, 12),
        currentLeader: struct({ leaderId: int32.or(-1), leaderEpoch: int32.or(-1) })
          .tagged(1, 12)
          .ignorable(),
        snapshotId: struct({ endOffset: int64.or(-1), epoch: int32.or(-1) }).tagged(2, 12),
        abortedTransactions: array({ producerId: int64, firstOffset: int64 }).nullable().or(null),
        preferredReadReplica: int32.since(11).or(-1),
        records: records.nullable(),
      }),
    }),
    nodeEndpoints: array({ nodeId: int32, host: string, port: int32, rack: string.nullable().or(null) })
      .tagged(0, 16)
      .ignorable(),
  },
})
