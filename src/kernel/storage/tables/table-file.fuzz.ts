import { equalBytes, latin1Bytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Clock } from '#kernel/base/host.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { MemoryDisk } from '../log/testing/memory-disk.ts'
import { BlockCache } from './block-cache.ts'
import { hashKey } from './bloom-filter.ts'
import { Pace } from './pace.ts'
import { Row } from './row-cursor.ts'
import { type BlockRequest, type TableCacheEntry, type TableContext, TableFile } from './table-file.ts'
import { tableName } from './table-format.ts'
import { type TableSummary, TableWriter } from './table-writer.ts'
import { BlockMiss, type KeyRange } from './tree.ts'
import { verifyTable } from './verify-table.ts'

/** Time stands still, and nobody waits. */
const clock: Clock = {
  monotonicMs: () => 1000,
  wallMs: () => 1000,
  timer: () => ({ cancel: () => {} }),
  defer: () => {},
  sleep: () => Promise.resolve(),
}

interface Example {
  readonly bytes: Uint8Array
  readonly summary: TableSummary
  readonly rows: ReadonlyMap<string, string | undefined>
}

function example(number: number, count: number, valueBytes: number, ranges: readonly KeyRange[]): Example {
  const writer = new TableWriter(number, 0)
  const rows = new Map<string, string | undefined>()
  for (let i = 0; i < count; i++) {
    const row = new Row()
    const key = `key${String(i).padStart(4, '0')}`
    const value = i % 7 === 6 ? undefined : `${i},`.padEnd(valueBytes, 'v')
    rows.set(key, value)
    row.keyBytes = latin1Bytes(key)
    row.keyEnd = row.keyBytes.length
    row.valueBytes = latin1Bytes(value ?? '')
    row.valueEnd = value === undefined ? -1 : row.valueBytes.length
    writer.add(row, false)
  }
  writer.finishRows()
  while (!writer.fillFilter(100));
  const { summary } = writer.finish(ranges)
  return { bytes: writer.takeOutput().slice(), summary, rows }
}

const b = latin1Bytes
const examples = [
  example(1, 5, 4, []),
  example(2, 40, 300, [{ from: b('key0010'), to: b('key0012') }]),
  example(3, 0, 0, [{ from: b('a'), to: undefined }]),
] as const

async function reading(
  use: (table: TableFile) => Promise<void>,
  bytes: Uint8Array,
  summary: TableSummary,
): Promise<'read' | string> {
  const disk = new MemoryDisk([[`t/${tableName(summary.number)}`, bytes]])
  const context: TableContext = {
    disk,
    directory: 't',
    cache: new BlockCache({ bytesMax: 1 << 20 }),
    miss: new BlockMiss(),
  }
  try {
    const table = await TableFile.open(context, summary)
    try {
      await use(table)
    } finally {
      await table.release()
    }
    return 'read'
  } catch (error) {
    if (!(error instanceof UnumError) || (error.code !== 'DATA_DAMAGED' && error.code !== 'FORMAT_UNKNOWN')) throw error
    return error.message.replaceAll(/[\da-f]+/g, '')
  }
}

/** As the tree reads a row: what is missing is brought, and then it is read again. */
async function get(table: TableFile, key: Uint8Array): Promise<Uint8Array | null | undefined> {
  const pinned: TableCacheEntry[] = []
  for (;;) {
    try {
      return table.get(key, hashKey(key))
    } catch (error) {
      if (!(error instanceof BlockMiss)) throw error
      await table.load((error.block as BlockRequest).sections, pinned)
    }
  }
}

const target: FuzzTarget = {
  name: 'table-files',
  family: 'table files',
  refusals: [],
  inputBytesMax: 16_384,
  corpus: () => [
    ...examples.map(({ bytes }, i) => Uint8Array.of(i, ...bytes)),
    ...committedCorpus(import.meta.dirname, 'table-files'),
  ],
  async run(input, dice) {
    const { bytes, summary, rows } = examples[(input[0] ?? 0) % examples.length]!
    const given = input.subarray(1)
    const isWhole = equalBytes(given, bytes)
    const verified = await reading(
      (table) => verifyTable(table, new Pace({ clock, use: { paidMs: 0 }, urgency: () => 1 })),
      given,
      summary,
    )
    check((verified === 'read') === isWhole, 'a file is whole exactly where nothing of it was changed')
    // What a read does not touch may be damaged; what it says is right.
    const keys = [...rows.keys()]
    const key = keys.length === 0 ? 'key' : dice.of(keys)
    const got = await reading(
      async (table) => {
        const value = await get(table, b(key))
        const wanted = rows.get(key)
        const isRight = value && wanted !== undefined ? equalBytes(value, b(wanted)) : value === null
        check(isRight || (wanted === undefined && !value), 'a value is the one that was written')
      },
      given,
      summary,
    )
    return `${bucket(rows.size)} ${verified} ${got}`
  },
}

export const targets = [target]
