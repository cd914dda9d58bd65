import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { utf8Bytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { createRandom } from '#kernel/base/random.ts'
import { type Message, readMessage, writeMessage } from './messages.ts'

function encode(message: Message): Uint8Array {
  const writer = new ByteWriter()
  writeMessage(writer, message)
  return writer.take()
}

const id = fc.integer({ min: 1, max: 2 ** 40 })
const number = fc.oneof(fc.nat(300), fc.maxSafeNat())
const index = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 50 }))
const roundMs = fc.oneof(fc.double({ noNaN: true }), fc.constant(Number.NEGATIVE_INFINITY))
const envelope = { from: id, to: id, term: number }
const kind = <K extends string>(name: K) => fc.constant(name)

/** What an append's entries are before their place is known. */
const entryBodies = fc.array(fc.tuple(number, fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 300 })), {
  maxLength: 12,
})
const plain = { noNullPrototype: true }
const messages: fc.Arbitrary<Message> = fc.oneof(
  fc.record(
    { ...envelope, kind: kind('vote'), pre: fc.boolean(), transfer: fc.boolean(), lastIndex: number, lastTerm: number },
    plain,
  ),
  fc.record({ ...envelope, kind: kind('voteReply'), pre: fc.boolean(), granted: fc.boolean() }, plain),
  fc
    .tuple(
      fc.record(
        { ...envelope, kind: kind('append'), prevIndex: index, prevTerm: number, commit: number, roundMs },
        plain,
      ),
      entryBodies,
    )
    .map(([head, bodies]) => {
      const entries = bodies.map(([term, kind, data], i) => ({ index: head.prevIndex + 1 + i, term, kind, data }))
      return { ...head, entries }
    }),
  fc.record(
    { ...envelope, kind: kind('appendReply'), accepted: fc.boolean(), index: number, hintTerm: number, roundMs },
    plain,
  ),
  fc.record({ ...envelope, kind: kind('heartbeat'), commit: number, roundMs, rests: fc.boolean() }, plain),
  fc.record({ ...envelope, kind: kind('heartbeatReply'), roundMs }, plain),
  fc.record({ ...envelope, kind: kind('timeoutNow') }, plain),
)

test('a message is read as it was written, and nothing behind it is touched', () => {
  fc.assert(
    fc.property(messages, fc.uint8Array({ maxLength: 4 }), (message, behind) => {
      const bytes = encode(message)
      const reader = new ByteReader(Uint8Array.from([...bytes, ...behind]))
      assert.deepEqual(readMessage(reader), message)
      assert.equal(reader.position, bytes.length)
    }),
    { numRuns: 500 },
  )
})

test('the bytes are those of docs/formats/consensus-messages.md', () => {
  const head = { from: 1, to: 3, term: 300 }
  const roundMs = 1.5
  const entries = [
    { index: 8, term: 299, kind: 2, data: utf8Bytes('x') },
    { index: 9, term: 300, kind: 0, data: new Uint8Array(0) },
  ]
  const examples: readonly (readonly [Message, string])[] = [
    [{ ...head, kind: 'vote', pre: true, transfer: false, lastIndex: 7, lastTerm: 299 }, '010103ac02 01 07 ab02'],
    [{ ...head, kind: 'voteReply', pre: false, granted: true }, '020103ac02 02'],
    [
      { ...head, kind: 'append', prevIndex: 7, prevTerm: 299, commit: 6, roundMs, entries },
      '030103ac02 07 ab02 06 000000000000f83f 02 ab02020178 ac020000',
    ],
    [
      { ...head, kind: 'appendReply', accepted: true, index: 9, hintTerm: 0, roundMs },
      '040103ac02 01 09 00 000000000000f83f',
    ],
    [{ ...head, kind: 'heartbeat', commit: 9, roundMs, rests: false }, '050103ac02 09 000000000000f83f 00'],
    [{ ...head, kind: 'heartbeat', commit: 9, roundMs, rests: true }, '050103ac02 09 000000000000f83f 01'],
    [{ ...head, kind: 'heartbeatReply', roundMs: Number.NEGATIVE_INFINITY }, '060103ac02 000000000000f0ff'],
    [{ ...head, kind: 'timeoutNow' }, '070103ac02'],
  ]
  for (const [message, hex] of examples) {
    assert.equal(Buffer.from(encode(message)).toString('hex'), hex.replaceAll(' ', ''), message.kind)
  }
})

/** Reads hostile bytes: a message that can be written again, or an error of ours. */
function readHostile(bytes: Uint8Array): Message | undefined {
  try {
    const message = readMessage(new ByteReader(bytes))
    assert.deepEqual(readMessage(new ByteReader(encode(message))), message)
    return message
  } catch (error) {
    assert.ok(error instanceof UnumError && error.code === 'DATA_DAMAGED', String(error))
    return undefined
  }
}

test('every message that ends too early is refused', () => {
  fc.assert(
    fc.property(messages, (message) => {
      const bytes = encode(message)
      for (let length = 0; length < bytes.length; length += length < 20 ? 1 : 17) {
        assert.equal(readHostile(bytes.subarray(0, length)), undefined)
      }
    }),
    { numRuns: 200 },
  )
})

test('random bytes, and messages with changed bytes, are read as some message or refused', () => {
  const random = createRandom('hostile messages')
  const samples = fc.sample(messages, { numRuns: 200, seed: 1 }).map(encode)
  let read = 0
  for (let round = 0; round < 20_000; round++) {
    const isRandom = random.below(2) === 0
    const bytes = isRandom ? random.bytes(1 + random.below(60)) : samples[random.below(samples.length)]!.slice()
    if (isRandom) bytes[0] = 1 + random.below(8)
    else
      for (let changes = random.below(4); changes >= 0; changes--) bytes[random.below(bytes.length)] = random.below(256)
    if (readHostile(bytes)) read++
  }
  assert.ok(read > 4000 && read < 19_000, `${read} of 20000 were messages`)
})

test('refused for what no message can be', () => {
  const head = [0x03, 1, 2, 1]
  const round = [0, 0, 0, 0, 0, 0, 0, 0]
  const largest = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]
  for (const [why, bytes] of [
    ['an unknown kind', [0x08, 1, 2, 1]],
    ['kind 0', [0x00, 1, 2, 1]],
    ['from nobody', [0x07, 0, 2, 1]],
    ['to nobody', [0x07, 1, 0, 1]],
    ['an entry beyond the largest index', [...head, ...largest, 0, 0, ...round, 1, 1, 2, 0]],
    ['more entries than bytes', [...head, 0, 0, 0, ...round, ...largest]],
    ['data longer than the message', [...head, 0, 0, 0, ...round, 1, 1, 2, 5, 1]],
    ['a term above 2^53 - 1', [0x07, 1, 2, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f]],
  ] as const) {
    assert.throws(() => readMessage(new ByteReader(Uint8Array.from(bytes))), { code: 'DATA_DAMAGED' }, why)
  }
})
