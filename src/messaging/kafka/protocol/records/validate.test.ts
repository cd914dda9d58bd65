import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { concatBytes, plainBytes, utf8Bytes } from '#kernel/base/bytes.ts'
import { batchCrc, position, readBatchHeader } from './batch-header.ts'
import { putInt16, putInt32, putInt64 } from './big-endian.ts'
import { type BatchOptions, buildBatch } from './build-batch.ts'
import type { Decompression } from './compression.ts'
import { type ProduceRules, RecordError, validateProduced } from './validate.ts'

const nowMs = 1_700_000_000_000
const decompression: Decompression = {
  decompress: (_, bytes, { bytesMax }) => plainBytes(gunzipSync(bytes, { maxOutputLength: bytesMax })),
  decompressedBytesMax: 5000,
}
const rules: ProduceRules = {
  produceVersion: 9,
  batchBytesMax: 1000,
  isCompacted: false,
  createTime: { nowMs, beforeMaxMs: 1000, afterMaxMs: 500 },
  decompression,
}
const key = utf8Bytes('k')
const value = utf8Bytes('some value')
const gzip = { name: 'gzip', compress: (bytes: Uint8Array) => plainBytes(gzipSync(bytes)) } as const

function batch(options: BatchOptions = {}): Uint8Array {
  return buildBatch(
    [0, -7, 12].map((delta) => ({ timestamp: nowMs + delta, key, value, headers: [{ key: 'h', value }] })),
    options,
  )
}

/** Changed in one field, with a checksum that fits. */
function changed(change: (bytes: Uint8Array) => void, options?: BatchOptions): Uint8Array {
  const bytes = batch(options)
  change(bytes)
  putInt32(bytes, position.crc, batchCrc(bytes, 0, bytes.length))
  return bytes
}

const refused = (error: string, message: RegExp, bytes: Uint8Array | null, other: Partial<ProduceRules> = {}) =>
  assert.throws(() => validateProduced(bytes, { ...rules, ...other }), { error, message })

