/** What a topic's settings come to for its partitions. */
export interface TopicLimits {
  /** A segment is complete when the next batches would make it larger. */
  readonly segmentBytes: number
  /** Or when it is older. */
  readonly segmentMs: number
  /** Records that are older may go, segment by segment; -1: never for their age. */
  readonly retentionMs: number
  /** Of a partition; the oldest segments go where it has more. -1: never for its size. */
  readonly retentionBytes: number
}

/** Kafka's defaults, by its names. */
export const topicLimitDefaults = {
  'segment.bytes': 1_073_741_824,
  'segment.ms': 604_800_000,
  'retention.ms': 604_800_000,
  'retention.bytes': -1,
} as const

/** @param settings of a topic, as they were set and checked */
export function topicLimits(settings: Readonly<Record<string, string>>): TopicLimits {
  const limit = (name: keyof typeof topicLimitDefaults) => Number(settings[name] ?? topicLimitDefaults[name])
  return {
    segmentBytes: limit('segment.bytes'),
    segmentMs: limit('segment.ms'),
    retentionMs: limit('retention.ms'),
    retentionBytes: limit('retention.bytes'),
  }
}
