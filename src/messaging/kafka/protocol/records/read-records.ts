import { attribute, type BatchHeader, batchesOf } from './batch-header.ts'
import { type Decompression, plainRecords } from './compression.ts'
import { invalid, RecordCursor, type RecordHeader } from './record-cursor.ts'

/** A record as a consumer sees it. Keys and values share the memory of what was read. */
export interface KafkaRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
}

/** @throws KafkaError `INVALID_RECORD` */
export function* recordsOfBatch(header: BatchHeader, decompression?: Decompression): Generator<KafkaRecord> {
  const { baseOffset, baseTimestamp, maxTimestamp, recordCount, attributes } = header
  const { bytes, start, end } = plainRecords(header, decompression)
  const isLogAppendTime = (attributes & attribute.logAppendTime) !== 0
  const cursor = new RecordCursor(bytes, start, end)
  for (let i = 0; i < recordCount; i++) {
    if (!cursor.next()) throw invalid(`A batch announces ${recordCount} records, and has ${i}`)
    yield {
      offset: baseOffset + cursor.offsetDelta,
      timestamp: isLogAppendTime ? maxTimestamp : baseTimestamp + cursor.timestampDelta,
      key: cursor.key,
      value: cursor.value,
      headers: cursor.headerCount === 0 ? noHeaders : cursor.headers(),
    }
  }
}
const noHeaders: readonly RecordHeader[] = []

/**
 * The records of all batches in `bytes`, control records left out, from `fromOffset` on: a response to Fetch begins with the
 * batch that holds the offset.
 * @throws KafkaError `CORRUPT_MESSAGE`, `INVALID_RECORD`
 */
export function* recordsOf(bytes: Uint8Array, options: ReadOptions = {}): Generator<KafkaRecord> {
  const { fromOffset = 0, decompression } = options
  for (const header of batchesOf(bytes, { check: true })) {
    if (header.attributes & attribute.control || header.lastOffset < fromOffset) continue
    for (const record of recordsOfBatch(header, decompression)) if (record.offset >= fromOffset) yield record
  }
}

export interface ReadOptions {
  readonly fromOffset?: number
  readonly decompression?: Decompression
}
