import { attribute, batchCrc, lengthEnd, position } from './batch-header.ts'
import { int16At, int32At, int64At, putInt16, putInt32, putInt64 } from './big-endian.ts'

/** What a leader puts into a batch where it lies. */

/** Outside of the checksum. */
export function stampOffset(
  bytes: Uint8Array,
  at: number,
  { baseOffset, leaderEpoch }: { readonly baseOffset: number; readonly leaderEpoch: number },
): void {
  putInt64(bytes, at + position.baseOffset, baseOffset)
  putInt32(bytes, at + position.partitionLeaderEpoch, leaderEpoch)
}

/**
 * Puts in the batch's latest timestamp: that of its records, or (`isLogAppendTime`) the one time that all of them then have.
 * The checksum is computed anew where something changes.
 */
export function stampTimestamp(
  bytes: Uint8Array,
  at: number,
  { maxTimestamp, isLogAppendTime }: { readonly maxTimestamp: number; readonly isLogAppendTime: boolean },
): void {
  const before = int16At(bytes, at + position.attributes)
  const attributes = isLogAppendTime ? before | attribute.logAppendTime : before & ~attribute.logAppendTime
  if (attributes === before && int64At(bytes, at + position.maxTimestamp) === maxTimestamp) return
  putInt16(bytes, at + position.attributes, attributes)
  putInt64(bytes, at + position.maxTimestamp, maxTimestamp)
  const end = at + lengthEnd + int32At(bytes, at + position.batchLength)
  putInt32(bytes, at + position.crc, batchCrc(bytes, at, end))
}
