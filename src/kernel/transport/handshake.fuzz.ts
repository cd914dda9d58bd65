import type { ByteReader } from '#kernel/base/byte-reader.ts'
import { equalBytes } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { check, committedCorpus, cutAnywhere, type FuzzTarget, refusalOf } from '#kernel/base/testing/fuzz/index.ts'
import { uint32At } from './frame.ts'
import {
  type Answer,
  decodeAnswer,
  decodeGreeting,
  encodeAnswer,
  encodeGreeting,
  type Greeting,
  HandshakeReader,
  verdicts,
} from './handshake.ts'

const envelopeBytes = 14

const greeting: Greeting = {
  ...{ versions: { min: 1, max: 1 }, purpose: 'messages', clusterId: '0123456789abcdef0123456789abcdef' },
  ...{ from: 2, name: 'n2', incarnation: 2 ** 50 + 1, attempt: 3, to: 1 },
}
const answer: Answer = {
  ...{ verdict: 'accepted', version: 1, versions: { min: 1, max: 2 }, clusterId: greeting.clusterId },
  ...{ from: 1, name: 'n1', incarnation: 2 ** 50 + 2 },
}

/** The body, or how the envelope is refused; undefined while it is not complete. */
function gather(
  chunks: readonly Uint8Array[],
): { readonly body: ByteReader | undefined; readonly consumed: number } | 'damaged' {
  const reader = new HandshakeReader()
  let before = 0
  let found: { readonly body: ByteReader; readonly consumed: number } | undefined
  const damage = refusalOf(() => {
    for (const chunk of chunks) {
      found = reader.push(chunk)
      if (found) return
      before += chunk.length
    }
  }, 'DATA_DAMAGED')
  if (damage) return 'damaged'
  return { body: found?.body, consumed: before + (found?.consumed ?? 0) }
}

function repaired(input: Uint8Array): Uint8Array {
  const bytes = input.slice()
  if (bytes.length < envelopeBytes) return bytes
  const length = bytes.length - envelopeBytes
  bytes[8] = length
  bytes[9] = length >>> 8
  const crc = crc32c(bytes, envelopeBytes)
  for (let i = 0; i < 4; i++) bytes[10 + i] = crc >>> (8 * i)
  return bytes
}

/** Reads a body as what it may be; what is read can be written and read again. */
function decode<T>(body: ByteReader, read: (body: ByteReader) => T, write: (value: T) => Uint8Array): boolean {
  const start = body.position
  let value: T | undefined
  if (refusalOf(() => (value = read(body)), 'DATA_DAMAGED')) return false
  body.position = start
  let bytes: Uint8Array | undefined
  // Each byte that is no UTF-8 becomes three: then it may be too long to be written.
  if (refusalOf(() => (bytes = write(value!)), 'CONFIGURATION_INVALID')) return true
  const again = gather([bytes!])
  check(again !== 'damaged' && again.body !== undefined, 'what is written is whole')
  check(JSON.stringify(read(again.body)) === JSON.stringify(value), 'what is read is written the same')
  return true
}

const target: FuzzTarget = {
  name: 'transport-handshake',
  family: 'transport',
  refusals: [],
  inputBytesMax: 1200,
  dictionary: ['unumnode', ...Object.keys(verdicts)],
  corpus: () => [
    encodeGreeting(greeting),
    encodeGreeting({ ...greeting, purpose: 'bulk', name: 'é'.repeat(200) }),
    encodeAnswer(answer),
    encodeAnswer({ ...answer, verdict: 'outdated', version: 0 }),
    ...committedCorpus(import.meta.dirname, 'transport-handshake'),
  ],
  run(input, dice) {
    const outcomes: string[] = []
    for (const bytes of [input, repaired(input)]) {
      const whole = gather([bytes])
      const cut = gather(cutAnywhere(bytes, dice))
      check((whole === 'damaged') === (cut === 'damaged'), 'the same however the stream is cut')
      if (whole === 'damaged' || cut === 'damaged') {
        outcomes.push('damaged')
        continue
      }
      check(whole.consumed === cut.consumed, 'as much is taken however the stream is cut')
      if (!whole.body) {
        outcomes.push('incomplete')
        continue
      }
      const body = bytes.subarray(envelopeBytes, whole.consumed)
      check(crc32c(body) === uint32At(bytes, 10), 'damage is never taken for a handshake')
      check(equalBytes(body, whole.body.bytes.subarray(whole.body.position, whole.body.end)), 'the body is what came')
      const isGreeting = decode(whole.body, decodeGreeting, encodeGreeting)
      outcomes.push(`${isGreeting} ${decode(whole.body, decodeAnswer, encodeAnswer)}`)
    }
    return outcomes.join(', ')
  },
}

export const targets = [target]
