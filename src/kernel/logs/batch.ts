/**
 * The heads of record batches: Kafka's format, magic 2 (KIP-98), which is how a partition stores, replicates and hands out records. All
 * numbers are big-endian; 64-bit ones are read as safe integers.
 *
 *     0 base offset i64 · 8 length of what follows i32 · 12 leader epoch i32 · 16 magic i8 · 17 crc u32 (of all from 21 on)
 *     21 attributes i16 · 23 last offset delta i32 · 27 base timestamp i64 · 35 max timestamp i64
 *     43 producer id i64 · 51 producer epoch i16 · 53 base sequence i32 · 57 record count i32 · 61 records
 *
 * Base offset and leader epoch are the leader's to fill in: they lie outside of what the checksum covers.
 */
export const batchHeadBytes = 61
/** Of base offset and length, which come before what the length counts. */
export const batchPrefixBytes = 12
export const batchMagic = 2

const at = {
  length: 8,
  epoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastDelta: 23,
  baseTime: 27,
  maxTime: 35,
} as const
const producerAt = { id: 43, epoch: 51, sequence: 53 } as const
const countAt = 57

/** Bits of the attributes. */
export const timestampTypeBit = 0x08
export const transactionalBit = 0x10
export const controlBit = 0x20

export const baseOffsetAt = (bytes: Uint8Array, start: number): number => int64(bytes, start)
/** The whole batch's, prefix included. */
export const batchBytesAt = (bytes: Uint8Array, start: number): number =>
  batchPrefixBytes + int32(bytes, start + at.length)
export const leaderEpochAt = (bytes: Uint8Array, start: number): number => int32(bytes, start + at.epoch)
export const magicAt = (bytes: Uint8Array, start: number): number => bytes[start + at.magic]!
export const crcAt = (bytes: Uint8Array, start: number): number => int32(bytes, start + at.crc) >>> 0
/** Where the checksum's range begins. */
export const crcFrom = at.attributes
export const attributesAt = (bytes: Uint8Array, start: number): number =>
  (bytes[start + at.attributes]! << 8) | bytes[start + at.attributes + 1]!
export const lastOffsetDeltaAt = (bytes: Uint8Array, start: number): number => int32(bytes, start + at.lastDelta)
export const nextOffsetAt = (bytes: Uint8Array, start: number): number =>
  int64(bytes, start) + int32(bytes, start + at.lastDelta) + 1
export const baseTimestampAt = (bytes: Uint8Array, start: number): number => int64(bytes, start + at.baseTime)
export const maxTimestampAt = (bytes: Uint8Array, start: number): number => int64(bytes, start + at.maxTime)
/** -1: none. */
export const producerIdAt = (bytes: Uint8Array, start: number): number => int64(bytes, start + producerAt.id)
export const producerEpochAt = (bytes: Uint8Array, start: number): number =>
  ((bytes[start + producerAt.epoch]! << 24) >> 16) | bytes[start + producerAt.epoch + 1]!
export const baseSequenceAt = (bytes: Uint8Array, start: number): number => int32(bytes, start + producerAt.sequence)
export const recordCountAt = (bytes: Uint8Array, start: number): number => int32(bytes, start + countAt)

export function setBaseOffset(bytes: Uint8Array, start: number, offset: number): void {
  setInt32(bytes, start, Math.floor(offset / 2 ** 32))
  setInt32(bytes, start + 4, offset | 0)
}

export function setLeaderEpoch(bytes: Uint8Array, start: number, epoch: number): void {
  setInt32(bytes, start + at.epoch, epoch)
}

/** Calls `visit` with the start of each of the batches that fill `bytes[start, end)`. */
export function eachBatch(bytes: Uint8Array, start: number, end: number, visit: (start: number) => void): void {
  for (let from = start; from < end; from += batchBytesAt(bytes, from)) visit(from)
}

function int32(bytes: Uint8Array, start: number): number {
  return (bytes[start]! << 24) | (bytes[start + 1]! << 16) | (bytes[start + 2]! << 8) | bytes[start + 3]!
}

function int64(bytes: Uint8Array, start: number): number {
  return int32(bytes, start) * 2 ** 32 + (int32(bytes, start + 4) >>> 0)
}

function setInt32(bytes: Uint8Array, start: number, value: number): void {
  bytes[start] = value >> 24
  bytes[start + 1] = value >> 16
  bytes[start + 2] = value >> 8
  bytes[start + 3] = value
}
