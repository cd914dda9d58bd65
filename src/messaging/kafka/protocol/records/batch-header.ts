import { crc32c } from '#kernel/base/crc32c.ts'
import { KafkaError } from '../error-codes.ts'
import { int16At, int32At, int64At, uint32At } from './big-endian.ts'

/**
 * A batch of records, magic 2, and where its fields are:
 *
 *     baseOffset int64 · batchLength int32 · partitionLeaderEpoch int32 · magic int8 · crc uint32 · attributes int16 ·
 *     lastOffsetDelta int32 · baseTimestamp int64 · maxTimestamp int64 · producerId int64 · producerEpoch int16 ·
 *     baseSequence int32 · recordCount int32 · records
 *
 * `batchLength` counts what follows it. The checksum covers everything from `attributes` on: the base offset and the leader's
 * epoch are put in without touching it.
 */
export const position = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
  records: 61,
} as const

/** What `batchLength` does not count. */
export const lengthEnd = 12
export const batchHeaderBytes = position.records
export const magic2 = 2

/** By the number in a batch's attributes. */
export const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Compression = (typeof compressions)[number]

export const attribute = {
  compression: 7,
  logAppendTime: 8,
  transactional: 16,
  control: 32,
  /** `baseTimestamp` says when tombstones may go. Set by compaction. */
  deleteHorizon: 64,
} as const

export interface BatchHeader {
  /** Where the batch begins and ends in `bytes`. */
  readonly bytes: Uint8Array
  readonly start: number
  readonly end: number
  readonly baseOffset: number
  readonly lastOffset: number
  readonly partitionLeaderEpoch: number
  readonly crc: number
  readonly attributes: number
  /** Undefined for a number that stands for none. */
  readonly compression: Compression | undefined
  readonly lastOffsetDelta: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  /** -1 for a producer without an identity. */
  readonly producerId: number
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
}

/**
 * How many bytes the batch at `at` has in all, going by its length field; undefined where there are too few bytes to tell.
 * Nothing is checked.
 */
export function batchBytesAt(bytes: Uint8Array, at: number, end = bytes.length): number | undefined {
  return end - at < lengthEnd ? undefined : int32At(bytes, at + position.batchLength) + lengthEnd
}

/** The batch at `at`, which is whole: `batchBytesAt` says so. */
export function readBatchHeader(bytes: Uint8Array, at: number): BatchHeader {
  const attributes = int16At(bytes, at + position.attributes)
  const baseOffset = int64At(bytes, at + position.baseOffset)
  const lastOffsetDelta = int32At(bytes, at + position.lastOffsetDelta)
  return {
    bytes,
    start: at,
    end: at + lengthEnd + int32At(bytes, at + position.batchLength),
    baseOffset,
    lastOffset: baseOffset + lastOffsetDelta,
    partitionLeaderEpoch: int32At(bytes, at + position.partitionLeaderEpoch),
    crc: uint32At(bytes, at + position.crc),
    attributes,
    compression: compressions[attributes & attribute.compression],
    lastOffsetDelta,
    baseTimestamp: int64At(bytes, at + position.baseTimestamp),
    maxTimestamp: int64At(bytes, at + position.maxTimestamp),
    producerId: int64At(bytes, at + position.producerId),
    producerEpoch: int16At(bytes, at + position.producerEpoch),
    baseSequence: int32At(bytes, at + position.baseSequence),
    recordCount: int32At(bytes, at + position.recordCount),
  }
}

/** Computed anew. */
export function batchCrc(bytes: Uint8Array, start: number, end: number): number {
  return crc32c(bytes, start + position.attributes, end)
}

/**
 * The batches that follow one another in `bytes`. The last one may be cut off, as in a response to Fetch: it is left out.
 * @param check whether checksums are compared, as a consumer does
 * @throws KafkaError `CORRUPT_MESSAGE` for a length or a magic that none can have, and for a wrong checksum
 */
export function* batchesOf(bytes: Uint8Array, { check }: { readonly check: boolean }): Generator<BatchHeader> {
  for (let at = 0; ; ) {
    const count = batchBytesAt(bytes, at)
    if (count === undefined) return
    if (count < batchHeaderBytes) throw tooShort(count)
    if (count > bytes.length - at) return
    const magic = bytes[at + position.magic]!
    if (magic !== magic2)
      throw new KafkaError('CORRUPT_MESSAGE', `Cannot read a batch of magic ${magic}: only 2 is known`)
    const header = readBatchHeader(bytes, at)
    if (check) checkCrc(header)
    yield header
    at = header.end
  }
}

/** @throws KafkaError `CORRUPT_MESSAGE` */
export function checkCrc({ bytes, start, end, crc }: BatchHeader): void {
  const computed = batchCrc(bytes, start, end)
  if (computed !== crc) {
    throw new KafkaError('CORRUPT_MESSAGE', `The checksum of a batch is ${computed}, and it says ${crc}`)
  }
}

export function tooShort(count: number): KafkaError {
  return new KafkaError('CORRUPT_MESSAGE', `A batch announces ${count} bytes: ${batchHeaderBytes} are its header alone`)
}
