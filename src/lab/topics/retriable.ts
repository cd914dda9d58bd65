import { errorCode } from '#messaging/kafka/protocol/error-codes.ts'

/** What clients ask again after, having asked who leads or coordinates now. */
const retriable: ReadonlySet<number> = new Set([
  ...[errorCode.NOT_LEADER_OR_FOLLOWER, errorCode.LEADER_NOT_AVAILABLE, errorCode.UNKNOWN_TOPIC_OR_PARTITION],
  ...[errorCode.REQUEST_TIMED_OUT, errorCode.KAFKA_STORAGE_ERROR, errorCode.OFFSET_NOT_AVAILABLE],
  ...[errorCode.FENCED_LEADER_EPOCH, errorCode.UNKNOWN_LEADER_EPOCH],
  ...[errorCode.NOT_COORDINATOR, errorCode.COORDINATOR_NOT_AVAILABLE, errorCode.COORDINATOR_LOAD_IN_PROGRESS],
])

export function isRetriable(code: number): boolean {
  return retriable.has(code)
}
