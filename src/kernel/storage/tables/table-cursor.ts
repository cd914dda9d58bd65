import { BlockCursor } from './block.ts'
import { handleAt } from './index-block.ts'
import { RowCursor } from './row-cursor.ts'
import type { TableFile } from './table-file.ts'
import type { Section } from './table-format.ts'

/** A scan that has walked n blocks asks for up to n more at once when one is missing, and for so many at most. */
const blocksAheadMax = 64

/** Walks a table file by its index, both ways. Any move may throw `BlockMiss`, after which the cursor is of no use. */
export class TableCursor extends RowCursor {
  readonly #table: TableFile
  readonly #index = new BlockCursor()
  readonly #data = new BlockCursor()
  #walked = 0

  constructor(table: TableFile) {
    super()
    this.#table = table
  }

  /** @returns false where there is no row at all. */
  #begin(): boolean {
    if (this.#table.footer.rows === 0) return false
    this.#index.reset(this.#table.index())
    return true
  }

  override seek(key: Uint8Array): void {
    if (!this.#begin()) return
    this.#index.seek(key)
    if (this.#open(1)) this.#data.seek(key)
    else this.#data.valid = false
    this.#settleForward()
  }

  override seekBefore(key: Uint8Array | undefined): void {
    if (!this.#begin()) return
    if (key === undefined) this.#index.seekBefore(undefined)
    else {
      // The first block whose separator is at or above the key may begin below it, and no later one does.
      this.#index.seek(key)
      if (!this.#index.valid) this.#index.seekBefore(undefined)
    }
    if (this.#open(-1)) this.#data.seekBefore(key)
    this.#settleBackward()
  }

  override next(): void {
    this.#data.next()
    this.#settleForward()
  }

  override previous(): void {
    this.#data.previous()
    this.#settleBackward()
  }

  #settleForward(): void {
    while (!this.#data.valid && this.#index.valid) {
      this.#index.next()
      if (this.#open(1)) this.#data.first()
    }
    this.#show()
  }

  #settleBackward(): void {
    while (!this.#data.valid && this.#index.valid) {
      this.#index.previous()
      if (this.#open(-1)) this.#data.seekBefore(undefined)
    }
    this.#show()
  }

  #show(): void {
    const data = this.#data
    this.valid = data.valid && this.#index.valid
    if (!this.valid) return
    this.keyBytes = data.keyBytes
    this.keyStart = data.keyStart
    this.keyEnd = data.keyEnd
    this.valueBytes = data.valueBytes
    this.valueStart = data.valueStart
    this.valueEnd = data.valueEnd
  }

  /** Makes `#data` a cursor of the block that the index stands on. @returns false at the end of the index. */
  #open(direction: 1 | -1): boolean {
    if (!this.#index.valid) return false
    const section = handleAt(this.#index.valueBytes, this.#index.valueStart)
    this.#data.reset(this.#table.block(section) ?? this.#table.missing(this.#neighbours(section, direction)))
    this.#walked++
    return true
  }

  /** As many blocks as were walked, in the direction of the walk: a long scan misses only a few times. */
  #neighbours(section: Section, direction: 1 | -1): Section[] {
    const sections = [section]
    const index = this.#index
    for (let more = Math.min(this.#walked, blocksAheadMax - 1); more > 0; more--) {
      if (direction === 1) index.next()
      else index.previous()
      if (!index.valid) break
      const next = handleAt(index.valueBytes, index.valueStart)
      // A neighbour in memory ends the read: what is beyond is likely there too.
      if (this.#table.block(next) !== undefined) break
      sections.push(next)
    }
    return direction === 1 ? sections : sections.reverse()
  }
}
