import { Block, BlockCursor } from './block.ts'
import { handleAt } from './index-block.ts'
import type { MergeInput } from './merge.ts'
import { RangeSet } from './range-set.ts'
import { Row } from './row-cursor.ts'
import type { TableFile } from './table-file.ts'
import type { Section } from './table-format.ts'
import { checkSection, endOf } from './table-format.ts'

/** How much one read for work in the background brings, unless one block alone is longer. */
export const inputChunkBytes = 1 << 18

/** The rows of files that follow each other, read past the cache in large pieces. */
export class RunInput extends Row implements MergeInput {
  readonly ranges: RangeSet
  readonly #tables: readonly TableFile[]
  readonly #read: (table: TableFile, position: number, length: number) => Promise<Uint8Array>
  readonly #index = new BlockCursor()
  readonly #data = new BlockCursor()
  #at = -1
  /** Blocks that are read but not begun, of `#tables[#at]`. */
  #chunk: Uint8Array | undefined
  #chunkOffset = 0
  #pending: Section[] = []
  #next = 0
  isDry = true

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
    while (!this.#index.valid) {
      const table = this.#tables[this.#at + 1]
      if (table === undefined) {
        this.isDry = false
        return
      }
      this.#at++
      if (table.footer.rows === 0) continue
      this.#index.reset(await table.readIndex())
      this.#index.first()
    }
    const table = this.#tables[this.#at]!
    const sections: Section[] = []
    const base = handleAt(this.#index.valueBytes, this.#index.valueStart).offset
    for (; this.#index.valid; this.#index.next()) {
      const section = handleAt(this.#index.valueBytes, this.#index.valueStart)
      if (sections.length > 0 && endOf(section) - base > inputChunkBytes) break
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
        this.isDry = this.#index.valid || this.#at + 1 < this.#tables.length
        return
      }
      this.#next++
      const table = this.#tables[this.#at]!
      const at = section.offset - this.#chunkOffset
      const bytes = checkSection(this.#chunk!, at, section, table.summary.number, table.path)
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
