import { zeroUuid } from '../uuid.ts'
import { defineApi } from '../wire/api.ts'
import { array, boolean, int16, int32, int64, string, uuid } from '../wire/field.ts'

/** Offsets that consumer groups have committed. */

export const offsetCommit = defineApi({
  key: 8,
  name: 'OffsetCommit',
  versions: [0, 10],
  flexibleSince: 8,
  request: {
    groupId: string,
    generationIdOrMemberEpoch: int32.since(1).or(-1).ignorable(),
    memberId: string.since(1).or('').ignorable(),
    groupInstanceId: string.since(7).nullable().or(null),
    retentionTimeMs: int64.since(2).until(4).or(-1).ignorable(),
    topics: array({
      name: string.until(9).or('').ignorable(),
      topicId: uuid.since(10).or(zeroUuid).ignorable(),
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(6).or(-1).ignorable(),
        commitTimestamp: int64.since(1).until(1).or(-1),
        committedMetadata: string.nullable(),
      }),
    }),
  },
  response: {
    throttleTimeMs: int32.since(3).or(0).ignorable(),
    topics: array({
      name: string.until(9).or('').ignorable(),
      topicId: uuid.since(10).or(zeroUuid).ignorable(),
      partitions: array({ partitionIndex: int32, errorCode: int16 }),
    }),
  },
})

export const offsetFetch = defineApi({
  key: 9,
  name: 'OffsetFetch',
  versions: [0, 10],
  flexibleSince: 6,
  request: {
    groupId: string.until(7).or(''),
    topics: array({ name: string, partitionIndexes: array(int32) })
      .until(7)
      .nullable(2)
      .or([]),
    groups: array({
      groupId: string,
      memberId: string.since(9).nullable().or(null).ignorable(),
      memberEpoch: int32.since(9).or(-1).ignorable(),
      topics: array({
        name: string.until(9).or('').ignorable(),
        topicId: uuid.since(10).or(zeroUuid).ignorable(),
        partitionIndexes: array(int32),
      }).nullable(),
    })
      .since(8)
      .or([]),
    requireStable: boolean.since(7).or(false),
  },
  response: {
    throttleTimeMs: int32.since(3).or(0).ignorable(),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        committedOffset: int64,
        committedLeaderEpoch: int32.since(5).or(-1).ignorable(),
        metadata: string.nullable(),
        errorCode: int16,
      }),
    })
      .until(7)
      .or([]),
    errorCode: int16.since(2).until(7).or(0).ignorable(),
    groups: array({
      groupId: string,
      topics: array({
        name: string.until(9).or('').ignorable(),
        topicId: uuid.since(10).or(zeroUuid).ignorable(),
        partitions: array({
          partitionIndex: int32,
          committedOffset: int64,
          committedLeaderEpoch: int32.or(-1),
          metadata: string.nullable(),
          errorCode: int16,
        }),
      }),
      errorCode: int16.or(0),
    })
      .since(8)
      .or([]),
  },
})

export const offsetDelete = defineApi({
  key: 47,
  name: 'OffsetDelete',
  versions: [0, 0],
  flexibleSince: undefined,
  request: {
    groupId: string,
    topics: array({ name: string, partitions: array({ partitionIndex: int32 }) }),
  },
  response: {
    errorCode: int16,
    throttleTimeMs: int32.or(0),
    topics: array({ name: string, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
  },
})
