import { join } from 'node:path'
import { concatBytes, copyBytes, equalBytes, utf8Bytes } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, type Dice, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { KafkaError } from '../error-codes.ts'
import { bytesOfHex } from '../testing/hex.ts'
import { readVectors } from '../testing/vectors.ts'
import { batchBytesAt, batchCrc, batchesOf, batchHeaderBytes, position } from './batch-header.ts'
import { putInt32 } from './big-endian.ts'
import { buildBatch, filterBatch } from './build-batch.ts'
import type { Decompression } from './compression.ts'
import { type KafkaRecord, recordsOf, recordsOfBatch } from './read-records.ts'
import { RecordCursor } from './record-cursor.ts'
import { stampOffset, stampTimestamp } from './stamp.ts'
import { type ProduceRules, validateProduced } from './validate.ts'

const nowMs = 1_700_000_000_000
/** As good as any for what is behind it: nothing is compressed. */
const decompression: Decompression = { decompress: (_, bytes) => bytes, decompressedBytesMax: 2000 }

function rulesBy(dice: Dice): ProduceRules {
  return {
    produceVersion: dice.of([3, 7, 9]),
    batchBytesMax: dice.once(8) ? 80 : 4096,
    isCompacted: dice.once(4),
    createTime: dice.once(2) ? undefined : { nowMs, beforeMaxMs: 1e12, afterMaxMs: 1e6 },
    decompression: dice.once(4) ? undefined : decompression,
  }
}

/** With checksums that fit, so that what is behind them is reached. */
function sealed(input: Uint8Array): Uint8Array {
  const bytes = copyBytes(input)
  for (let at = 0; ; ) {
    const count = batchBytesAt(bytes, at)
    if (count === undefined || count < batchHeaderBytes || count > bytes.length - at) return bytes
    putInt32(bytes, at + position.crc, batchCrc(bytes, at, at + count))
    at += count
  }
}

/** @returns the code where it is refused as Kafka does */
function refusalOf(act: () => void): string {
  try {
    act()
    return ''
  } catch (error) {
    if (error instanceof KafkaError) return error.error
    throw error
  }
}

function checkTaken(bytes: Uint8Array, rules: ProduceRules): string {
  const { header, maxTimestamp } = validateProduced(bytes, rules)
  if (header.compression !== 'none' && rules.decompression === undefined) return 'unread'
  check(header.end === bytes.length, 'all of it was looked at')
  const records = [...recordsOfBatch(header, decompression)]
  check(records.length === header.recordCount, 'as many records as it says')
  check(
    records.every(({ offset }, i) => offset === i),
    'offsets without holes',
  )
  const latest = Math.max(-1, ...records.map(({ timestamp }) => timestamp))
  check(latest === maxTimestamp, 'the latest time is that of the records')
  stampOffset(bytes, 0, { baseOffset: 1000, leaderEpoch: 5 })
  check(Number.isSafeInteger(maxTimestamp) || maxTimestamp === latest, 'a time is a number')
  if (Number.isSafeInteger(maxTimestamp)) stampTimestamp(bytes, 0, { maxTimestamp, isLogAppendTime: false })
  const read = [...recordsOf(bytes, { decompression })]
  check(read.length === records.length && read[0]!.offset === 1000, 'what is stamped is read')
  if (header.compression === 'none') checkRebuilt(bytes, records)
  return `${bucket(records.length)} ${header.compression}`
}

function checkRebuilt(bytes: Uint8Array, records: readonly KafkaRecord[]): void {
  const cursor = new RecordCursor(bytes, batchHeaderBytes)
  const left = filterBatch({ bytes, start: 0 }, cursor, { keep: () => true, compression: undefined })!
  check(equalBytes(left, bytes), 'a batch of which all is kept is the same')
  if (!records.every(({ timestamp }) => Math.abs(timestamp) < 2 ** 51)) return
  const again = [...recordsOf(buildBatch(records))]
  const text = (list: readonly KafkaRecord[]) =>
    JSON.stringify(list.map(({ timestamp, key, value, headers }) => [timestamp, key, value, headers]))
  check(text(again) === text(records), 'what is read is built the same')
}

const value = utf8Bytes('value')
const target: FuzzTarget = {
  name: 'kafka-batches',
  family: 'kafka protocol',
  refusals: [],
  inputBytesMax: 1024,
  dictionary: [
    '\x01',
    '\x00\x00\x00\x00',
    '\xff\xff\xff\xff\x0f',
    '\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01',
    '\x02\x00\x00',
  ],
  corpus: () => [
    ...readVectors(join(import.meta.dirname, 'testdata/batches.vectors')).map(([, hex = '']) => bytesOfHex(hex)),
    buildBatch([{ timestamp: nowMs, value }]),
    buildBatch([-1, 0, nowMs].map((timestamp) => ({ timestamp, key: value, value: null }))),
    concatBytes([1, 2, 3].map((count) => buildBatch(Array.from({ length: count }, () => ({ timestamp: 5, value }))))),
    ...committedCorpus(import.meta.dirname, 'kafka-batches'),
  ],
  run(input, dice) {
    const bytes = dice.once(8) ? copyBytes(input) : sealed(input)
    const read = refusalOf(() => {
      for (const header of batchesOf(bytes, { check: true })) {
        check(
          header.end <= bytes.length && header.end - header.start >= batchHeaderBytes,
          'a batch lies within its bytes',
        )
        for (const { key, value } of recordsOfBatch(header, decompression)) {
          check((key?.length ?? 0) + (value?.length ?? 0) <= bytes.length, 'a record lies within its batch')
        }
      }
    })
    let taken = ''
    const refused = refusalOf(() => {
      taken = checkTaken(bytes, rulesBy(dice))
    })
    return `${read} ${refused} ${taken}`
  },
}

export const targets = [target]
