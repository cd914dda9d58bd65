import { equalBytes } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { decodeSnapshotHead, encodeSnapshotHead } from './snapshot-head.ts'

const files = [
  { name: '12.table', bytes: 2 ** 40 },
  { name: '7.table', bytes: 0 },
  { name: 'manifest.received', bytes: 300 },
]

const target: FuzzTarget = {
  name: 'snapshot-heads',
  family: 'messages',
  refusals: ['DATA_DAMAGED', 'LIMIT_EXCEEDED'],
  inputBytesMax: 512,
  corpus: () => [
    encodeSnapshotHead({ group: 2, term: 300, boundary: { index: 2 ** 40, term: 299 }, files }),
    encodeSnapshotHead({ group: 1, term: 1, boundary: { index: 1, term: 1 }, files: [] }),
    ...committedCorpus(import.meta.dirname, 'snapshot-heads'),
  ],
  run(input) {
    const head = decodeSnapshotHead(input)
    const again = encodeSnapshotHead(head)
    check(equalBytes(encodeSnapshotHead(decodeSnapshotHead(again)), again), 'what is read is written the same')
    return `${bucket(head.files.length)} ${bucket(head.boundary.index)}`
  },
}

export const targets = [target]
