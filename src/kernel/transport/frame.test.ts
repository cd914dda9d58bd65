import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UnumError } from '#kernel/base/errors.ts'
import { frameHeaderBytes, frames } from './frame.ts'
import { FrameReader, sharedBlockBytes } from './frame-reader.ts'
import { Outbox } from './outbox.ts'

const bytesMax = 100_000

function taken(outbox: Outbox): Uint8Array {
  return Uint8Array.from(Buffer.concat(outbox.take()))
}

interface Message {
  readonly channel: number
  readonly body: Uint8Array
}

function encode(messages: readonly Message[]): Uint8Array {
  const outbox = new Outbox(bytesMax)
  for (const { channel, body } of messages) {
    outbox.begin('oneWay', channel).raw(body)
    outbox.finish()
  }
  return taken(outbox)
}

/** Feeds `bytes` in pieces of the given lengths, in turn; each piece is overwritten after the call, as a host may do. */
function decode(bytes: Uint8Array, lengths: readonly number[], reader?: FrameReader, got: Message[] = []): Message[] {
  const target = reader ?? new FrameReader('messages', bytesMax, (_tag, channel, body) => got.push({ channel, body }))
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length]!
    const piece = bytes.slice(at, at + length)
    target.push(piece)
    piece.fill(0xdb)
    at += length
  }
  return got
}

const bodies = fc.uint8Array({ maxLength: 300 }).chain((bytes) =>
  // Now and then one that is larger than a shared block, or than a read.
  fc.oneof(
    { weight: 6, arbitrary: fc.constant(bytes) },
    fc.integer({ min: 0, max: 20_000 }).map((n) => new Uint8Array(n).fill(n)),
  ),
)
const messages = fc.array(
  fc.record({ channel: fc.integer({ min: 1, max: 255 }), body: bodies }, { noNullPrototype: true }),
  { maxLength: 40 },
)
const cuts = fc.array(
  fc.integer({ min: 1, max: 70_000 }).chain((max) => fc.integer({ min: 1, max })),
  { minLength: 1, maxLength: 20 },
)

test('frames arrive whole and in order, however their bytes are cut, and what is kept of them stays as it is', () => {
  fc.assert(
    fc.property(messages, cuts, (sent, lengths) => {
      assert.deepEqual(
        decode(encode(sent), lengths).map(({ channel, body }) => ({ channel, body: Uint8Array.from(body) })),
        sent,
      )
    }),
    { numRuns: 300 },
  )
})

test('one changed bit anywhere is noticed: the frames before it arrive, none from it on', () => {
  fc.assert(
    fc.property(
      messages.filter((list) => list.length > 0),
      cuts,
      fc.nat(),
      fc.nat(7),
      (sent, lengths, where, bit) => {
        const bytes = encode(sent)
        const at = where % bytes.length
        bytes[at]! ^= 1 << bit
        const got: Message[] = []
        const reader = new FrameReader('messages', bytesMax, (_tag, channel, body) => got.push({ channel, body }))
        assert.throws(
          () => {
            decode(bytes, lengths, reader)
            // Nothing may be left waiting for bytes that a changed length asked for.
            decode(encode([{ channel: 1, body: new Uint8Array(0) }]), [100], reader)
          },
          (error) => error instanceof UnumError && error.code === 'DATA_DAMAGED',
        )
        let end = 0
        let intact = 0
        for (const { body } of sent) {
          end += frameHeaderBytes + body.length
          if (end > at) break
          intact++
        }
        assert.deepEqual(
          got.map(({ body }) => Uint8Array.from(body)),
          sent.slice(0, intact).map(({ body }) => body),
        )
      },
    ),
    { numRuns: 300 },
  )
})

test('a body is as large as the limit or refused, before its bytes come', () => {
  const outbox = new Outbox(bytesMax)
  outbox.begin('oneWay', 1).raw(new Uint8Array(bytesMax))
  outbox.finish()
  outbox.begin('oneWay', 1).raw(new Uint8Array(bytesMax + 1))
  assert.throws(() => outbox.finish(), { code: 'LIMIT_EXCEEDED' })
  const bytes = taken(outbox)
  assert.equal(bytes.length, frameHeaderBytes + bytesMax, 'the frame that is too large left nothing behind')
  let count = 0
  new FrameReader('messages', bytesMax, () => count++).push(bytes)
  assert.equal(count, 1)
  const header = bytes.subarray(0, frameHeaderBytes)
  assert.throws(() => new FrameReader('messages', bytesMax - 1, () => {}).push(header), { code: 'DATA_DAMAGED' })
})

test('kinds that are unknown, or of another purpose, are refused', () => {
  const outbox = new Outbox(bytesMax)
  outbox.begin('bulkChunk', 0).uint32(1)
  outbox.finish()
  const bytes = taken(outbox)
  assert.throws(() => new FrameReader('messages', bytesMax, () => {}).push(bytes), { code: 'DATA_DAMAGED' })
  new FrameReader('bulk', bytesMax, (tag) => assert.equal(tag, frames.bulkChunk.tag)).push(bytes)
})

test('a kept slice pins a small block, or no more than what arrived with it', () => {
  const kept: Uint8Array[] = []
  const reader = new FrameReader('messages', bytesMax, (_tag, _channel, body) => kept.push(body))
  for (let i = 0; i < 500; i++) reader.push(encode([{ channel: 1, body: new Uint8Array(100) }]))
  const large = encode([{ channel: 1, body: new Uint8Array(5000) }])
  reader.push(large)
  for (const body of kept) assert.ok(body.buffer.byteLength <= Math.max(sharedBlockBytes, large.length))
  const blocks = new Set(kept.map((body) => body.buffer))
  assert.ok(blocks.size <= 10, `${blocks.size} blocks`)
})

test('bytes that were taken to be sent are never written to again', () => {
  fc.assert(
    fc.property(fc.array(messages, { maxLength: 30 }), (turns) => {
      const outbox = new Outbox(bytesMax)
      const pieces: { bytes: Uint8Array; copy: Uint8Array }[] = []
      for (const turn of turns) {
        for (const { channel, body } of turn) {
          outbox.begin('oneWay', channel).raw(body)
          if (body.length % 3 === 0) outbox.abandon()
          else outbox.finish()
        }
        for (const bytes of outbox.take()) pieces.push({ bytes, copy: Uint8Array.from(bytes) })
        assert.equal(outbox.queuedBytes, 0)
      }
      for (const { bytes, copy } of pieces) assert.deepEqual(Uint8Array.from(bytes), copy)
    }),
    { numRuns: 100 },
  )
})

test('the bytes of a frame are those of docs/formats/transport.md', () => {
  const outbox = new Outbox(bytesMax)
  outbox.begin('oneWay', 7).ascii('hello')
  outbox.finish()
  outbox.begin('beat', 0)
  outbox.finish()
  // Computed apart from this code, with a bitwise CRC-32C.
  assert.equal(Buffer.from(taken(outbox)).toString('hex'), '050000000207e1749b1bf3e268656c6c6f000000000100fde4fde48844')
})
