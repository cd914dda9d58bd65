import assert from 'node:assert/strict'
import test from 'node:test'
import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { createRandom } from '#kernel/base/random.ts'
import { EntryWriter, effectKinds, readEntry } from './entry.ts'
import { ReplyWindow } from './replies.ts'

function transcript(data: Uint8Array): string[] {
  const lines: string[] = []
  readEntry(data, {
    put: (bytes, ...[keyStart, keyEnd, valueStart, valueEnd]) =>
      void lines.push(`put ${latin1Text(bytes, keyStart, keyEnd)} ${latin1Text(bytes, valueStart, valueEnd)}`),
    delete: (key) => void lines.push(`delete ${latin1Text(key)}`),
    deleteRange: (from, to) => void lines.push(`delete range ${latin1Text(from)} ${to ? latin1Text(to) : '-'}`),
    count: (name, delta) => void lines.push(`count ${name} ${delta}`),
    transaction: (gateway, sequence, low, timestampUs, reply) =>
      void lines.push(`from ${gateway} #${sequence} low ${low} at ${timestampUs}: ${reply ? latin1Text(reply) : '-'}`),
  })
  return lines
}

function written(text: string): ByteWriter {
  const writer = new ByteWriter()
  writer.ascii(text)
  return writer
}

function sample(): Uint8Array {
  const entry = new EntryWriter()
  const { writer } = entry
  entry.begin(77, 5, 4, 1000)
  writer.uint8(effectKinds.put)
  writer.block(latin1Bytes('k'))
  writer.block(latin1Bytes('v'))
  entry.end(written('ok'), 100)
  entry.begin(77, 6, 4, 1001)
  writer.uint8(effectKinds.count)
  writer.text('keys')
  writer.uint8(1)
  writer.varint(3)
  entry.end(written('a long reply'), 4)
  const length = writer.length
  const origins = entry.originCount
  entry.begin(99, 1, 1, 1002)
  entry.reset(length, origins)
  entry.begin(0, 0, 0, 1003)
  writer.uint8(effectKinds.deleteRange)
  writer.block(latin1Bytes('a'))
  writer.uint8(0)
  entry.end(written(''), 100)
  entry.begin(99, 2, 1, 1004)
  writer.uint8(effectKinds.delete)
  writer.block(latin1Bytes('z'))
  entry.end(written('1'), 100)
  return entry.take()
}

test('an entry gives back its transactions in order, with where they came from', () => {
  assert.deepEqual(transcript(sample()), [
    'put k v',
    'from 77 #5 low 4 at 1000: ok',
    'count keys -3',
    'from 77 #6 low 4 at 1001: -',
    'delete range a -',
    'from 0 #0 low 0 at 1003: ',
    'delete z',
    'from 99 #2 low 1 at 1004: 1',
  ])
})

test('an entry with flipped or missing bytes is read or refused, never anything else', () => {
  const random = createRandom(1)
  const good = sample()
  for (let i = 0; i < 5000; i++) {
    const bytes = good.slice(0, 1 + random.below(good.length))
    bytes[random.below(bytes.length)]! ^= 1 << random.below(8)
    try {
      transcript(bytes)
    } catch (error) {
      assert.ok(error instanceof UnumError, String(error))
    }
  }
})

test('replies are kept from the low mark on, and the window survives being written and read', () => {
  const window = new ReplyWindow(1_000_000)
  window.record(7, 1, 1, 10, latin1Bytes('one'))
  window.record(7, 2, 1, 11, undefined)
  window.record(7, 3, 2, 12, latin1Bytes('three'))
  const check = (checked: ReplyWindow) => {
    assert.equal(checked.find(7, 1), 'stale')
    assert.equal(checked.find(7, 2), 'lost')
    assert.deepEqual(checked.find(7, 3), latin1Bytes('three'))
    assert.equal(checked.find(7, 4), 'unknown')
    assert.equal(checked.find(8, 1), 'unknown')
  }
  check(window)
  const writer = new ByteWriter()
  window.write(writer)
  const copy = new ReplyWindow(1_000_000)
  copy.read(new ByteReader(writer.take()))
  check(copy)
})

test('a gateway that is silent for the time of retention is forgotten', () => {
  const window = new ReplyWindow(1_000)
  window.record(7, 1, 1, 10, latin1Bytes('one'))
  for (let us = 100; us <= 900; us += 100) window.record(8, us, us, us, latin1Bytes('one'))
  assert.deepEqual(window.find(7, 1), latin1Bytes('one'))
  for (let us = 1_000; us <= 2_000; us += 100) window.record(8, us, us, us, latin1Bytes('one'))
  assert.equal(window.find(7, 1), 'unknown')
  assert.deepEqual(window.find(8, 2_000), latin1Bytes('one'))
})

test('a leap of the time, as where a clock was set, has no gateway forgotten: a retry would be done twice', () => {
  const window = new ReplyWindow(1_000)
  window.record(7, 1, 1, 1_000_010, latin1Bytes('one'))
  window.record(8, 1, 1, 1_000_020, latin1Bytes('one'))
  window.record(8, 2, 2, 9_000_000, latin1Bytes('two'))
  assert.deepEqual(window.find(7, 1), latin1Bytes('one'))
  window.record(8, 3, 3, 99_000_000, latin1Bytes('three'))
  assert.deepEqual(window.find(7, 1), latin1Bytes('one'))
})

test('an entry whose times or gateways no leader writes is damage', () => {
  const entry = (base: number, gateway: number, delta: number) => {
    const writer = new ByteWriter()
    writer.uint8(1)
    writer.uint64(base)
    for (const number of [1, gateway, 1, 1, delta]) writer.varint(number)
    for (const byte of [effectKinds.end, 1, 0]) writer.uint8(byte)
    return writer.take()
  }
  assert.deepEqual(transcript(entry(1000, 5, 1)), ['from 5 #1 low 1 at 1001: '])
  assert.throws(() => transcript(entry(2 ** 53 - 2, 5, 2)), /its time 9007199254740992 is beyond/)
  assert.throws(() => transcript(entry(1000, 0, 1)), /no gateway is 0/)
})

test('replies whose numbers lie further apart than a shard answers, or do not rise, are damage', () => {
  const window = (...sequences: readonly number[]) => {
    const writer = new ByteWriter()
    writer.uint64(0)
    writer.varint(1)
    writer.varint(77)
    writer.varint(1)
    writer.uint64(1000)
    writer.varint(sequences.length)
    for (const sequence of sequences) {
      writer.varint(sequence)
      writer.uint8(0)
    }
    return new ByteReader(writer.take())
  }
  const replies = new ReplyWindow(100_000_000)
  replies.read(window(5, 9, 5000))
  assert.equal(replies.find(77, 5000), 'lost')
  for (const sequences of [
    [5, 2 ** 40],
    [5, 5 + 2 ** 24],
    [9, 5],
    [5, 5],
  ]) {
    assert.throws(
      () => replies.read(window(...sequences)),
      (error) => error instanceof UnumError && error.code === 'DATA_DAMAGED',
      String(sequences),
    )
  }
})
