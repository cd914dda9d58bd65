export {
  attribute,
  type BatchHeader,
  batchBytesAt,
  batchCrc,
  batchesOf,
  batchHeaderBytes,
  type Compression,
  checkCrc,
  readBatchHeader,
} from './batch-header.ts'
export { type BatchOptions, buildBatch, type CompressionChoice, filterBatch, type RecordInput } from './build-batch.ts'
export { type Decompress, type Decompression, plainRecords } from './compression.ts'
export { type KafkaRecord, type ReadOptions, recordsOf, recordsOfBatch } from './read-records.ts'
export { RecordCursor, type RecordHeader } from './record-cursor.ts'
export { stampOffset, stampTimestamp } from './stamp.ts'
export {
  type ProducedBatch,
  type ProduceRules,
  RecordError,
  type TimestampRules,
  validateProduced,
} from './validate.ts'
