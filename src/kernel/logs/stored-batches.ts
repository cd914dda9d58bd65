import { crc32c } from '#kernel/base/crc32c.ts'
import { UnumError } from '#kernel/base/errors.ts'
import {
  baseOffsetAt,
  batchBytesAt,
  batchHeadBytes,
  batchMagic,
  crcAt,
  crcFrom,
  leaderEpochAt,
  magicAt,
  nextOffsetAt,
} from './batch.ts'
import type { Segment } from './segment.ts'

/** How much is read at a time. */
const chunkBytes = 1 << 20

/** The leader epoch of the batch at an offset; -1: not known. It lies outside of the checksum, as the offset does. */
export type EpochAt = (offset: number) => number

/**
 * Reads the first `end` bytes of a segment: batches that follow each other, each with the right checksum and epoch.
 * @param visit is given each, `bytes[from, to)`.
 * @throws UnumError `DATA_DAMAGED`, `DISK_FAILED`
 */
export async function readBatches(
  segment: Segment,
  end: number,
  epochAt: EpochAt = () => -1,
  visit: (bytes: Uint8Array, from: number, to: number) => void = () => {},
): Promise<void> {
  let offset = segment.baseOffset
  for (let position = 0; position < end; ) {
    let bytes = await segment.read(position, Math.min(chunkBytes, end - position))
    let length = bytes.length < batchHeadBytes ? 0 : batchBytesAt(bytes, 0)
    if (length > bytes.length) bytes = await segment.read(position, Math.min(length, end - position))
    let at = 0
    while (at + batchHeadBytes <= bytes.length) {
      length = batchBytesAt(bytes, at)
      if (at + length > bytes.length) break
      if (!isWhole(bytes, at, at + length, offset, epochAt)) {
        throw new UnumError('DATA_DAMAGED', `${segment.path}: the batch at ${position + at} is damaged`)
      }
      offset = nextOffsetAt(bytes, at)
      visit(bytes, at, at + length)
      at += length
    }
    if (at === 0) throw new UnumError('DATA_DAMAGED', `${segment.path}: no batch at ${position} of ${end}`)
    position += at
  }
}

/** Whether `bytes[from, to)` is the batch with `offset`, as it was stored. */
function isWhole(bytes: Uint8Array, from: number, to: number, offset: number, epochAt: EpochAt): boolean {
  if (to - from < batchHeadBytes || magicAt(bytes, from) !== batchMagic) return false
  const epoch = epochAt(offset)
  if (baseOffsetAt(bytes, from) !== offset || (epoch >= 0 && leaderEpochAt(bytes, from) !== epoch)) return false
  return crcAt(bytes, from) === crc32c(bytes, from + crcFrom, to)
}

/**
 * Of bytes that begin with the batch at `first`: from the batch with `offset` on whole batches up to `bytesMax`, at least one.
 * @returns undefined: it is not whole in there
 * @throws UnumError `DATA_DAMAGED`: what is read, or lies on the way there, is not as it was stored
 */
export function cutBatches(
  bytes: Uint8Array,
  first: number,
  offset: number,
  bytesMax: number,
  epochAt: EpochAt = () => -1,
): Uint8Array | undefined {
  let start = -1
  let end = -1
  let due = first
  for (let at = 0; at + batchHeadBytes <= bytes.length; ) {
    const length = batchBytesAt(bytes, at)
    const next = at + length
    if (length < batchHeadBytes || baseOffsetAt(bytes, at) !== due) throw damaged(due)
    if (next > bytes.length) break
    const nextDue = nextOffsetAt(bytes, at)
    if (nextDue <= due) throw damaged(due)
    if (start < 0 && nextDue > offset) start = at
    if (start >= 0) {
      if (end >= 0 && next - start > bytesMax) break
      if (!isWhole(bytes, at, next, due, epochAt)) throw damaged(due)
      end = next
    }
    due = nextDue
    at = next
  }
  return end < 0 ? undefined : bytes.subarray(start, end)
}

function damaged(offset: number): UnumError {
  return new UnumError('DATA_DAMAGED', `The batch at offset ${offset} is damaged`)
}
