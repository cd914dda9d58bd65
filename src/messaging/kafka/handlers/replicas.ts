import { errorCode } from '../protocol/error-codes.ts'
import type { HandlerOf } from './index.ts'
import { leaderProblem } from './log-positions.ts'

/** A node has one place for all of its partitions. */
const logDir = 'groups'

/** Of this broker's replicas. What is told of a partition is committed, so that no replica lags behind its own high watermark. */
export const describeLogDirs: HandlerOf<'DescribeLogDirs'> = ({ topics }, { broker }) => {
  const wanted = topics && new Map(topics.map(({ topic, partitions }) => [topic, new Set(partitions)]))
  const found = []
  for (const { name, partitions } of broker.context.topics.all) {
    const own = partitions.flatMap(({ index, local }) => {
      if (!local || (wanted && !wanted.get(name)?.has(index))) return []
      return [{ partitionIndex: index, partitionSize: local.store.bytes, offsetLag: 0, isFutureKey: false }]
    })
    if (own.length > 0) found.push({ name, partitions: own })
  }
  return { errorCode: errorCode.NONE, results: [{ errorCode: errorCode.NONE, logDir, topics: found }] }
}

/** Idempotent producers whose last batches a partition remembers. */
export const describeProducers: HandlerOf<'DescribeProducers'> = ({ topics }, { broker }) => ({
  topics: topics.map(({ name, partitionIndexes }) => {
    const topic = broker.topic(name)
    const partitions = partitionIndexes.map((partitionIndex) => {
      const partition = broker.partition(topic, partitionIndex)
      const problem = leaderProblem(partition, -1)
      if (problem !== errorCode.NONE) return { partitionIndex, errorCode: problem, activeProducers: [] }
      const activeProducers = [...partition!.local!.store.producers].map(([producerId, { epoch, batches }]) => {
        const last = batches.at(-1)
        return {
          ...{ producerId, producerEpoch: epoch, coordinatorEpoch: -1 },
          ...{ lastSequence: last?.lastSequence ?? -1, lastTimestamp: last?.timestamp ?? -1 },
        }
      })
      return { partitionIndex, errorCode: errorCode.NONE, activeProducers }
    })
    return { name, partitions }
  }),
})
