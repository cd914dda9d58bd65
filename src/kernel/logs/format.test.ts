import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from './checkpoint.ts'
import { readStart, startEntry } from './entry.ts'
import { Producers } from './producers.ts'
import { SparseIndex } from './sparse-index.ts'

/** Bytes that are on disks: if one of these fails, it is the code that is wrong. */
function example(heading: string): string {
  const text = readFileSync(join(import.meta.dirname, '../../../docs/formats/partitions.md'), 'utf8')
  const block = text.slice(text.indexOf(heading)).split('```')[1]!
  const lines = block.trim().split('\n')
  return lines
    .map((line) => line.split(';')[0]!)
    .join('')
    .replaceAll(/\s/g, '')
}
const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

const checkpoint: Checkpoint = {
  boundary: { index: 300, term: 2 },
  configuration: Uint8Array.of(1, 2, 3),
  startOffset: 10,
  nextOffset: 400,
  segments: [{ baseOffset: 10, bytes: 5000, maxTimestamp: 1_700_000_000_000 }],
  epochs: [{ epoch: 1, startOffset: 10 }],
  producers: new Producers([
    [7, { epoch: 1, batches: [{ firstSequence: 0, lastSequence: 4, baseOffset: 395, timestamp: 1_700_000_000_000 }] }],
  ]),
}

suite('formats of partitions', () => {
  test('a checkpoint is as documented, and read as it was written', () => {
    const bytes = encodeCheckpoint(checkpoint)
    assert.equal(hexOf(bytes), example('## Example of a checkpoint'))
    const { producers, ...read } = decodeCheckpoint(bytes)
    const { producers: wanted, ...expected } = checkpoint
    assert.deepEqual(read, expected)
    assert.deepEqual([...producers], [...wanted])
  })

  test('no bit of a checkpoint can be another one', () => {
    const bytes = encodeCheckpoint(checkpoint)
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice()
      damaged[at]! ^= 1 << (at % 8)
      assert.throws(() => decodeCheckpoint(damaged), { code: 'DATA_DAMAGED' })
      assert.throws(() => decodeCheckpoint(bytes.subarray(0, at)), { code: 'DATA_DAMAGED' })
    }
  })

  test('an index is as documented', () => {
    const index = new SparseIndex()
    index.addBatch(10, 1_700_000_000_000, 70_000)
    index.addBatch(12, 1_700_000_000_005, 100)
    const bytes = index.encode()
    assert.equal(hexOf(bytes), example('## Example of an index'))
    const read = SparseIndex.decode(bytes)
    assert.deepEqual([read.endPosition, read.maxTimestamp], [70_100, 1_700_000_000_005])
    assert.deepEqual(
      [10, 11, 12, 13].map((offset) => read.positionOf(offset)),
      [0, 0, 70_000, 70_000],
    )
    assert.deepEqual(
      [1_700_000_000_000, 1_700_000_000_001].map((time) => read.positionOfTime(time)),
      [0, 70_000],
    )
    for (let at = 0; at < bytes.length; at++) {
      const damaged = bytes.slice()
      damaged[at]! ^= 1
      assert.throws(() => SparseIndex.decode(damaged), { code: 'DATA_DAMAGED' })
    }
  })

  test('an entry that moves the start is as documented', () => {
    assert.equal(hexOf(startEntry(300)), '022c01000000000000')
    assert.equal(readStart(startEntry(300)), 300)
  })
})
