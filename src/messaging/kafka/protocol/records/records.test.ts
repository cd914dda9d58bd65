import assert from 'node:assert/strict'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { gunzipSync, gzipSync, zstdDecompressSync } from 'node:zlib'
import { concatBytes, plainBytes, utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import { bytesOfHex, hexOf } from '../testing/hex.ts'
import { readVectors } from '../testing/vectors.ts'
import { attribute, batchBytesAt, batchesOf, readBatchHeader } from './batch-header.ts'
import { buildBatch, filterBatch, type RecordInput } from './build-batch.ts'
import { type Decompression, plainRecords } from './compression.ts'
import { recordsOf, recordsOfBatch } from './read-records.ts'
import { RecordCursor } from './record-cursor.ts'
import { stampOffset, stampTimestamp } from './stamp.ts'

const vectors = new Map(
  readVectors(join(import.meta.dirname, 'testdata/batches.vectors')).map(([name = '', hex = '']) => [
    name,
    bytesOfHex(hex),
  ]),
)
const vector = (name: string) => vectors.get(name)!.slice()

/** What the vectors were made of. */
const records: readonly RecordInput[] = [
  { timestamp: 1_700_000_000_123, key: utf8Bytes('key-1'), value: utf8Bytes('value one') },
  {
    timestamp: 1_700_000_000_100,
    value: utf8Bytes('no key'),
    headers: [
      { key: 'trace', value: utf8Bytes('abc') },
      { key: 'empty', value: new Uint8Array(0) },
      { key: 'null', value: null },
    ],
  },
  { timestamp: 1_700_000_005_000, key: utf8Bytes('tombstone'), value: null },
  { timestamp: 1_700_000_005_001, key: new Uint8Array(0), value: utf8Bytes('x'.repeat(200)) },
]
const read = (baseOffset: number) =>
  records.map(({ timestamp, key = null, value, headers = [] }, i) => ({
    ...{ offset: baseOffset + i, timestamp, key, value, headers },
  }))

const decompression: Decompression = {
  decompress: (compression, bytes, { bytesMax }) => {
    const inflate = compression === 'gzip' ? gunzipSync : zstdDecompressSync
    return plainBytes(inflate(bytes, { maxOutputLength: bytesMax }))
  },
  decompressedBytesMax: 10_000,
}
const gzip = { name: 'gzip', compress: (bytes: Uint8Array) => plainBytes(gzipSync(bytes)) } as const

suite("batches of Kafka's own", () => {
  test('are built the same', () => {
    assert.equal(hexOf(buildBatch(records)), hexOf(vector('plain none')))
    const producer = { producerId: 4711, producerEpoch: 3, baseSequence: 250 }
    assert.equal(hexOf(buildBatch(records, producer)), hexOf(vector('idempotent')))
    const transactional = { ...producer, baseOffset: 1000, partitionLeaderEpoch: 17, isTransactional: true }
    assert.equal(hexOf(buildBatch(records, transactional)), hexOf(vector('transactional at 1000')))
  })

  test('are read, also compressed', () => {
    for (const name of ['plain none', 'plain gzip', 'plain zstd', 'idempotent']) {
      assert.deepEqual([...recordsOf(vector(name), { decompression })], read(0), name)
    }
    assert.deepEqual([...recordsOf(vector('transactional at 1000'))], read(1000))
  })

  test('have headers that say what they are', () => {
    const [header] = batchesOf(vector('transactional at 1000'), { check: true })
    const { start, end, baseOffset, lastOffset, partitionLeaderEpoch, compression, recordCount } = header!
    assert.deepEqual([start, end, baseOffset, lastOffset], [0, 345, 1000, 1003])
    assert.deepEqual([partitionLeaderEpoch, compression, recordCount], [17, 'none', 4])
    const { producerId, producerEpoch, baseSequence, baseTimestamp, maxTimestamp, attributes } = header!
    assert.deepEqual([producerId, producerEpoch, baseSequence], [4711, 3, 250])
    assert.deepEqual([baseTimestamp, maxTimestamp], [1_700_000_000_123, 1_700_000_005_001])
    assert.equal(attributes, attribute.transactional)
    const named = ['gzip', 'snappy', 'lz4', 'zstd'] as const
    for (const name of named) assert.equal(readBatchHeader(vector(`plain ${name}`), 0).compression, name)
  })
})

suite('several batches in a row', () => {
  const marker = vector('commit marker at 1004')
  const all = concatBytes([vector('transactional at 1000'), marker, buildBatch(records, { baseOffset: 1005 })])

  test('are read one after the other, without control records, from an offset on', () => {
    assert.deepEqual([...recordsOf(all)], [...read(1000), ...read(1005)])
    assert.deepEqual(
      [...recordsOf(all, { fromOffset: 1002 })].map(({ offset }) => offset),
      [1002, 1003, 1005, 1006, 1007, 1008],
    )
    assert.deepEqual(
      [...batchesOf(all, { check: true })].map(({ baseOffset }) => baseOffset),
      [1000, 1004, 1005],
    )
  })

  test('may be cut off at any byte: whole ones are read', () => {
    const ends = [345, 345 + marker.length, all.length]
    for (let length = 0; length < all.length; length++) {
      const whole = ends.filter((end) => end <= length).length
      assert.equal([...batchesOf(all.subarray(0, length), { check: true })].length, whole, `${length}`)
    }
  })

  test('are damaged where a checksum, a magic or a length is wrong', () => {
    const changed = (at: number, value: number) => {
      const bytes = all.slice()
      bytes[at] = value
      return bytes
    }
    const corrupt = { error: 'CORRUPT_MESSAGE' }
    assert.throws(() => [...recordsOf(changed(345 + 62, 1))], corrupt)
    assert.throws(() => [...batchesOf(changed(345 + 16, 1), { check: false })], /magic 1/)
    assert.throws(() => [...batchesOf(changed(345 + 11, 0), { check: false })], /announces 12 bytes/)
    assert.throws(() => [...batchesOf(changed(345 + 8, 0xff), { check: false })], corrupt)
    assert.equal(batchBytesAt(all, all.length - 11), undefined)
  })
})

suite('what a leader puts in', () => {
  test('offset and epoch, without another checksum', () => {
    const bytes = concatBytes([new Uint8Array(7), vector('plain none')])
    stampOffset(bytes, 7, { baseOffset: 2 ** 40 + 5, leaderEpoch: 17 })
    const [header] = batchesOf(bytes.subarray(7), { check: true })
    assert.deepEqual(
      [header!.baseOffset, header!.lastOffset, header!.partitionLeaderEpoch],
      [2 ** 40 + 5, 2 ** 40 + 8, 17],
    )
    stampOffset(bytes, 7, { baseOffset: 1000, leaderEpoch: 17 })
    assert.equal(readBatchHeader(bytes, 7).baseOffset, 1000)
  })

  test('the time of appending, or the latest of the records, with a checksum that fits', () => {
    const bytes = vector('plain none')
    stampTimestamp(bytes, 0, { maxTimestamp: 1_800_000_000_000, isLogAppendTime: true })
    assert.deepEqual(
      [...recordsOf(bytes)].map(({ timestamp }) => timestamp),
      Array(4).fill(1_800_000_000_000),
    )
    stampTimestamp(bytes, 0, { maxTimestamp: 1_700_000_005_001, isLogAppendTime: false })
    assert.deepEqual(bytes, vector('plain none'))
    stampTimestamp(bytes, 0, { maxTimestamp: -1, isLogAppendTime: false })
    assert.equal([...batchesOf(bytes, { check: true })][0]!.maxTimestamp, -1)
  })
})

suite('building', () => {
  test('of compressed batches', () => {
    const bytes = buildBatch(records, { compression: gzip })
    assert.ok(bytes.length < buildBatch(records).length)
    assert.deepEqual([...recordsOf(bytes, { decompression })], read(0))
  })

  test('takes times and lengths of any size', () => {
    const extremes = [0, -1, 2 ** 31, -(2 ** 40), 2 ** 51].map((timestamp) => ({
      timestamp,
      value: new Uint8Array(timestamp === 0 ? 70_000 : 0),
    }))
    const [header] = batchesOf(buildBatch(extremes), { check: true })
    assert.equal(header!.maxTimestamp, 2 ** 51)
    const back = [...recordsOfBatch(header!)]
    assert.deepEqual(
      back.map(({ timestamp, value }) => ({ timestamp, value })),
      extremes,
    )
    assert.throws(() => buildBatch([]), RangeError)
  })

  test('what compaction leaves keeps its offsets and times, and what the batch says of itself', () => {
    for (const compression of [undefined, gzip]) {
      const batch = buildBatch(records, { baseOffset: 50, producerId: 7, ...(compression && { compression }) })
      const [header] = batchesOf(batch, { check: true })
      const cursor = () => {
        const { bytes, start, end } = plainRecords(header!, decompression)
        return new RecordCursor(bytes, start, end)
      }
      const keep = (record: RecordCursor) => record.key !== null && utf8Text(record.key) !== 'key-1'
      const left = filterBatch(header!, cursor(), { keep, compression })!
      assert.deepEqual([...recordsOf(left, { decompression })], read(50).slice(2))
      const [after] = batchesOf(left, { check: true })
      assert.deepEqual([after!.baseOffset, after!.lastOffset, after!.recordCount, after!.producerId], [50, 53, 2, 7])
      assert.equal(filterBatch(header!, cursor(), { keep: () => false, compression }), undefined)
    }
  })
})
