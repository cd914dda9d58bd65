import { compareEnds, isBelowEnd } from './keys.ts'
import { RowCursor } from './row-cursor.ts'
import { TableCursor } from './table-cursor.ts'
import type { TableFile } from './table-file.ts'

/** Walks files whose ranges are sorted and disjoint as one table. */
export class LevelCursor extends RowCursor {
  readonly #tables: readonly TableFile[]
  #at = -1
  #rows: TableCursor | undefined

  constructor(tables: readonly TableFile[]) {
    super()
    this.#tables = tables
  }

  override seek(key: Uint8Array): void {
    if (this.#open(firstEndingAbove(this.#tables, key))) this.#rows!.seek(key)
    this.#settle(1)
  }

  override seekBefore(key: Uint8Array | undefined): void {
    if (this.#open(lastBeginningBelow(this.#tables, key))) this.#rows!.seekBefore(key)
    this.#settle(-1)
  }

  override next(): void {
    this.#rows!.next()
    this.#settle(1)
  }

  override previous(): void {
    this.#rows!.previous()
    this.#settle(-1)
  }

  #open(at: number): boolean {
    const table = this.#tables[at]
    if (table === undefined) this.#rows = undefined
    else if (at !== this.#at || this.#rows === undefined) this.#rows = new TableCursor(table)
    this.#at = at
    return table !== undefined
  }

  /** On to the next file that has a row. */
  #settle(step: 1 | -1): void {
    while (this.#rows !== undefined && !this.#rows.valid) {
      if (!this.#open(this.#at + step)) break
      if (step === 1) this.#rows!.seek(this.#tables[this.#at]!.range.from)
      else this.#rows!.seekBefore(undefined)
    }
    const rows = this.#rows
    this.valid = rows?.valid ?? false
    if (rows === undefined || !rows.valid) return
    this.keyBytes = rows.keyBytes
    this.keyStart = rows.keyStart
    this.keyEnd = rows.keyEnd
    this.valueBytes = rows.valueBytes
    this.valueStart = rows.valueStart
    this.valueEnd = rows.valueEnd
  }
}

/** Index of the first of sorted, disjoint files that can hold `key` or a key above it; the count if there is none. */
export function firstEndingAbove(tables: readonly TableFile[], key: Uint8Array): number {
  let low = 0
  let high = tables.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (isBelowEnd(key, tables[middle]!.range.to)) high = middle
    else low = middle + 1
  }
  return low
}

/** Index of the last file that can hold a key below `key` (undefined: above all); -1 if there is none. */
export function lastBeginningBelow(tables: readonly TableFile[], key: Uint8Array | undefined): number {
  let low = 0
  let high = tables.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareEnds(tables[middle]!.range.from, key) < 0) low = middle + 1
    else high = middle
  }
  return low - 1
}
