import { equalBytes, latin1Text } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import {
  batchHeaderBytes,
  decodeBatchHeader,
  decodeSegmentHeader,
  encodeBatchHeader,
  encodeSegmentHeader,
  parseSegmentFileName,
  segmentFileName,
  segmentSalt,
} from './format.ts'

const salt = segmentSalt(3)
/** What of a segment's header is not zeros. */
const headerBytes = 52

function batchHeader(header: Parameters<typeof encodeBatchHeader>[1]): Uint8Array {
  const bytes = new Uint8Array(batchHeaderBytes)
  encodeBatchHeader(new DataView(bytes.buffer), header, salt)
  return bytes
}

/** With the checksums that belong to it. */
function repaired(input: Uint8Array, kind: 'segment' | 'batch'): Uint8Array {
  const bytes = input.slice()
  const view = new DataView(bytes.buffer)
  if (kind === 'segment' && bytes.length >= headerBytes) {
    view.setUint32(12, crc32c(bytes, 0, 12), true)
    view.setUint32(48, crc32c(bytes, 0, 48), true)
  }
  if (kind === 'batch' && bytes.length >= batchHeaderBytes) {
    view.setUint32(4, crc32c(bytes, 8, batchHeaderBytes, salt), true)
  }
  return bytes
}

const target: FuzzTarget = {
  name: 'log-headers',
  family: 'log',
  refusals: ['FORMAT_UNKNOWN'],
  inputBytesMax: 128,
  corpus: () => [
    encodeSegmentHeader({ identity: 2 ** 52 + 1, id: 3, firstBatch: 77, born: 5 }).slice(0, headerBytes),
    batchHeader({ identity: 2 ** 52 + 1, number: 78, born: 5, bodyBytes: 1000, bodyChecksum: 0x1234_5678 }),
    ...committedCorpus(import.meta.dirname, 'log-headers'),
  ],
  run(input, dice) {
    const outcomes: string[] = []
    for (const bytes of [input, repaired(input, 'segment')]) {
      const segment = decodeSegmentHeader(bytes, 'a segment')
      if (segment) {
        const again = encodeSegmentHeader(segment).subarray(0, headerBytes)
        check(equalBytes(again, bytes.subarray(0, headerBytes)), 'a segment header is what was written')
        const name = segmentFileName(segment.id, dice.once(2) ? 'log' : 'spare')
        const parsed = parseSegmentFileName(name)
        check(parsed === undefined || parsed.id === segment.id, 'a name says its id')
      }
      outcomes.push(segment ? 'segment' : '-')
    }
    for (const bytes of [input, repaired(input, 'batch')]) {
      if (bytes.length < batchHeaderBytes) continue
      const batch = decodeBatchHeader(bytes, 0, salt)
      if (batch)
        check(equalBytes(batchHeader(batch), bytes.subarray(0, batchHeaderBytes)), 'a batch header is what was written')
      outcomes.push(batch ? 'batch' : '-')
    }
    parseSegmentFileName(latin1Text(input))
    return outcomes.join(' ')
  },
}

export const targets = [target]
