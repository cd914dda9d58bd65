import { BlockCursor } from './block.ts'
import { RowCursor } from './row-cursor.ts'
import type { TableFile } from './table-file.ts'
import type { Section } from './table-format.ts'
import type { TableIndex } from './table-index.ts'

/** A scan that has walked n blocks asks for up to n more at once when one is missing, and for so many at most. */
const blocksAheadMax = 64

/** Walks a table file by its index, both ways. Any move may throw `BlockMiss`, after which the cursor is of no use. */
export class TableCursor extends RowCursor {
  readonly #table: TableFile
  #index: TableIndex | undefined
  /** Ordinal of the block that `#data` walks. */
  #at = -1
  readonly #data = new BlockCursor()
  #walked = 0

  constructor(table: TableFile) {
    super()
    this.#table = table
  }

  override seek(key: Uint8Array): void {
    this.valid = false
    const index = this.#begin()
    if (!this.#open(index?.find(key) ?? 0, 1)) return
    this.#data.seek(key)
    this.#settle(1)
  }

  override seekBefore(key: Uint8Array | undefined): void {
    this.valid = false
    const index = this.#begin()
    if (index === undefined) return
    // The first block whose separator is at or above the key may begin below it, and no later one does.
    if (!this.#open(key === undefined ? index.count - 1 : Math.min(index.find(key), index.count - 1), -1)) return
    this.#data.seekBefore(key)
    this.#settle(-1)
  }

  override next(): void {
    this.#data.next()
    this.#settle(1)
  }

  override previous(): void {
    this.#data.previous()
    this.#settle(-1)
  }

  /** The index; undefined where the file has no row. */
  #begin(): TableIndex | undefined {
    if (this.#table.footer.rows > 0) this.#index = this.#table.index()
    return this.#index
  }

  /** On to the next block while this one is at its end; then shows the row. */
  #settle(step: 1 | -1): void {
    const data = this.#data
    while (!data.valid && this.#open(this.#at + step, step)) {
      if (step === 1) data.first()
      else data.seekBefore(undefined)
    }
    this.valid = data.valid
    if (!data.valid) return
    this.keyBytes = data.keyBytes
    this.keyStart = data.keyStart
    this.keyEnd = data.keyEnd
    this.valueBytes = data.valueBytes
    this.valueStart = data.valueStart
    this.valueEnd = data.valueEnd
  }

  /** Makes `#data` a cursor of block `at`. @returns false where there is no such block. */
  #open(at: number, step: 1 | -1): boolean {
    const index = this.#index
    if (index === undefined || at < 0 || at >= index.count) return false
    this.#at = at
    this.#data.reset(this.#table.block(index.section(at)) ?? this.#table.missing(this.#wanted(index, at, step)))
    this.#walked++
    return true
  }

  /** As many blocks as were walked, in the direction of the walk: a long scan misses only a few times. */
  #wanted(index: TableIndex, at: number, step: 1 | -1): Section[] {
    const sections = [index.section(at)]
    const end = at + step * Math.min(this.#walked + 1, blocksAheadMax)
    for (let next = at + step; next !== end && next >= 0 && next < index.count; next += step) {
      const section = index.section(next)
      // A neighbour in memory ends the read: what is beyond is likely there too.
      if (this.#table.block(section) !== undefined) break
      sections.push(section)
    }
    return step === 1 ? sections : sections.reverse()
  }
}
