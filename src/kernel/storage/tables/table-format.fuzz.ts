import { equalBytes, latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { BlockWriter } from './block-writer.ts'
import { compareEnds, isEmptyRange } from './keys.ts'
import {
  decodeFooter,
  decodeRanges,
  encodeFooter,
  encodeRanges,
  footerBytes,
  tableName,
  tableNumber,
} from './table-format.ts'
import { TableIndex, writeHandle } from './table-index.ts'

const b = latin1Bytes

function footer(): Uint8Array {
  const filter = { offset: 5000, length: 64 }
  const index = { offset: 5068, length: 100 }
  const ranges = { offset: 5172, length: 10 }
  return encodeFooter({ number: 7, filter, index, ranges, rows: 50, tombstones: 3, contents: 0x1234_5678 })
}
const fileBytes = 5186 + footerBytes

const footers: FuzzTarget = {
  name: 'table-footers',
  family: 'tables',
  refusals: ['DATA_DAMAGED', 'FORMAT_UNKNOWN'],
  inputBytesMax: 96,
  corpus: () => [footer(), ...committedCorpus(import.meta.dirname, 'table-footers')],
  run(input, dice) {
    let bytes = input
    // Half of them with the checksum that belongs to them.
    if (dice.once(2) && input.length === footerBytes) {
      bytes = input.slice()
      new DataView(bytes.buffer).setUint32(footerBytes - 8, crc32c(bytes, 0, footerBytes - 8), true)
    }
    const read = decodeFooter(bytes, fileBytes, 'a table')
    for (const { offset, length } of [read.filter, read.index, read.ranges]) {
      check(offset >= 0 && offset + length + footerBytes <= fileBytes, 'every section lies within the file')
    }
    const again = encodeFooter(read)
    // Two bytes are kept for what is to come.
    check(equalBytes(again.subarray(0, 66), bytes.subarray(0, 66)), 'what is read is written the same')
    check(tableNumber(tableName(read.number)) === (read.number > 0 ? read.number : undefined), 'a name says its number')
    return `${bucket(read.rows)} ${read.tombstones > 0}`
  },
}

const ranges: FuzzTarget = {
  name: 'table-ranges',
  family: 'tables',
  refusals: ['DATA_DAMAGED'],
  inputBytesMax: 512,
  corpus: () => [
    encodeRanges([]),
    encodeRanges([{ from: b('a'), to: b('b') }]),
    encodeRanges([
      { from: b(''), to: b('key') },
      { from: b('key1'), to: b('key15') },
      { from: b('x'), to: undefined },
    ]),
    ...committedCorpus(import.meta.dirname, 'table-ranges'),
  ],
  run(input) {
    const set = decodeRanges(input, 'ranges')
    const found = [...set.ranges]
    check(!found.some(isEmptyRange), 'no range is empty')
    check(
      found.every(({ from }, i) => i === 0 || compareEnds(found[i - 1]!.to, from) < 0),
      'they ascend, apart',
    )
    for (const range of found) check(set.find(range.from) === range, 'a range is found by its first key')
    const again = encodeRanges(found)
    check(
      equalBytes(encodeRanges([...decodeRanges(again, 'ranges').ranges]), again),
      'what is read is written the same',
    )
    return `${bucket(found.length)} ${found.at(-1)?.to === undefined}`
  },
}

/** The index of so many blocks. */
function index(lengths: readonly number[]): Uint8Array {
  const writer = new BlockWriter()
  const handle = new Uint8Array(16)
  let offset = 0
  for (const [i, length] of lengths.entries()) {
    const key = b(`key${String(i).padStart(3, '0')}`)
    writer.add(key, 0, key.length, handle, 0, writeHandle(handle, offset, length))
    offset += length + 4
  }
  return writer.finish().slice()
}

/** Data of 1,000 bytes. */
const dataEnd = 1000

const indexes: FuzzTarget = {
  name: 'table-indexes',
  family: 'tables',
  refusals: ['DATA_DAMAGED'],
  inputBytesMax: 1024,
  corpus: () => [
    index([996]),
    index([400, 592]),
    index([...Array.from({ length: 9 }, () => 96), 96]),
    ...committedCorpus(import.meta.dirname, 'table-indexes'),
  ],
  run(input) {
    const read = new TableIndex(input, dataEnd, 'an index')
    let end = 0
    for (let i = 0; i < read.count; i++) {
      const { offset, length } = read.section(i)
      check(offset === end, 'blocks follow each other')
      end = offset + length + 4
      check(read.find(read.separator(i)) === i, `${latin1Text(read.separator(i))} leads to its block`)
    }
    check(end === dataEnd, 'blocks fill the data')
    return bucket(read.count).toString()
  },
}

export const targets = [footers, ranges, indexes]
