import { compareBytes, latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { Block, BlockCursor } from './block.ts'
import { BlockWriter } from './block-writer.ts'

interface BlockRow {
  readonly key: Uint8Array
  /** Undefined for a tombstone. */
  readonly value: Uint8Array | undefined
}

function write(rows: readonly BlockRow[]): Uint8Array {
  const writer = new BlockWriter()
  for (const { key, value } of rows) {
    if (value) writer.add(key, 0, key.length, value, 0, value.length)
    else writer.add(key, 0, key.length, key, 0, -1)
  }
  return writer.finish().slice()
}

/** The rows as a cursor shows them, from the first or from the last one. */
function read(block: Block, way: 'forwards' | 'backwards'): BlockRow[] {
  const cursor = new BlockCursor()
  cursor.reset(block)
  if (way === 'forwards') cursor.first()
  else cursor.seekBefore(undefined)
  const rows: BlockRow[] = []
  while (cursor.valid) {
    const { keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd } = cursor
    const value = cursor.isTombstone ? undefined : valueBytes.subarray(valueStart, valueEnd)
    rows.push({ key: keyBytes.slice(keyStart, keyEnd), value })
    if (way === 'forwards') cursor.next()
    else cursor.previous()
  }
  return rows
}

const text = (rows: readonly BlockRow[]) =>
  rows.map(({ key, value }) => `${latin1Text(key)}=${value ? latin1Text(value) : undefined}`).join('\n')

function* examples(): Generator<readonly BlockRow[]> {
  const row = (i: number, size: number): BlockRow => {
    const value = i % 5 === 4 ? undefined : new Uint8Array(size).fill(i)
    return { key: latin1Bytes(`user:${String(i * 7).padStart(4, '0')}:name`), value }
  }
  yield []
  for (const [count, size] of [
    [1, 3],
    [8, 0],
    [9, 10],
    [30, 200],
  ] as const)
    yield Array.from({ length: count }, (_, i) => row(i, size))
}

const target: FuzzTarget = {
  name: 'table-blocks',
  family: 'tables',
  refusals: ['DATA_DAMAGED'],
  inputBytesMax: 1024,
  corpus: () => [...[...examples()].map(write), ...committedCorpus(import.meta.dirname, 'table-blocks')],
  run(input, dice) {
    const block = new Block(input, 'a block')
    const rows = read(block, 'forwards')
    check(text(read(block, 'backwards').reverse()) === text(rows), 'both ways the same rows')
    for (let i = 1; i < rows.length; i++) check(compareBytes(rows[i - 1]!.key, rows[i]!.key) < 0, 'keys ascend')
    if (rows.length > 0) seek(block, rows, dice.below(rows.length))
    check(text(read(new Block(write(rows), 'again'), 'forwards')) === text(rows), 'what is read is written the same')
    return `${bucket(rows.length)} ${rows.some(({ value }) => !value)} ${bucket(rows.at(-1)?.key.length ?? 0)}`
  },
}

/** A row is found by its key, and so is its place, also by a key just above it. */
function seek(block: Block, rows: readonly BlockRow[], at: number): void {
  const { key, value } = rows[at]!
  const found = block.find(key)
  check(found.isFound, 'a row is found')
  const bytes = found.valueEnd < found.valueStart ? undefined : block.bytes.subarray(found.valueStart, found.valueEnd)
  check((bytes && latin1Text(bytes)) === (value && latin1Text(value)), 'with its value')
  const above = new Uint8Array(key.length + 1)
  above.set(key)
  const next = rows[at + 1]
  check(block.find(above).isFound === (next !== undefined && compareBytes(next.key, above) === 0), 'and no other')
  const cursor = new BlockCursor()
  cursor.reset(block)
  cursor.seek(above)
  check(cursor.valid === (next !== undefined), 'behind the last row there is none')
  if (next)
    check(compareBytes(cursor.keyBytes.slice(cursor.keyStart, cursor.keyEnd), next.key) === 0, 'the next is next')
}

export const targets = [target]
