import type { Random } from '#kernel/base/host.ts'

/** The topics of one run, and how their clients behave; drawn from its seed. */
export interface TopicProfile {
  readonly topics: number
  readonly partitions: number
  /** `segment.bytes`: small, so that segments roll. */
  readonly segmentBytes: number
  readonly producersPerPartition: number
  readonly consumersPerNode: number
  readonly groups: number
  /** Of each group, about. */
  readonly membersPerNode: number
  readonly windowMax: number
  readonly recordsMax: number
  readonly valueBytesMax: number
  readonly fetchBytesMax: number
  /** How long a fetch waits for records, at most. */
  readonly fetchWaitMs: number
  /** Mean of the pause of a producer between two windows. */
  readonly thinkMs: number
  /** A client without an answer for so long makes another connection. */
  readonly timeoutMs: number
}

/** About so many batches are sent in one run, faults permitting. */
const batchesWanted = 1_200

export function drawTopicProfile(random: Random, durationMs: number): TopicProfile {
  const pick = <Value>(...values: readonly Value[]): Value => values[random.below(values.length)]!
  const topics = pick(1, 1, 2)
  const partitions = pick(1, 2, 3)
  const producersPerPartition = pick(1, 2, 3)
  const windowMax = pick(1, 3, 5)
  const producers = topics * partitions * producersPerPartition
  return {
    ...{ topics, partitions, producersPerPartition, windowMax },
    segmentBytes: pick(300, 2_000, 20_000, 1_000_000),
    consumersPerNode: pick(0, 1, 1),
    groups: pick(0, 1, 2),
    membersPerNode: pick(1, 1, 2),
    recordsMax: pick(1, 5),
    valueBytesMax: pick(20, 200, 2_000),
    fetchBytesMax: pick(1, 1_000, 100_000),
    fetchWaitMs: pick(0, 100, 500),
    thinkMs: (durationMs * producers * ((1 + windowMax) / 2)) / batchesWanted,
    timeoutMs: pick(1_000, 4_000),
  }
}
