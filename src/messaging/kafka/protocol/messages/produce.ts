import { zeroUuid } from '../uuid.ts'
import { defineApi } from '../wire/api.ts'
import { array, int16, int32, int64, records, string, struct, uuid } from '../wire/field.ts'

/** Producing records. The answer of a request with `acks` 0 is not sent. */

export const produce = defineApi({
  key: 0,
  name: 'Produce',
  versions: [3, 13],
  flexibleSince: 9,
  request: {
    transactionalId: string.nullable().or(null),
    acks: int16,
    timeoutMs: int32,
    topicData: array({
      name: string.until(12).or('').ignorable(),
      topicId: uuid.since(13).or(zeroUuid).ignorable(),
      partitionData: array({ index: int32, records: records.nullable() }),
    }),
  },
  response: {
    responses: array({
      name: string.until(12).or('').ignorable(),
      topicId: uuid.since(13).or(zeroUuid).ignorable(),
      partitionResponses: array({
        index: int32,
        errorCode: int16,
        baseOffset: int64,
        logAppendTimeMs: int64.or(-1),
        logStartOffset: int64.since(5).or(-1).ignorable(),
        recordErrors: array({ batchIndex: int32, batchIndexErrorMessage: string.nullable().or(null) })
          .since(8)
          .or([])
          .ignorable(),
        errorMessage: string.since(8).nullable().or(null).ignorable(),
        currentLeader: struct({ leaderId: int32.or(-1), leaderEpoch: int32.or(-1) })
          .tagged(0, 10)
          .ignorable(),
      }),
    }),
    throttleTimeMs: int32.or(0),
    nodeEndpoints: array({ nodeId: int32, host: string, port: int32, rack: string.nullable().or(null) })
      .tagged(0, 10)
      .ignorable(),
  },
})