suite('a batch that is produced', () => {
  test('is taken, compressed or not, with the latest of its times', () => {
    for (const options of [{}, { compression: gzip }, { producerId: 5, producerEpoch: 0, baseSequence: 0 }]) {
      const { header, maxTimestamp } = validateProduced(batch(options), rules)
      assert.deepEqual([header.recordCount, maxTimestamp], [3, nowMs + 12])
    }
    const wrong = changed((bytes) => putInt64(bytes, position.maxTimestamp, 5))
    assert.equal(validateProduced(wrong, rules).maxTimestamp, nowMs + 12)
  })

  test('is the only one, whole, of magic 2', () => {
    const whole = batch()
    refused('INVALID_RECORD', /no whole batch in 0 bytes/, null)
    refused('INVALID_RECORD', /no whole batch in 0 bytes/, new Uint8Array(0))
    for (let length = 0; length < whole.length; length++) {
      refused('INVALID_RECORD', /no whole batch/, whole.slice(0, length))
    }
    refused('INVALID_RECORD', /more than one batch/, concatBytes([whole, whole]))
    refused('INVALID_RECORD', /5 bytes follow a batch/, concatBytes([whole, new Uint8Array(5)]))
    refused(
      'INVALID_RECORD',
      /magic 0: only 2/,
      changed((bytes) => (bytes[position.magic] = 0)),
    )
    refused(
      'INVALID_RECORD',
      /magic 1: only 2/,
      changed((bytes) => (bytes[position.magic] = 1)),
    )
    refused(
      'CORRUPT_MESSAGE',
      /magic 3/,
      changed((bytes) => (bytes[position.magic] = 3)),
    )
  })

  test('does not lie about its length', () => {
    const said = (length: number) => changed((bytes) => putInt32(bytes, position.batchLength, length))
    refused('CORRUPT_MESSAGE', /announces 12 bytes/, said(0))
    refused('CORRUPT_MESSAGE', /announces -2147483636 bytes/, said(-0x8000_0000))
    refused('CORRUPT_MESSAGE', /announces 60 bytes: 61/, said(48).slice(0, 60))
    refused('CORRUPT_MESSAGE', /checksum/, said(batch().length - 13))
    refused('INVALID_RECORD', /no whole batch/, said(batch().length - 11))
    refused('INVALID_RECORD', /no whole batch/, said(0x7fff_ffff - 12))
  })

  test('has the checksum that it says, whatever bit is flipped behind it', () => {
    const whole = batch()
    for (let at = position.crc; at < whole.length; at++) {
      const bytes = whole.slice()
      bytes[at]! ^= 1
      // The checksum comes after what can be told from the compression's number.
      if (at === position.attributes + 1) continue
      refused('CORRUPT_MESSAGE', /checksum/, bytes)
    }
  })

  test('is as large as is allowed', () => {
    const { length } = batch()
    validateProduced(batch(), { ...rules, batchBytesMax: length })
    refused('MESSAGE_TOO_LARGE', /at most/, batch(), { batchBytesMax: length - 1 })
  })

  test('is compressed in a way that the request may have', () => {
    const said = (number: number) => changed((bytes) => putInt16(bytes, position.attributes, number))
    for (const number of [5, 6, 7]) refused('UNSUPPORTED_COMPRESSION_TYPE', /Compression/, said(number))
    refused('UNSUPPORTED_COMPRESSION_TYPE', /Compression 4 in a Produce v6/, said(4), { produceVersion: 6 })
    refused('INVALID_RECORD', /cannot be decompressed/, said(1))
    refused('INVALID_RECORD', /cannot be decompressed/, batch({ compression: gzip }), {
      decompression: { ...decompression, decompressedBytesMax: 50 },
    })
    const unread = { decompression: undefined }
    assert.equal(validateProduced(batch({ compression: gzip }), { ...rules, ...unread }).maxTimestamp, nowMs + 12)
  })

  test('counts its records and offsets right', () => {
    const said = (at: number, number: number) => changed((bytes) => putInt32(bytes, at, number))
    refused('INVALID_RECORD', /last offset is at -1/, said(position.lastOffsetDelta, -1))
    refused('INVALID_RECORD', /announces 0 records/, said(position.recordCount, 0))
    refused('INVALID_RECORD', /announces -1 records/, said(position.recordCount, -1))
    refused('INVALID_RECORD', /2 records, and offsets up to 2/, said(position.recordCount, 2))
    const both = (count: number, options?: BatchOptions) =>
      changed((bytes) => {
        putInt32(bytes, position.recordCount, count)
        putInt32(bytes, position.lastOffsetDelta, count - 1)
      }, options)
    for (const options of [{}, { compression: gzip }]) {
      refused('INVALID_RECORD', /announces 4 records, and has 3/, both(4, options))
      refused('INVALID_RECORD', /bytes follow the 2 records/, both(2, options))
      refused('INVALID_RECORD', /announces 2147483647 records, and has 3/, both(0x7fff_ffff, options))
    }
    refused('INVALID_RECORD', /base offset 9/, batch({ baseOffset: 9 }))
  })

  test('says nothing of itself that only brokers say', () => {
    refused('INVALID_RECORD', /Control records/, batch({ isControl: true }))
    refused(
      'INVALID_RECORD',
      /delete horizon/,
      changed((bytes) => putInt16(bytes, position.attributes, 64)),
    )
    refused(
      'INVALID_TIMESTAMP',
      /time of appending/,
      changed((bytes) => putInt16(bytes, position.attributes, 8)),
    )
  })

  test('has a producer with epoch and sequence, or none', () => {
    refused('INVALID_RECORD', /sequence -1/, batch({ producerId: 5, producerEpoch: 0 }))
    refused('INVALID_PRODUCER_EPOCH', /epoch -1/, batch({ producerId: 5, baseSequence: 0 }))
    refused('INVALID_RECORD', /names no producer/, batch({ isTransactional: true }))
    refused('INVALID_RECORD', /ever given out/, batch({ producerId: 2 ** 60, producerEpoch: 0, baseSequence: 0 }))
    validateProduced(batch({ producerId: 5, producerEpoch: 0, baseSequence: 0, isTransactional: true }), rules)
  })

  test('has keys where the topic is compacted', () => {
    const bytes = buildBatch([
      { timestamp: nowMs, key, value },
      { timestamp: nowMs, value },
    ])
    validateProduced(bytes, rules)
    assert.throws(
      () => validateProduced(bytes, { ...rules, isCompacted: true }),
      (error) => error instanceof RecordError && error.error === 'INVALID_RECORD' && error.recordIndex === 1,
    )
  })

  test("has times near the broker's, or none", () => {
    const at = (...timestamps: number[]) => buildBatch(timestamps.map((timestamp) => ({ timestamp, value })))
    validateProduced(at(nowMs - 1000, nowMs + 500, -1), rules)
    assert.equal(validateProduced(at(-1, -1), rules).maxTimestamp, -1)
    for (const timestamp of [nowMs - 1001, nowMs + 501, 0]) {
      assert.throws(
        () => validateProduced(at(nowMs, timestamp), rules),
        (error) => error instanceof RecordError && error.error === 'INVALID_TIMESTAMP' && error.recordIndex === 1,
      )
      validateProduced(at(nowMs, timestamp), { ...rules, createTime: undefined })
    }
  })
})

suite('records that do not parse', () => {
  const whole = batch()
  const { end } = readBatchHeader(whole, 0)

  test('are refused, whichever byte is wrong, or taken where it makes no difference', () => {
    for (let at = position.records; at < end; at++) {
      for (const wrong of [0, 1, 2, 0x7f, 0x80, 0xff]) {
        const bytes = changed((each) => (each[at] = wrong))
        try {
          const { header } = validateProduced(bytes, rules)
          assert.equal(header.recordCount, 3)
        } catch (error) {
          assert.match((error as RecordError).error, /^INVALID_(RECORD|TIMESTAMP)$/)
        }
      }
    }
  })

  test('with offsets that leave one out', () => {
    // Three records of the same size; its length, attributes and time are a byte each.
    const offsetAt = position.records + (end - position.records) / 3 + 3
    const bytes = changed((each) => (each[offsetAt] = 4))
    assert.throws(
      () => validateProduced(bytes, rules),
      (error) => error instanceof RecordError && error.recordIndex === 1 && /has offset 2/.test(error.message),
    )
  })
})
