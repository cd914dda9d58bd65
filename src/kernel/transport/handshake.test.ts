import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { UnumError } from '#kernel/base/errors.ts'
import type { Answer, Greeting } from './handshake.ts'
import {
  commonVersion,
  decodeAnswer,
  decodeGreeting,
  encodeAnswer,
  encodeGreeting,
  HandshakeReader,
  handshakeBytesMax,
} from './handshake.ts'

const greeting: Greeting = {
  versions: { min: 1, max: 3 },
  purpose: 'messages',
  clusterId: 'c1',
  from: 2,
  name: 'n2',
  incarnation: 5,
  attempt: 6,
  to: 1,
}

test('a greeting is understood however its bytes are cut, and what follows it is left alone', () => {
  const bytes = Uint8Array.of(...encodeGreeting(greeting), 1, 2, 3)
  for (let length = 1; length <= bytes.length; length++) {
    const reader = new HandshakeReader()
    for (let at = 0; ; at += length) {
      const envelope = reader.push(bytes.subarray(at, at + length))
      if (!envelope) continue
      assert.deepEqual(decodeGreeting(envelope.body), greeting)
      assert.equal(at + envelope.consumed, bytes.length - 3)
      break
    }
  }
})

test('an answer is what was answered', () => {
  const answer: Answer = {
    verdict: 'cluster-mismatch',
    version: 0,
    versions: { min: 0, max: 65_535 },
    clusterId: 'ü',
    from: 65_535,
    name: 'n',
    incarnation: Number.MAX_SAFE_INTEGER,
  }
  assert.deepEqual(decodeAnswer(new HandshakeReader().push(encodeAnswer(answer))!.body), answer)
})

test('fields that a later version adds at the end of a body are skipped', () => {
  // A body that is longer by two bytes, and its checksum.
  const bytes = Buffer.from(longerGreetingHex, 'hex')
  assert.deepEqual(decodeGreeting(new HandshakeReader().push(bytes)!.body), greeting)
})

test('the bytes of a greeting are those of docs/formats/transport.md', () => {
  assert.equal(Buffer.from(encodeGreeting(greeting)).toString('hex'), greetingHex)
})

test('strangers are known by their first bytes', () => {
  assert.throws(() => new HandshakeReader().push(Buffer.from('GET / HTTP/1.1\r\n')), { code: 'DATA_DAMAGED' })
  assert.throws(() => new HandshakeReader().push(Buffer.from('unumnodf')), { code: 'DATA_DAMAGED' })
  assert.throws(() => new HandshakeReader().push(Uint8Array.of(...Buffer.from('unumnode'), 1, 4, 0, 0, 0, 0)), {
    message: /1025 bytes, at most 1024/,
  })
})

test('a greeting with a name too long for the envelope is a mistake of configuration', () => {
  const name = 'x'.repeat(handshakeBytesMax)
  assert.throws(() => encodeGreeting({ ...greeting, name }), { code: 'CONFIGURATION_INVALID' })
})

test('any bytes, and any change of a valid greeting, end in a greeting, in damage, or in waiting for more', () => {
  const valid = encodeGreeting(greeting)
  const mutated = fc.tuple(fc.nat(valid.length - 1), fc.nat(255)).map(([at, value]) => {
    const bytes = Uint8Array.from(valid)
    bytes[at] = value
    return bytes
  })
  const envelopeOf = (body: Uint8Array) =>
    Uint8Array.of(...Buffer.from('unumnode'), body.length, 0, 0, 0, 0, 0, ...body)
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array(), fc.uint8Array({ maxLength: 255 }).map(envelopeOf), mutated), (bytes) => {
      try {
        const envelope = new HandshakeReader().push(bytes)
        if (envelope) decodeGreeting(envelope.body)
      } catch (error) {
        assert.ok(error instanceof UnumError && error.code === 'DATA_DAMAGED')
      }
    }),
    { numRuns: 500 },
  )
})

test('two ranges of versions agree on the newest that both hold', () => {
  const cases: readonly [number, number, number, number, number | undefined][] = [
    [1, 1, 1, 1, 1],
    [1, 3, 2, 5, 3],
    [2, 5, 1, 3, 3],
    [1, 9, 4, 4, 4],
    [1, 2, 3, 4, undefined],
    [3, 4, 1, 2, undefined],
  ]
  for (const [aMin, aMax, bMin, bMax, version] of cases) {
    assert.equal(commonVersion({ min: aMin, max: aMax }, { min: bMin, max: bMax }), version)
  }
})

// Both computed apart from this code.
const greetingHex = '756e756d6e6f64651d006d463f5e010003000102633102026e320500000000000000060000000000000001'
const longerGreetingHex = '756e756d6e6f64651f00af4c1f20010003000102633102026e3205000000000000000600000000000000010909'
