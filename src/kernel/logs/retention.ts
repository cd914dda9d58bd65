import type { PartitionLog } from './partition-log.ts'
import type { TopicLimits } from './topic-limits.ts'

/**
 * Where a log may begin: behind the segments that are too old, or too much. The segment that is written to stays, unless it is complete:
 * the owner completes one that is as old as its records may become. @returns the log's own start where nothing is to go
 */
export function startByRetention(log: PartitionLog, limits: TopicLimits, wallMs: number): number {
  const { segments } = log
  const complete = segments.slice(0, -1)
  let start = log.startOffset
  let bytes = log.bytes
  for (const [i, segment] of complete.entries()) {
    const isOld = limits.retentionMs >= 0 && segment.maxTimestamp < wallMs - limits.retentionMs
    const isTooMuch = limits.retentionBytes >= 0 && bytes - segment.bytes >= limits.retentionBytes
    if (!isOld && !isTooMuch) break
    start = Math.max(start, segments[i + 1]!.baseOffset)
    bytes -= segment.bytes
  }
  return start
}

/** Whether the segment that is written to should be completed for its age. */
export function isSegmentOld(log: PartitionLog, limits: TopicLimits, wallMs: number): boolean {
  const last = log.segments.at(-1)
  if (!last || last.bytes === 0) return false
  const ageMs = Math.min(limits.segmentMs, limits.retentionMs >= 0 ? limits.retentionMs : limits.segmentMs)
  return last.maxTimestamp >= 0 && last.maxTimestamp < wallMs - ageMs
}
