import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { utf8Bytes } from '#kernel/base/bytes.ts'
import {
  attribute,
  batchCrc,
  batchHeaderBytes,
  type Compression,
  compressions,
  lengthEnd,
  magic2,
  position,
} from './batch-header.ts'
import { putInt16, putInt32, putInt64 } from './big-endian.ts'
import type { RecordCursor } from './record-cursor.ts'

export interface RecordInput {
  readonly timestamp: number
  readonly key?: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers?: readonly { readonly key: string; readonly value: Uint8Array | null }[]
}

export interface BatchOptions {
  /** Default 0, as producers send it. */
  readonly baseOffset?: number
  /** Default -1: the leader puts it in. */
  readonly partitionLeaderEpoch?: number
  /** Default -1 each: a producer without an identity. */
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly isTransactional?: boolean
  readonly isControl?: boolean
  readonly compression?: CompressionChoice
}

export interface CompressionChoice {
  readonly name: Exclude<Compression, 'none'>
  readonly compress: (bytes: Uint8Array) => Uint8Array
}

/** @throws RangeError for a batch without records */
export function buildBatch(records: readonly RecordInput[], options: BatchOptions = {}): Uint8Array {
  const [first] = records
  if (first === undefined) throw new RangeError('Cannot build a batch without records')
  const { timestamp: baseTimestamp } = first
  const body = new ByteWriter()
  const content = new ByteWriter()
  let maxTimestamp = baseTimestamp
  for (const [i, record] of records.entries()) {
    content.clear()
    writeContent(content, record, { offsetDelta: i, timestampDelta: record.timestamp - baseTimestamp })
    zigzag(body, content.length)
    body.raw(content.view())
    if (record.timestamp > maxTimestamp) maxTimestamp = record.timestamp
  }
  const { compression } = options
  const batch = withHeader(body.view(), compression)
  putInt64(batch, position.baseOffset, options.baseOffset ?? 0)
  putInt32(batch, position.partitionLeaderEpoch, options.partitionLeaderEpoch ?? -1)
  batch[position.magic] = magic2
  const flags = (options.isTransactional ? attribute.transactional : 0) | (options.isControl ? attribute.control : 0)
  putInt16(batch, position.attributes, flags | compressions.indexOf(compression?.name ?? 'none'))
  putInt32(batch, position.lastOffsetDelta, records.length - 1)
  putInt64(batch, position.baseTimestamp, baseTimestamp)
  putInt64(batch, position.maxTimestamp, maxTimestamp)
  putInt64(batch, position.producerId, options.producerId ?? -1)
  putInt16(batch, position.producerEpoch, options.producerEpoch ?? -1)
  putInt32(batch, position.baseSequence, options.baseSequence ?? -1)
  putInt32(batch, position.recordCount, records.length)
  return sealed(batch)
}

/** Room for a header, and the records behind it. */
function withHeader(records: Uint8Array, compression: CompressionChoice | undefined): Uint8Array {
  const body = compression ? compression.compress(records) : records
  const batch = new Uint8Array(batchHeaderBytes + body.length)
  batch.set(body, batchHeaderBytes)
  return batch
}

/** With its length and checksum. */
function sealed(batch: Uint8Array): Uint8Array {
  putInt32(batch, position.batchLength, batch.length - lengthEnd)
  putInt32(batch, position.crc, batchCrc(batch, 0, batch.length))
  return batch
}

export interface RecordPlace {
  readonly offsetDelta: number
  readonly timestampDelta: number
}

/** A record without its length. */
function writeContent(content: ByteWriter, record: RecordInput, { offsetDelta, timestampDelta }: RecordPlace): void {
  content.uint8(0)
  zigzag(content, timestampDelta)
  zigzag(content, offsetDelta)
  writeBytes(content, record.key ?? null)
  writeBytes(content, record.value)
  const headers = record.headers ?? []
  zigzag(content, headers.length)
  for (const { key, value } of headers) {
    writeBytes(content, utf8Bytes(key))
    writeBytes(content, value)
  }
}

function writeBytes(writer: ByteWriter, bytes: Uint8Array | null): void {
  zigzag(writer, bytes === null ? -1 : bytes.length)
  if (bytes !== null) writer.raw(bytes)
}

/** @param value up to 2^52, either sign */
function zigzag(writer: ByteWriter, value: number): void {
  writer.varint(value < 0 ? -2 * value - 1 : 2 * value)
}

/**
 * The batch with only some of its records, at the offsets and times that they have: what compaction leaves of it. Offsets,
 * sequences and times of the batch as a whole stay, so that nobody takes what is gone for never sent.
 * @param header of the batch; `records` are its records as they are uncompressed
 * @param keep may look at the cursor's current record
 * @returns undefined where none is kept
 */
export function filterBatch(
  header: { readonly bytes: Uint8Array; readonly start: number },
  records: RecordCursor,
  { keep, compression }: FilterOptions,
): Uint8Array | undefined {
  const body = new ByteWriter()
  let count = 0
  while (records.next()) {
    if (!keep(records)) continue
    body.rawRange(records.bytes, records.start, records.end)
    count++
  }
  if (count === 0) return undefined
  const batch = withHeader(body.view(), compression)
  batch.set(header.bytes.subarray(header.start, header.start + batchHeaderBytes))
  putInt32(batch, position.recordCount, count)
  return sealed(batch)
}

export interface FilterOptions {
  readonly keep: (record: RecordCursor) => boolean
  /** As the batch is compressed. */
  readonly compression: CompressionChoice | undefined
}
