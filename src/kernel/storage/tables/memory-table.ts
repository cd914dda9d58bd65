import { copyBytes } from '#kernel/base/bytes.ts'
import { hashKey } from './bloom-filter.ts'
import { ByteArena } from './byte-arena.ts'
import { KeySlots } from './key-slots.ts'
import { compareSlices, isEmptyRange, keyBytesMax, valueBytesMax } from './keys.ts'
import { RangeSet } from './range-set.ts'
import { RowCursor } from './row-cursor.ts'
import { SortedRows, valueAtWord, valueLengthWord, valueRoomWord } from './sorted-rows.ts'
import type { KeyRange } from './tree.ts'

/** In a row's `valueLengthWord`. */
const tombstoneLength = -1
/**
 * What a range tombstone counts for, beside its keys. Far more than it takes, as it stays in memory while its file lives and
 * has to be looked at by every read: a flush comes before there are very many.
 */
const rangeCostBytes = 1024

/** How much room a memory table needs: a new one has that of the one before from the start, so that it need not grow. */
export interface MemorySize {
  readonly rows: number
  readonly slots: number
}

/**
 * The newest rows of a tree: sorted rows for order, a hash index for single keys, an arena for bytes.
 *
 * 1. A row is a value or a tombstone, which hides the key's rows in older tables.
 * 2. `ranges` hide rows of older tables only: rows here that a range covers were written after it.
 */
export class MemoryTable {
  readonly ranges = new RangeSet()
  readonly #arena = new ByteArena()
  readonly #rows: SortedRows
  readonly #slots: KeySlots
  #rangeBytes = 0

  constructor(size?: MemorySize) {
    this.#rows = new SortedRows(this.#arena, size?.rows ?? 0)
    this.#slots = new KeySlots(size?.slots)
  }

  get isEmpty(): boolean {
    return this.#rows.isEmpty && this.ranges.size === 0
  }

  /** Memory of rows and tombstones, of overwritten and removed ones too. */
  get bytes(): number {
    return this.#arena.bytes + this.#rows.bytes + this.#rangeBytes
  }

  get size(): MemorySize {
    return { rows: this.#rows.rowsEver, slots: this.#slots.slots }
  }

  /** The row of `key`, a tombstone too; 0 where there is none. */
  find(key: Uint8Array, hash: number): number {
    return this.#findRange(key, 0, key.length, hash)
  }

  #findRange(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const slots = this.#slots
    let row = slots.find(slots.first(hash), hash)
    while (row !== 0 && !this.#rows.hasKey(row, bytes, start, end)) {
      row = slots.find(slots.after(slots.slotFound), hash)
    }
    return row
  }

  isTombstone(row: number): boolean {
    return this.#rows.rows[row + valueLengthWord] === tombstoneLength
  }

  /** Shares memory; only of a row that is no tombstone. */
  value(row: number): Uint8Array {
    const { rows } = this.#rows
    const at = rows[row + valueAtWord]!
    const start = this.#arena.offset(at)
    return this.#arena.chunk(at).subarray(start, start + rows[row + valueLengthWord]!)
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.putRange(key, 0, key.length, value, 0, value.length)
  }

  /** The bytes, which are copied, as ranges, so that no object is made for them. */
  putRange(
    keyBytes: Uint8Array,
    keyStart: number,
    keyEnd: number,
    valueBytes: Uint8Array,
    valueStart: number,
    valueEnd: number,
  ): void {
    const keyLength = keyEnd - keyStart
    const length = valueEnd - valueStart
    if (keyLength > keyBytesMax) throw new RangeError(`Cannot put a key of ${keyLength} bytes: at most ${keyBytesMax}`)
    if (length > valueBytesMax) throw new RangeError(`Cannot put a value of ${length} bytes: at most ${valueBytesMax}`)
    const hash = hashKey(keyBytes, keyStart, keyEnd)
    const row = this.#findRange(keyBytes, keyStart, keyEnd, hash)
    if (row === 0) {
      const at = this.#arena.reserve(keyLength + length)
      this.#arena.write(at, keyBytes, keyStart, keyEnd)
      this.#arena.write(at + keyLength, valueBytes, valueStart, valueEnd)
      this.#insert(keyBytes.subarray(keyStart, keyEnd), hash, at, length, length)
      return
    }
    const { rows } = this.#rows
    if (length > rows[row + valueRoomWord]!) {
      rows[row + valueAtWord] = this.#arena.reserve(length)
      rows[row + valueRoomWord] = length
    }
    this.#arena.write(rows[row + valueAtWord]!, valueBytes, valueStart, valueEnd)
    rows[row + valueLengthWord] = length
  }

