import { crc32c } from '#kernel/base/crc32c.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { Block, BlockCursor } from './block.ts'
import { hashKey, mayContain } from './bloom-filter.ts'
import { compareSlices } from './keys.ts'
import type { Pace } from './pace.ts'
import { inputChunkBytes } from './run-input.ts'
import type { TableFile } from './table-file.ts'
import type { Section } from './table-format.ts'
import { checkSection, checksumBytes, endOf } from './table-format.ts'

/**
 * Reads all of a file and checks everything that reads rely on: each checksum and that of them all, the structure of each
 * block, that keys ascend and lie in the file's range, that the index leads to them and the filter knows them, the counts.
 * @throws UnumError `DATA_DAMAGED`, `DISK_FAILED`
 */
export async function verifyTable(table: TableFile, pace: Pace): Promise<void> {
  const { footer } = table
  const index = await table.readIndex()
  const filter = await readSection(table, footer.filter)
  const check = new RowCheck(table, filter)
  let contents = 0
  for (let i = 0; i < index.count; ) {
    const first = i
    const base = index.section(i).offset
    for (i++; i < index.count && endOf(index.section(i)) - base <= inputChunkBytes; ) i++
    const bytes = await table.read(base, endOf(index.section(i - 1)) - base)
    await pace.begin()
    for (let k = first; k < i; k++) {
      const section = index.section(k)
      const at = section.offset - base
      const part = checkSection(bytes, at, section, table.summary.number, table.path)
      contents = crc32c(bytes, at + section.length, at + section.length + checksumBytes, contents)
      check.block(new Block(part, `${table.path} at ${section.offset}`), section.offset, index.separator(k))
      if (pace.isOver()) await pace.pause()
    }
    pace.end()
  }
  for (const section of [footer.filter, footer.index, footer.ranges]) {
    const checksum = await table.read(section.offset + section.length, checksumBytes)
    contents = crc32c(checksum, 0, checksumBytes, contents)
  }
  check.end(contents)
}

async function readSection(table: TableFile, section: Section): Promise<Uint8Array> {
  const bytes = await table.read(section.offset, section.length + checksumBytes)
  return checkSection(bytes, 0, section, table.summary.number, table.path)
}

/** Follows the rows of a file from its first to its last. */
class RowCheck {
  readonly #table: TableFile
  readonly #filter: Uint8Array
  readonly #cursor = new BlockCursor()
  /** What every later key must be above: the separator of the block before. */
  #above: Uint8Array | undefined
  #rows = 0
  #tombstones = 0

  constructor(table: TableFile, filter: Uint8Array) {
    this.#table = table
    this.#filter = filter
  }

  block(block: Block, offset: number, separator: Uint8Array): void {
    const { from, to } = this.#table.range
    const cursor = this.#cursor
    cursor.reset(block)
    cursor.first()
    if (!cursor.valid) throw this.#damaged(offset, 'a block without rows')
    const above = this.#above
    if (compareTo(cursor, from) < 0 || (above !== undefined && compareTo(cursor, above) <= 0)) {
      throw this.#damaged(offset, 'a key is below its place')
    }
    for (;;) {
      this.#rows++
      if (cursor.isTombstone) this.#tombstones++
      if (!mayContain(this.#filter, hashKey(cursor.keyBytes, cursor.keyStart, cursor.keyEnd))) {
        throw this.#damaged(offset, 'a key is not in the filter')
      }
      // Within a block keys ascend (`Block` has checked it), so the bounds of its last key hold for all.
      const isAbove = compareTo(cursor, separator) > 0 || (to !== undefined && compareTo(cursor, to) >= 0)
      if (isAbove) throw this.#damaged(offset, 'a key is above its place')
      cursor.next()
      if (!cursor.valid) break
    }
    this.#above = separator
  }

  end(contents: number): void {
    const { footer, size } = this.#table
    if (this.#rows !== footer.rows || this.#tombstones !== footer.tombstones) {
      throw this.#damaged(size, `${this.#rows} rows where ${footer.rows} must be`)
    }
    if (contents !== footer.contents) throw this.#damaged(size, 'sections of different files')
  }

  #damaged(offset: number, what: string): UnumError {
    return new UnumError('DATA_DAMAGED', `${this.#table.path} at ${offset}: ${what}`)
  }
}

function compareTo(cursor: BlockCursor, key: Uint8Array): number {
  return compareSlices(cursor.keyBytes, cursor.keyStart, cursor.keyEnd, key, 0, key.length)
}
