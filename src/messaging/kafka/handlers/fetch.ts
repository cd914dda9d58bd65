import { UnumError } from '#kernel/base/errors.ts'
import type { Partition } from '#kernel/logs/partition.ts'
import type { Caller } from '../connection.ts'
import type { Apis } from '../protocol/apis.ts'
import { errorCode } from '../protocol/error-codes.ts'
import type { RequestOf, ResponseInput } from '../protocol/wire/api.ts'
import type { HandlerOf } from './index.ts'
import { leaderProblem } from './log-positions.ts'

type FetchRequest = RequestOf<Apis['Fetch']>
type FetchBody = ResponseInput<Apis['Fetch']>
type Wanted = FetchRequest['topics'][number]['partitions'][number]
type Answer = FetchBody['responses'][number]['partitions'][number]

/** Of one answer, whatever the client allows: what a node holds for it in memory. */
const bytesMaxMax = 64 << 20

export const fetch: HandlerOf<'Fetch'> = async (request, caller) => {
  const { clock } = caller.broker.context
  const endMs = clock.monotonicMs() + request.maxWaitMs
  for (;;) {
    const { body, bytes, isFinal, partitions } = await gather(request, caller)
    const leftMs = endMs - clock.monotonicMs()
    if (isFinal || bytes >= request.minBytes || leftMs <= 0) return body
    await somethingNew(caller, partitions, leftMs)
  }
}

/** Until a partition has more, or its leader changes, or the time is over. */
function somethingNew({ broker }: Caller, partitions: readonly Seen[], ms: number): Promise<void> {
  const { clock } = broker.context
  return new Promise((resolve) => {
    const timer = clock.timer(ms, () => end())
    const watches = partitions.map(({ local }) => local.watch(() => end()))
    const end = () => {
      timer.cancel()
      for (const unwatch of watches) unwatch()
      resolve()
    }
    // While others were read from disk.
    if (partitions.some(({ local, nextOffset }) => local.store.nextOffset !== nextOffset)) end()
  })
}

/** A partition, and where it ended when it was looked at. */
interface Seen {
  readonly local: Partition
  readonly nextOffset: number
}

interface Gathered {
  readonly body: FetchBody
  readonly bytes: number
  /** Something must be told at once. */
  readonly isFinal: boolean
  /** Those that can have more. */
  readonly partitions: readonly Seen[]
}

async function gather(request: FetchRequest, { broker }: Caller): Promise<Gathered> {
  let left = Math.min(request.maxBytes, bytesMaxMax)
  let bytes = 0
  let isFinal = false
  const partitions: Seen[] = []
  const responses: FetchBody['responses'][number][] = []
  for (const { topic: name, topicId, partitions: wanted } of request.topics) {
    const topic = broker.topic(name, topicId)
    const answers: Answer[] = []
    responses.push({ topic: name, topicId, partitions: answers })
    for (const each of wanted) {
      const partition = broker.partition(topic, each.partition)
      const problem =
        !topic && name === '' ? errorCode.UNKNOWN_TOPIC_ID : leaderProblem(partition, each.currentLeaderEpoch)
      if (problem !== errorCode.NONE) {
        answers.push(refused(each, problem))
        isFinal = true
        continue
      }
      const local = partition!.local!
      partitions.push({ local, nextOffset: local.store.nextOffset })
      const answer = await read(local, each, Math.min(left, each.partitionMaxBytes), bytes === 0)
      if (answer.errorCode !== errorCode.NONE || answer.divergingEpoch) isFinal = true
      const count = (answer.records as readonly Uint8Array[]).reduce((sum, part) => sum + part.length, 0)
      bytes += count
      left -= count
      answers.push(answer)
    }
  }
  return { body: { responses }, bytes, isFinal, partitions }
}

function refused({ partition }: Wanted, code: number): Answer {
  return { partitionIndex: partition, errorCode: code, highWatermark: -1, records: [] }
}

/** `isFirst`: nothing is in the answer yet, so that a batch is told whole however large it is. */
async function read(local: Partition, wanted: Wanted, bytesMax: number, isFirst: boolean): Promise<Answer> {
  const { store, leader } = local
  const { fetchOffset, lastFetchedEpoch } = wanted
  const { nextOffset, startOffset } = store
  const answer = {
    partitionIndex: wanted.partition,
    errorCode: errorCode.NONE as number,
    highWatermark: nextOffset,
    lastStableOffset: nextOffset,
    logStartOffset: startOffset,
    records: [] as readonly Uint8Array[],
  }
  // A new leader may not know yet all that its consumers have seen: they wait until it does.
  if (!leader.isServing) return answer
  if (lastFetchedEpoch >= 0) {
    const end = store.epochs.endOf(lastFetchedEpoch, nextOffset)
    if (!end) return { ...answer, errorCode: errorCode.OFFSET_OUT_OF_RANGE }
    if (end.epoch < lastFetchedEpoch || end.endOffset < fetchOffset) return { ...answer, divergingEpoch: end }
  }
  // One that was deposed and has not heard of it would send consumers back.
  if (fetchOffset > nextOffset && !leader.isCertain()) return { ...answer, errorCode: errorCode.NOT_LEADER_OR_FOLLOWER }
  if (fetchOffset < startOffset || fetchOffset > nextOffset)
    return { ...answer, errorCode: errorCode.OFFSET_OUT_OF_RANGE }
  if (fetchOffset === nextOffset || (bytesMax <= 0 && !isFirst)) return answer
  try {
    const records = await local.read(fetchOffset, Math.max(0, bytesMax))
    const count = records.reduce((sum, part) => sum + part.length, 0)
    if (count > bytesMax && !isFirst) return answer
    // What was committed while a file was read may be among them.
    return { ...answer, records, highWatermark: store.nextOffset, lastStableOffset: store.nextOffset }
  } catch (error) {
    if (!(error instanceof UnumError)) throw error
    return { ...answer, errorCode: errorCode.KAFKA_STORAGE_ERROR }
  }
}
