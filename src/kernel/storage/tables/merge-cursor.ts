import { compareBytes, emptyBytes } from '#kernel/base/bytes.ts'
import { compareSlices } from './keys.ts'
import type { RangeSet } from './range-set.ts'
import type { RowCursor } from './row-cursor.ts'
import type { Cursor, KeyRange } from './tree.ts'

/** One sorted table of a tree: the rows, and which rows of older tables it hides. */
export interface MergeSource {
  readonly rows: RowCursor
  readonly ranges: RangeSet
}

/**
 * The rows of several tables as one, newest first: of equal keys the newest table's row counts, tombstones and rows that a
 * newer table's range tombstone hides are left out. The current row stays where it lies.
 */
export class MergeCursor implements Cursor {
  readonly #sources: readonly MergeSource[]
  readonly #range: KeyRange
  readonly #isReverse: boolean
  readonly #hasRanges: boolean
  #current: RowCursor | undefined
  #isStarted = false

  /** @param sources newest first; taken over. */
  constructor(sources: readonly MergeSource[], range: KeyRange, isReverse: boolean) {
    this.#sources = sources
    this.#range = range
    this.#isReverse = isReverse
    this.#hasRanges = sources.some((source) => source.ranges.size > 0)
  }

  get key(): Uint8Array {
    const row = this.#current
    return row === undefined ? emptyBytes : row.keyBytes.subarray(row.keyStart, row.keyEnd)
  }

  get value(): Uint8Array {
    const row = this.#current
    return row === undefined ? emptyBytes : row.valueBytes.subarray(row.valueStart, row.valueEnd)
  }

  next(): boolean {
    if (!this.#isStarted) this.#start()
    else if (this.#current !== undefined) this.#leave(this.#current)
    for (;;) {
      const at = this.#nearest()
      if (at < 0) {
        this.#current = undefined
        return false
      }
      const row = this.#sources[at]!.rows
      if (this.#hasRanges && this.#skipHidden(at, row)) continue
      if (!row.isTombstone) {
        this.#current = row
        return true
      }
      this.#leave(row)
    }
  }

  #start(): void {
    this.#isStarted = true
    for (const { rows } of this.#sources) {
      if (this.#isReverse) rows.seekBefore(this.#range.to)
      else rows.seek(this.#range.from)
    }
  }

  /** The source whose row comes next, the newest of several with the same key; -1 at the end. */
  #nearest(): number {
    const sources = this.#sources
    let best = -1
    let bestRow: RowCursor | undefined
    for (let i = 0; i < sources.length; i++) {
      const row = sources[i]!.rows
      if (!row.valid) continue
      if (bestRow !== undefined) {
        const order = compareRows(row, bestRow)
        if (this.#isReverse ? order <= 0 : order >= 0) continue
      }
      best = i
      bestRow = row
    }
    if (bestRow === undefined) return -1
    const { from, to } = this.#range
    if (this.#isReverse) {
      if (compareSlices(bestRow.keyBytes, bestRow.keyStart, bestRow.keyEnd, from, 0, from.length) < 0) return -1
    } else if (to !== undefined) {
      if (compareSlices(bestRow.keyBytes, bestRow.keyStart, bestRow.keyEnd, to, 0, to.length) >= 0) return -1
    }
    return best
  }

  /** Moves all sources that stand on `row`'s key beyond it. */
  #leave(row: RowCursor): void {
    for (const { rows } of this.#sources) {
      if (rows !== row && rows.valid && compareRows(rows, row) === 0) this.#step(rows)
    }
    this.#step(row)
  }

  #step(row: RowCursor): void {
    if (this.#isReverse) row.previous()
    else row.next()
  }

  /** If a newer table hides source `at`'s row, moves that source beyond the whole hidden range. */
  #skipHidden(at: number, row: RowCursor): boolean {
    for (let i = 0; i < at; i++) {
      const hidden = this.#sources[i]!.ranges.find(row.keyBytes, row.keyStart, row.keyEnd)
      if (hidden === undefined) continue
      if (this.#isReverse) row.seekBefore(hidden.from)
      else if (hidden.to === undefined) row.valid = false
      else row.seek(compareBytes(hidden.to, this.#range.from) > 0 ? hidden.to : this.#range.from)
      return true
    }
    return false
  }
}

function compareRows(a: RowCursor, b: RowCursor): number {
  return compareSlices(a.keyBytes, a.keyStart, a.keyEnd, b.keyBytes, b.keyStart, b.keyEnd)
}
