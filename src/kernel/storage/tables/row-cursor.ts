import { emptyBytes } from '#kernel/base/bytes.ts'

/**
 * A row, tombstones included, as slices of the memory where it lies: nothing is copied, and nothing is allocated per row.
 * The fields hold a row only while `valid`, and until whoever sets them moves on or the table changes.
 */
export class Row {
  valid = false
  keyBytes: Uint8Array = emptyBytes
  keyStart = 0
  keyEnd = 0
  valueBytes: Uint8Array = emptyBytes
  valueStart = 0
  /** Below `valueStart` for a tombstone. */
  valueEnd = 0

  get isTombstone(): boolean {
    return this.valueEnd < this.valueStart
  }
}

/** A place in one sorted table. */
export abstract class RowCursor extends Row {
  /** To the first row at or above `key`. */
  abstract seek(key: Uint8Array): void
  /** To the last row below `key`; undefined: to the last row. */
  abstract seekBefore(key: Uint8Array | undefined): void
  /** Only while `valid`. */
  abstract next(): void
  /** Only while `valid`. */
  abstract previous(): void
}
