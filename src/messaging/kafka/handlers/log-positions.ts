import type { PartitionView } from '#kernel/handles/topics.ts'
import type { Broker } from '../broker.ts'
import { offsetQuery as times } from '../protocol/enumerations.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { readBatchHeader, recordsOfBatch } from '../protocol/records/index.ts'
import type { HandlerOf } from './index.ts'

/** @returns the error of a client that is behind, or ahead, of who leads; 0: none */
export function leaderProblem(partition: PartitionView | undefined, epoch: number): number {
  if (!partition) return errorCode.UNKNOWN_TOPIC_OR_PARTITION
  if (!partition.local?.leader.isLeading) return errorCode.NOT_LEADER_OR_FOLLOWER
  if (epoch >= 0 && epoch < partition.leaderEpoch) return errorCode.FENCED_LEADER_EPOCH
  if (epoch > partition.leaderEpoch) return errorCode.UNKNOWN_LEADER_EPOCH
  return errorCode.NONE
}

export const listOffsets: HandlerOf<'ListOffsets'> = async (request, { broker, version }) => {
  const topics = await Promise.all(
    request.topics.map(async ({ name, partitions }) => {
      const topic = broker.topic(name)
      const answers = await Promise.all(
        partitions.map(async ({ partitionIndex, timestamp, currentLeaderEpoch }) => {
          const partition = broker.partition(topic, partitionIndex)
          const problem = leaderProblem(partition, currentLeaderEpoch)
          if (problem !== errorCode.NONE) return { partitionIndex, errorCode: problem }
          if (!partition!.local!.leader.isServing) return { partitionIndex, errorCode: notServing(version) }
          const found = await positionOf(partition!, timestamp)
          const { epochs } = partition!.local!.store
          const leaderEpoch = found.offset < 0 ? -1 : epochs.at(found.offset)
          if (version === 0)
            return { partitionIndex, errorCode: 0, oldStyleOffsets: found.offset < 0 ? [] : [found.offset] }
          return { partitionIndex, errorCode: 0, ...found, leaderEpoch: version < 4 ? -1 : leaderEpoch }
        }),
      )
      return { name, partitions: answers }
    }),
  )
  return { topics }
}

/** A new leader that may not know yet all that is committed: an end told now could lie before what consumers have seen (KIP-207). */
function notServing(version: number): number {
  return version >= 5 ? errorCode.OFFSET_NOT_AVAILABLE : errorCode.LEADER_NOT_AVAILABLE
}

async function positionOf(
  partition: PartitionView,
  timestamp: number,
): Promise<{ readonly offset: number; readonly timestamp: number }> {
  const { store } = partition.local!
  switch (timestamp) {
    case times.latest:
      return { offset: store.nextOffset, timestamp: -1 }
    case times.earliest:
    case times.earliestLocal:
      return { offset: store.startOffset, timestamp: -1 }
    case times.latestTiered:
      return { offset: -1, timestamp: -1 }
    default: {
      const wanted = timestamp === times.maxTimestamp ? store.maxTimestamp : timestamp
      if (wanted < 0) return { offset: -1, timestamp: -1 }
      const batch = await store.batchOfTime(wanted)
      if (!batch) return { offset: -1, timestamp: -1 }
      const header = readBatchHeader(batch, 0)
      // What is compressed is not looked into.
      if (header.compression !== 'none') return { offset: header.baseOffset, timestamp: header.maxTimestamp }
      for (const record of recordsOfBatch(header)) {
        if (record.timestamp >= wanted) return { offset: record.offset, timestamp: record.timestamp }
      }
      return { offset: -1, timestamp: -1 }
    }
  }
}

export const offsetForLeaderEpoch: HandlerOf<'OffsetForLeaderEpoch'> = ({ topics }, { broker }) => ({
  topics: topics.map(({ topic: name, partitions }) => {
    const topic = broker.topic(name)
    return {
      topic: name,
      partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
        const partition = broker.partition(topic, index)
        const problem = leaderProblem(partition, currentLeaderEpoch)
        if (problem !== errorCode.NONE) return { partition: index, errorCode: problem }
        const { store } = partition!.local!
        const end = store.epochs.endOf(leaderEpoch, store.nextOffset)
        return { partition: index, errorCode: 0, leaderEpoch: end?.epoch ?? -1, endOffset: end?.endOffset ?? -1 }
      }),
    }
  }),
})

/** In the place of an offset: all records that there are. */
const highWatermark = -1

export const deleteRecords: HandlerOf<'DeleteRecords'> = async ({ topics, timeoutMs }, { broker }) => ({
  topics: await Promise.all(
    topics.map(async ({ name, partitions }) => {
      const topic = broker.topic(name)
      const answers = partitions.map(async ({ partitionIndex, offset }) => {
        const partition = broker.partition(topic, partitionIndex)
        const answer = (code: number, lowWatermark = -1) => ({ partitionIndex, lowWatermark, errorCode: code })
        const problem = leaderProblem(partition, -1)
        if (problem !== errorCode.NONE) return answer(problem)
        const { store, leader } = partition!.local!
        const wanted = offset === highWatermark ? store.nextOffset : offset
        if (wanted < 0 || wanted > store.nextOffset) return answer(errorCode.OFFSET_OUT_OF_RANGE)
        if (wanted > store.startOffset && !leader.moveStart(wanted)) return answer(errorCode.NOT_LEADER_OR_FOLLOWER)
        await until(broker, partition!, timeoutMs, () => store.startOffset >= wanted)
        return store.startOffset >= wanted ? answer(0, store.startOffset) : answer(errorCode.REQUEST_TIMED_OUT)
      })
      return { name, partitions: await Promise.all(answers) }
    }),
  ),
})

/** Until `isDone`, which is asked whenever the partition has changed, or the time is over. */
function until({ context }: Broker, { local }: PartitionView, ms: number, isDone: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (isDone()) {
      resolve()
      return
    }
    const end = () => {
      timer.cancel()
      unwatch()
      resolve()
    }
    const timer = context.clock.timer(ms, end)
    const unwatch = local!.watch(() => isDone() && end())
  })
}
