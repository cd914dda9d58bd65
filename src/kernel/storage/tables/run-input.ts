import { Block, BlockCursor } from './block.ts'
import type { MergeInput } from './merge.ts'
import { RangeSet } from './range-set.ts'
import { Row } from './row-cursor.ts'
import type { TableFile } from './table-file.ts'
import type { Section } from './table-format.ts'
import { checkSection, endOf } from './table-format.ts'
import type { TableIndex } from './table-index.ts'

/** How much one read for work in the background brings, unless one block alone is longer. */
export const inputChunkBytes = 1 << 18

/** The rows of files that follow each other, read past the cache in large pieces. */
export class RunInput extends Row implements MergeInput {
  readonly ranges: RangeSet
  readonly #tables: readonly TableFile[]
  readonly #read: (table: TableFile, position: number, length: number) => Promise<Uint8Array>
  readonly #data = new BlockCursor()
  /** The file that is read, its index, and the first of its blocks that is not read. */
  #at = -1
  #index: TableIndex | undefined
  #unread = 0
  /** Blocks that are read, and the first of them that is not begun. */
  #chunk: Uint8Array | undefined
  #chunkOffset = 0
  #pending: Section[] = []
  #next = 0
  isDry = true
  isWarm = false

  constructor(
    tables: readonly TableFile[],
    read: (table: TableFile, position: number, length: number) => Promise<Uint8Array>,
  ) {
    super()
    this.#tables = tables
    this.#read = read
    this.ranges = RangeSet.unionOf(tables.map((table) => table.ranges))
  }

  get row(): Row {
    return this
  }

  next(): void {
    this.#data.next()
    this.#settle()
  }

  async fill(): Promise<void> {
    while (this.#index === undefined || this.#unread === this.#index.count) {
      const table = this.#tables[this.#at + 1]
      if (table === undefined) {
        this.isDry = false
        return
      }
      this.#at++
      this.#index = table.footer.rows === 0 ? undefined : await table.readIndex()
      this.#unread = 0
    }
    const table = this.#tables[this.#at]!
    const index = this.#index
    const sections = [index.section(this.#unread++)]
    const base = sections[0]!.offset
    for (; this.#unread < index.count; this.#unread++) {
      const section = index.section(this.#unread)
      if (endOf(section) - base > inputChunkBytes) break
      sections.push(section)
    }
    this.#chunk = await this.#read(table, base, endOf(sections.at(-1)!) - base)
    this.#chunkOffset = base
    this.#pending = sections
    this.#next = 0
    this.isDry = false
    this.#settle()
  }

  /** On to the next block while the current one is at its end; `isDry` where that must be read first. */
  #settle(): void {
    const data = this.#data
    while (!data.valid) {
      const section = this.#pending[this.#next]
      if (section === undefined) {
        this.valid = false
        this.isDry =
          this.#at + 1 < this.#tables.length || (this.#index !== undefined && this.#unread < this.#index.count)
        return
      }
      this.#next++
      const table = this.#tables[this.#at]!
      const at = section.offset - this.#chunkOffset
      const bytes = checkSection(this.#chunk!, at, section, table.summary.number, table.path)
      this.isWarm = table.holds(section)
      data.reset(new Block(bytes, `${table.path} at ${section.offset}`))
      data.first()
    }
    this.valid = true
    this.keyBytes = data.keyBytes
    this.keyStart = data.keyStart
    this.keyEnd = data.keyEnd
    this.valueBytes = data.valueBytes
    this.valueStart = data.valueStart
    this.valueEnd = data.valueEnd
  }
}
