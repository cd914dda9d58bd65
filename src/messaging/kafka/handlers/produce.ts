import type { PartitionView, TopicView } from '#kernel/handles/topics.ts'
import type { ProduceOutcome } from '#kernel/logs/partition-leader.ts'
import type { Broker } from '../broker.ts'
import { errorCode, KafkaError, kafkaErrors } from '../protocol/error-codes.ts'
import { attribute, stampTimestamp, validateProduced } from '../protocol/records/index.ts'
import { settingOf } from '../topic-settings.ts'
import type { HandlerOf } from './index.ts'

const outcomeCodes: Readonly<Record<ProduceOutcome['kind'], number>> = {
  done: errorCode.NONE,
  duplicate: errorCode.NONE,
  'not leader': errorCode.NOT_LEADER_OR_FOLLOWER,
  'out of order': errorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
  'stale epoch': errorCode.INVALID_PRODUCER_EPOCH,
  // Clients begin a new epoch, and so a new sequence, where it was the first that they wait for, and else send it again.
  'unknown producer': errorCode.UNKNOWN_PRODUCER_ID,
  'disk full': errorCode.KAFKA_STORAGE_ERROR,
  busy: errorCode.REQUEST_TIMED_OUT,
  // An idempotent producer sends it again, and learns what became of it.
  unknown: errorCode.NOT_LEADER_OR_FOLLOWER,
}

interface PartitionAnswer {
  index: number
  errorCode: number
  baseOffset: number
  logAppendTimeMs: number
  logStartOffset: number
  errorMessage: string | null
}

export const produce: HandlerOf<'Produce'> = ({ acks, timeoutMs, topicData, transactionalId }, { broker, version }) => {
  let left = 1
  let hasFailed = false
  const pending = new Set<(code: number) => void>()
  let resolve: ((result: ReturnType<typeof answer>) => void) | undefined
  const responses: { name: string; topicId: string; partitionResponses: PartitionAnswer[] }[] = []
  const answer = () => (acks === 0 ? (hasFailed ? ('close' as const) : ('no answer' as const)) : { responses })
  const done = () => {
    if (--left === 0) resolve?.(answer())
  }
  for (const { name, topicId, partitionData } of topicData) {
    const topic = broker.topic(name, topicId)
    const partitionResponses: PartitionAnswer[] = []
    responses.push({ name, topicId, partitionResponses })
    for (const { index, records } of partitionData) {
      const result: PartitionAnswer = {
        index,
        errorCode: 0,
        baseOffset: -1,
        logAppendTimeMs: -1,
        logStartOffset: -1,
        errorMessage: null,
      }
      partitionResponses.push(result)
      const fail = (code: number, message: string | null = null) => {
        hasFailed = true
        result.errorCode = code
        result.errorMessage = message
      }
      const partition = broker.partition(topic, index)
      const checked = check(broker, { acks, transactionalId, version }, topic, partition, records)
      if ('code' in checked) {
        fail(checked.code, checked.message)
        continue
      }
      left++
      pending.add(fail)
      const { leader, store } = partition!.local!
      leader.produce(checked.batch, 0, checked.batch.length, (outcome) => {
        // Its time was over, and its producer has been told so.
        if (!pending.delete(fail)) return
        const code = outcomeCodes[outcome.kind]
        if (code !== errorCode.NONE) fail(code)
        else if ('baseOffset' in outcome) {
          result.baseOffset = outcome.baseOffset
          result.logStartOffset = store.startOffset
          result.logAppendTimeMs = checked.appendTimeMs
        }
        done()
      })
    }
  }
  if (--left === 0) return answer()
  return new Promise<ReturnType<typeof answer>>((later) => {
    const forget = broker.deadlines.add(timeoutMs, () => {
      for (const fail of pending) fail(errorCode.REQUEST_TIMED_OUT)
      pending.clear()
      later(answer())
    })
    resolve = (result) => {
      forget()
      later(result)
    }
  })
}

interface Problem {
  readonly code: number
  readonly message: string | null
}

interface Checked {
  readonly batch: Uint8Array
  /** -1: records keep the times that they came with. */
  readonly appendTimeMs: number
}

/** @returns the batch as it is to be stored, but for its offset and epoch */
function check(
  broker: Broker,
  asked: { readonly acks: number; readonly transactionalId: string | null; readonly version: number },
  topic: TopicView | undefined,
  partition: PartitionView | undefined,
  records: Uint8Array | null,
): Checked | Problem {
  if (![0, 1, -1].includes(asked.acks)) return { code: errorCode.INVALID_REQUIRED_ACKS, message: null }
  if (asked.transactionalId !== null) return noTransactions
  if (!topic && asked.version >= 13) return { code: errorCode.UNKNOWN_TOPIC_ID, message: null }
  if (!topic || !partition) return { code: errorCode.UNKNOWN_TOPIC_OR_PARTITION, message: null }
  if (!partition.local?.leader.isLeading) return { code: errorCode.NOT_LEADER_OR_FOLLOWER, message: null }
  try {
    const { header, maxTimestamp } = validateProduced(records, {
      produceVersion: asked.version,
      batchBytesMax: Number(settingOf(topic.settings, 'max.message.bytes')),
      isCompacted: false,
      createTime: undefined,
      decompression: undefined,
    })
    if (header.attributes & attribute.transactional) return noTransactions
    const isLogAppendTime = settingOf(topic.settings, 'message.timestamp.type') === 'LogAppendTime'
    if (!isLogAppendTime && maxTimestamp === header.maxTimestamp) return { batch: records!, appendTimeMs: -1 }
    // The request's bytes are the host's: what is changed is a copy.
    const batch = records!.slice()
    const appendTimeMs = isLogAppendTime ? Math.floor(broker.context.clock.wallMs()) : -1
    stampTimestamp(batch, 0, { maxTimestamp: isLogAppendTime ? appendTimeMs : maxTimestamp, isLogAppendTime })
    return { batch, appendTimeMs }
  } catch (error) {
    if (error instanceof KafkaError) return { code: kafkaErrors[error.error].code, message: error.message }
    broker.context.log.warn({ error: String(error) }, 'A batch could not be read')
    return { code: errorCode.CORRUPT_MESSAGE, message: null }
  }
}

const noTransactions: Problem = {
  code: errorCode.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
  message: 'Transactions are not there yet',
}
