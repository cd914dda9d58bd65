import { KafkaError } from '../error-codes.ts'
import {
  attribute,
  type BatchHeader,
  batchBytesAt,
  batchHeaderBytes,
  checkCrc,
  lengthEnd,
  magic2,
  position,
  readBatchHeader,
  tooShort,
} from './batch-header.ts'
import { type Decompression, plainRecords } from './compression.ts'
import { invalid, RecordCursor } from './record-cursor.ts'

/** What a broker demands of the records that a client produces to one partition. */
export interface ProduceRules {
  /** Of the request: zstd came with 7. */
  readonly produceVersion: number
  /** Of a batch: `max.message.bytes`. */
  readonly batchBytesMax: number
  /** Every record needs a key. */
  readonly isCompacted: boolean
  /** Times are the clients', and must be near the broker's; undefined where the time of appending counts. */
  readonly createTime: TimestampRules | undefined
  /** Undefined: what is compressed is taken as it is, only its header is checked. */
  readonly decompression: Decompression | undefined
}

export interface TimestampRules {
  readonly nowMs: number
  /** How far a record may lie behind and ahead: `message.timestamp.before.max.ms`, `message.timestamp.after.max.ms`. */
  readonly beforeMaxMs: number
  readonly afterMaxMs: number
}

/** A batch that may be appended. */
export interface ProducedBatch {
  readonly header: BatchHeader
  /** Of the records as they were read; what the header says, where they were not. To be stamped, as the header may be wrong. */
  readonly maxTimestamp: number
}

/** Names the record that is at fault, for `recordErrors` of a response. */
export class RecordError extends KafkaError {
  /** Its place in the batch. */
  readonly recordIndex: number

  constructor(error: 'INVALID_RECORD' | 'INVALID_TIMESTAMP', message: string, recordIndex: number) {
    super(error, message)
    this.recordIndex = recordIndex
  }
}

/**
 * Checks the records of one partition in a Produce request, in the order in which Kafka does: one batch, magic 2, its length
 * and checksum, what its header says, then each record.
 * @throws KafkaError with the code that Kafka answers
 */
export function validateProduced(bytes: Uint8Array | null, rules: ProduceRules): ProducedBatch {
  const header = onlyBatch(bytes ?? noBytes, rules)
  checkHeader(header)
  if (header.compression !== 'none' && rules.decompression === undefined) {
    return { header, maxTimestamp: header.maxTimestamp }
  }
  return { header, maxTimestamp: checkRecords(header, rules) }
}
const noBytes = new Uint8Array(0)

function onlyBatch(bytes: Uint8Array, { produceVersion, batchBytesMax }: ProduceRules): BatchHeader {
  const count = wholeBatchAt(bytes, 0)
  if (count === undefined) throw invalid(`There is no whole batch in ${bytes.length} bytes`)
  const magic = bytes[position.magic]!
  if (magic !== magic2) throw invalid(`A batch has magic ${magic}: only 2 can be produced`)
  const header = readBatchHeader(bytes, 0)
  const { compression, baseOffset } = header
  if (compression === undefined || (compression === 'zstd' && produceVersion < 7)) {
    const number = header.attributes & attribute.compression
    throw new KafkaError(
      'UNSUPPORTED_COMPRESSION_TYPE',
      `Compression ${number} in a Produce v${produceVersion} request`,
    )
  }
  if (wholeBatchAt(bytes, count) !== undefined) throw invalid('There is more than one batch')
  if (baseOffset !== 0) throw invalid(`A batch has base offset ${baseOffset}: it is the broker that gives it one`)
  if (count > batchBytesMax) {
    throw new KafkaError('MESSAGE_TOO_LARGE', `A batch of ${count} bytes: at most ${batchBytesMax}`)
  }
  if (count < batchHeaderBytes) throw tooShort(count)
  checkCrc(header)
  if (count < bytes.length) throw invalid(`${bytes.length - count} bytes follow a batch`)
  return header
}