  /** Leaves a tombstone. */
  delete(key: Uint8Array): void {
    const hash = hashKey(key)
    const row = this.find(key, hash)
    if (row !== 0) {
      this.#rows.rows[row + valueLengthWord] = tombstoneLength
      return
    }
    const at = this.#arena.reserve(key.length)
    this.#arena.write(at, key, 0, key.length)
    this.#insert(key, hash, at, tombstoneLength, 0)
  }

  /** Removes the row of `key`, if any: only right where no older table can have a row of it to show. */
  remove(key: Uint8Array): void {
    const row = this.find(key, hashKey(key))
    if (row !== 0) this.#rows.remove(key)
  }

  /** Removes the rows of `range` and, with `hidesOlder`, remembers that those of older tables are gone too. */
  deleteRange(range: KeyRange, hidesOlder: boolean): void {
    if (isEmptyRange(range)) return
    this.#rows.removeRange(range.from, range.to)
    if (this.#rows.isEmpty) this.#slots.clear()
    if (!hidesOlder) return
    this.ranges.add({ from: copyBytes(range.from), to: range.to && copyBytes(range.to) })
    this.#rangeBytes += range.from.length + (range.to?.length ?? 0) + rangeCostBytes
  }

  /** Makes this table what it were if all that `newer` holds had been written here. */
  absorb(newer: MemoryTable): void {
    for (const range of newer.ranges.ranges) this.deleteRange(range, true)
    const cursor = newer.cursor()
    for (cursor.first(); cursor.valid; cursor.next()) {
      const { keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd } = cursor
      if (cursor.isTombstone) this.delete(keyBytes.subarray(keyStart, keyEnd))
      else this.putRange(keyBytes, keyStart, keyEnd, valueBytes, valueStart, valueEnd)
    }
  }

  /** Whether a row, a tombstone or a range tombstone is in `range`. */
  touches(range: KeyRange): boolean {
    if (this.ranges.overlaps(range)) return true
    const cursor = this.cursor()
    cursor.seek(range.from)
    if (!cursor.valid || range.to === undefined) return cursor.valid
    return compareSlices(cursor.keyBytes, cursor.keyStart, cursor.keyEnd, range.to, 0, range.to.length) < 0
  }

  cursor(): MemoryCursor {
    return new MemoryCursor(this.#rows, this.#arena)
  }

  #insert(key: Uint8Array, hash: number, keyAt: number, valueLength: number, valueRoom: number): void {
    const row = this.#rows.insert(key, keyAt)
    const { rows } = this.#rows
    rows[row + valueAtWord] = keyAt + key.length
    rows[row + valueLengthWord] = valueLength
    rows[row + valueRoomWord] = valueRoom
    this.#slots.add(hash, row)
  }
}

export class MemoryCursor extends RowCursor {
  readonly #rows: SortedRows
  readonly #arena: ByteArena
  #place = -1

  constructor(rows: SortedRows, arena: ByteArena) {
    super()
    this.#rows = rows
    this.#arena = arena
  }

  first(): void {
    this.#moveTo(this.#rows.first)
  }

  override seek(key: Uint8Array): void {
    this.#moveTo(this.#rows.atLeast(key))
  }

  override seekBefore(key: Uint8Array | undefined): void {
    this.#moveTo(key === undefined ? this.#rows.last : this.#rows.below(key))
  }

  override next(): void {
    this.#moveTo(this.#rows.next(this.#place))
  }

  override previous(): void {
    this.#moveTo(this.#rows.previous(this.#place))
  }

  #moveTo(place: number): void {
    this.#place = place
    this.valid = place >= 0
    if (place < 0) return
    const rows = this.#rows
    const arena = this.#arena
    const row = rows.row(place)
    const keyAt = rows.keyAt(row)
    this.keyBytes = arena.chunk(keyAt)
    this.keyStart = arena.offset(keyAt)
    this.keyEnd = this.keyStart + rows.keyLength(row)
    const valueAt = rows.rows[row + valueAtWord]!
    this.valueBytes = arena.chunk(valueAt)
    this.valueStart = arena.offset(valueAt)
    this.valueEnd = this.valueStart + rows.rows[row + valueLengthWord]!
  }
}
