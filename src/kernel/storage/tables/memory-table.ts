import { copyBytes } from '#kernel/base/bytes.ts'
import { hashKey } from './bloom-filter.ts'
import { ByteArena } from './byte-arena.ts'
import { KeySlots } from './key-slots.ts'
import { compareSlices, isEmptyRange, keyBytesMax, valueBytesMax } from './keys.ts'
import { RangeSet } from './range-set.ts'
import { RowCursor } from './row-cursor.ts'
import { SkipList, valueAtWord, valueLengthWord, valueRoomWord } from './skip-list.ts'
import type { KeyRange } from './tree.ts'

/** In a node's `valueLengthWord`. */
const tombstoneLength = -1
/** What a range tombstone counts for, beside its keys: it is kept in memory for as long as its file lives. */
const rangeCostBytes = 256

/** How much room a memory table needs: a new one has that of the one before from the start, so that it need not grow. */
export interface MemorySize {
  readonly words: number
  readonly slots: number
}

/**
 * The newest rows of a tree: a skip list for order, a hash index for single keys, an arena for bytes.
 *
 * 1. A node is a value or a tombstone, which hides the key's rows in older tables.
 * 2. `ranges` hide rows of older tables only: rows here that a range covers were written after it.
 */
export class MemoryTable {
  readonly ranges = new RangeSet()
  readonly #arena = new ByteArena()
  readonly #list: SkipList
  readonly #slots: KeySlots
  #rangeBytes = 0

  constructor(size?: MemorySize) {
    this.#list = new SkipList(this.#arena, size?.words ?? 0)
    this.#slots = new KeySlots(size?.slots)
  }

  get isEmpty(): boolean {
    return this.#list.isEmpty && this.ranges.size === 0
  }

  /** Memory of rows and tombstones, of overwritten and removed ones too. */
  get bytes(): number {
    return this.#arena.bytes + this.#list.words * 4 + this.#rangeBytes
  }

  get size(): MemorySize {
    return { words: this.#list.words, slots: this.#slots.slots }
  }

  /** The node of `key`, a tombstone too; 0 where there is none. */
  find(key: Uint8Array, hash: number): number {
    const slots = this.#slots
    let node = slots.find(slots.first(hash), hash)
    while (node !== 0 && !this.#list.hasKey(node, key)) node = slots.find(slots.after(slots.slotFound), hash)
    return node
  }

  isTombstone(node: number): boolean {
    return this.#list.nodes[node + valueLengthWord] === tombstoneLength
  }

  /** Shares memory; only of a node that is no tombstone. */
  value(node: number): Uint8Array {
    const { nodes } = this.#list
    const at = nodes[node + valueAtWord]!
    const start = this.#arena.offset(at)
    return this.#arena.chunk(at).subarray(start, start + nodes[node + valueLengthWord]!)
  }

  /** The bytes are copied. */
  put(key: Uint8Array, value: Uint8Array): void {
    const { length } = value
    if (key.length > keyBytesMax)
      throw new RangeError(`Cannot put a key of ${key.length} bytes: at most ${keyBytesMax}`)
    if (length > valueBytesMax) throw new RangeError(`Cannot put a value of ${length} bytes: at most ${valueBytesMax}`)
    const hash = hashKey(key)
    const node = this.find(key, hash)
    if (node === 0) {
      const at = this.#arena.reserve(key.length + length)
      this.#arena.write(at, key)
      this.#arena.write(at + key.length, value)
      this.#insert(key, hash, at, length, length)
      return
    }
    const { nodes } = this.#list
    if (length > nodes[node + valueRoomWord]!) {
      nodes[node + valueAtWord] = this.#arena.reserve(length)
      nodes[node + valueRoomWord] = length
    }
    this.#arena.write(nodes[node + valueAtWord]!, value)
    nodes[node + valueLengthWord] = length
  }

  /** Leaves a tombstone. */
  delete(key: Uint8Array): void {
    const hash = hashKey(key)
    const node = this.find(key, hash)
    if (node !== 0) {
      this.#list.nodes[node + valueLengthWord] = tombstoneLength
      return
    }
    const at = this.#arena.reserve(key.length)
    this.#arena.write(at, key)
    this.#insert(key, hash, at, tombstoneLength, 0)
  }

  /** Removes the node of `key`, if any: only right where no older table can have a row of it to show. */
  remove(key: Uint8Array): void {
    const node = this.find(key, hashKey(key))
    if (node !== 0) this.#list.remove(key, node)
  }

  /** Removes the rows of `range` and, with `hidesOlder`, remembers that those of older tables are gone too. */
  deleteRange(range: KeyRange, hidesOlder: boolean): void {
    if (isEmptyRange(range)) return
    this.#list.removeRange(range.from, range.to)
    if (this.#list.isEmpty) this.#slots.clear()
    if (!hidesOlder) return
    this.ranges.add({ from: copyBytes(range.from), to: range.to && copyBytes(range.to) })
    this.#rangeBytes += range.from.length + (range.to?.length ?? 0) + rangeCostBytes
  }

  /** Makes this table what it were if all that `newer` holds had been written here. */
  absorb(newer: MemoryTable): void {
    for (const range of newer.ranges.ranges) this.deleteRange(range, true)
    const cursor = newer.cursor()
    for (cursor.first(); cursor.valid; cursor.next()) {
      const key = cursor.keyBytes.subarray(cursor.keyStart, cursor.keyEnd)
      if (cursor.isTombstone) this.delete(key)
      else this.put(key, cursor.valueBytes.subarray(cursor.valueStart, cursor.valueEnd))
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
    return new MemoryCursor(this.#list, this.#arena)
  }

  #insert(key: Uint8Array, hash: number, keyAt: number, valueLength: number, valueRoom: number): void {
    const node = this.#list.insert(key, keyAt)
    const { nodes } = this.#list
    nodes[node + valueAtWord] = keyAt + key.length
    nodes[node + valueLengthWord] = valueLength
    nodes[node + valueRoomWord] = valueRoom
    this.#slots.add(hash, node)
  }
}

export class MemoryCursor extends RowCursor {
  readonly #list: SkipList
  readonly #arena: ByteArena
  #node = 0

  constructor(list: SkipList, arena: ByteArena) {
    super()
    this.#list = list
    this.#arena = arena
  }

  first(): void {
    this.#moveTo(this.#list.after(0))
  }

  override seek(key: Uint8Array): void {
    this.#moveTo(this.#list.atLeast(key))
  }

  override seekBefore(key: Uint8Array | undefined): void {
    this.#moveTo(this.#list.below(key))
  }

  override next(): void {
    this.#moveTo(this.#list.after(this.#node))
  }

  override previous(): void {
    this.#moveTo(this.#list.before(this.#node))
  }

  #moveTo(node: number): void {
    this.#node = node
    this.valid = node !== 0
    if (node === 0) return
    const list = this.#list
    const arena = this.#arena
    const { nodes } = list
    const keyAt = list.keyAt(node)
    this.keyBytes = arena.chunk(keyAt)
    this.keyStart = arena.offset(keyAt)
    this.keyEnd = this.keyStart + list.keyLength(node)
    const valueAt = nodes[node + valueAtWord]!
    this.valueBytes = arena.chunk(valueAt)
    this.valueStart = arena.offset(valueAt)
    this.valueEnd = this.valueStart + nodes[node + valueLengthWord]!
  }
}
