import { zeroUuid } from '../uuid.ts'
import { defineApi } from '../wire/api.ts'
import { array, boolean, int8, int16, int32, string, uuid } from '../wire/field.ts'

/** Topics: making and deleting them, more partitions, elections of leaders. */

export const createTopics = defineApi({
  key: 19,
  name: 'CreateTopics',
  versions: [0, 7],
  flexibleSince: 5,
  request: {
    topics: array({
      name: string,
      numPartitions: int32,
      replicationFactor: int16,
      assignments: array({ partitionIndex: int32, brokerIds: array(int32) }),
      configs: array({ name: string, value: string.nullable() }),
    }),
    timeoutMs: int32.or(60_000),
    validateOnly: boolean.since(1).or(false),
  },
  response: {
    throttleTimeMs: int32.since(2).or(0).ignorable(),
    topics: array({
      name: string,
      topicId: uuid.since(7).ignorable(),
      errorCode: int16,
      errorMessage: string.since(1).nullable().or(null).ignorable(),
      topicConfigErrorCode: int16.tagged(0, 5).ignorable(),
      numPartitions: int32.since(5).or(-1).ignorable(),
      replicationFactor: int16.since(5).or(-1).ignorable(),
      configs: array({
        name: string,
        value: string.nullable(),
        readOnly: boolean,
        configSource: int8.or(-1),
        isSensitive: boolean,
      })
        .since(5)
        .nullable()
        .or(null)
        .ignorable(),
    }),
  },
})

export const deleteTopics = defineApi({
  key: 20,
  name: 'DeleteTopics',
  versions: [0, 6],
  flexibleSince: 4,
  request: {
    topics: array({ name: string.nullable().or(null), topicId: uuid.or(zeroUuid) })
      .since(6)
      .or([]),
    topicNames: array(string).until(5).or([]).ignorable(),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: int32.since(1).or(0).ignorable(),
    responses: array({
      name: string.nullable(6),
      topicId: uuid.since(6).ignorable(),
      errorCode: int16,
      errorMessage: string.since(5).nullable().or(null).ignorable(),
    }),
  },
})

export const createPartitions = defineApi({
  key: 37,
  name: 'CreatePartitions',
  versions: [0, 3],
  flexibleSince: 2,
  request: {
    topics: array({
      name: string,
      count: int32,
      assignments: array({ brokerIds: array(int32) }).nullable(),
    }),
    timeoutMs: int32,
    validateOnly: boolean,
  },
  response: {
    throttleTimeMs: int32.or(0),
    results: array({ name: string, errorCode: int16, errorMessage: string.nullable().or(null) }),
  },
})

export const electLeaders = defineApi({
  key: 43,
  name: 'ElectLeaders',
  versions: [0, 2],
  flexibleSince: 2,
  request: {
    electionType: int8.since(1).or(0),
    topicPartitions: array({ topic: string, partitions: array(int32) }).nullable(),
    timeoutMs: int32.or(60_000),
  },
  response: {
    throttleTimeMs: int32.or(0),
    errorCode: int16.since(1).or(0),
    replicaElectionResults: array({
      topic: string,
      partitionResult: array({ partitionId: int32, errorCode: int16, errorMessage: string.nullable() }),
    }),
  },
})