/**
 * The length of the batch at `at`, of any magic; undefined where it is not there as a whole.
 * @throws KafkaError `CORRUPT_MESSAGE` for a length or a magic that none has
 */
function wholeBatchAt(bytes: Uint8Array, at: number): number | undefined {
  const count = batchBytesAt(bytes, at)
  if (count === undefined) return undefined
  if (count < shortestOfAnyMagic) throw tooShort(count)
  if (bytes.length - at <= position.magic) return undefined
  const magic = bytes[at + position.magic]!
  if (magic > magic2) throw new KafkaError('CORRUPT_MESSAGE', `A batch has magic ${magic}: there are 0 to 2`)
  return count > bytes.length - at ? undefined : count
}
/** Of a batch of magic 0, which is a single record. */
const shortestOfAnyMagic = lengthEnd + 14

function checkHeader(header: BatchHeader): void {
  const { attributes, lastOffsetDelta, recordCount, producerId, producerEpoch, baseSequence } = header
  if (lastOffsetDelta < 0) throw invalid(`A batch ends before it begins: its last offset is at ${lastOffsetDelta}`)
  if (recordCount <= 0) throw invalid(`A batch announces ${recordCount} records`)
  if (recordCount - 1 !== lastOffsetDelta) {
    throw invalid(`A batch has ${recordCount} records, and offsets up to ${lastOffsetDelta}`)
  }
  if (attributes & attribute.control) throw invalid('Control records are written by brokers alone')
  if (attributes & attribute.deleteHorizon) throw invalid('A delete horizon is set by brokers alone')
  if (producerId >= 0 && baseSequence < 0) {
    throw invalid(`Producer ${producerId} sends a batch with sequence ${baseSequence}`)
  }
  if (producerId >= 0 && producerEpoch < 0) {
    throw new KafkaError('INVALID_PRODUCER_EPOCH', `Producer ${producerId} sends a batch with epoch ${producerEpoch}`)
  }
  if (producerId < 0 && attributes & attribute.transactional) throw invalid('A transactional batch names no producer')
  if (attributes & attribute.logAppendTime) {
    throw new RecordError('INVALID_TIMESTAMP', 'The time of appending is set by brokers alone', 0)
  }
  if (producerId > Number.MAX_SAFE_INTEGER) throw invalid(`Producer ${producerId} is none that was ever given out`)
}

/** @returns the latest timestamp */
function checkRecords(header: BatchHeader, rules: ProduceRules): number {
  const { recordCount, baseTimestamp } = header
  const { bytes, start, end } = plainRecords(header, rules.decompression)
  const cursor = new RecordCursor(bytes, start, end)
  let latest = noTimestamp
  for (let i = 0; i < recordCount; i++) {
    if (!cursor.next()) throw invalid(`A batch announces ${recordCount} records, and has ${i}`)
    if (cursor.offsetDelta !== i) {
      throw new RecordError('INVALID_RECORD', `Record ${i} of a batch has offset ${cursor.offsetDelta} in it`, i)
    }
    if (rules.isCompacted && cursor.keyLength < 0) {
      throw new RecordError('INVALID_RECORD', 'A compacted topic takes no record without a key', i)
    }
    const timestamp = baseTimestamp + cursor.timestampDelta
    if (rules.createTime !== undefined && timestamp !== noTimestamp) checkTimestamp(timestamp, rules.createTime, i)
    if (timestamp > latest) latest = timestamp
  }
  if (cursor.end !== end) throw invalid(`${end - cursor.end} bytes follow the ${recordCount} records of a batch`)
  return latest
}
const noTimestamp = -1
function checkTimestamp(timestamp: number, rules: TimestampRules, recordIndex: number): void {
  const { nowMs, beforeMaxMs, afterMaxMs } = rules
  if (nowMs - timestamp > beforeMaxMs || timestamp - nowMs > afterMaxMs) {
    const range = `${nowMs - beforeMaxMs} to ${nowMs + afterMaxMs}`
    throw new RecordError('INVALID_TIMESTAMP', `A timestamp of ${timestamp} is not in ${range}`, recordIndex)
  }
}
