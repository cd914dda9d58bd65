import { allocateSlow, copyBytes } from '#kernel/base/bytes.ts'
import { assert } from '#kernel/base/errors.ts'
import { compareSlices, isEmptyRange, keyBytesMax, valueBytesMax } from './keys.ts'
import { RangeSet } from './range-set.ts'
import { RowCursor } from './row-cursor.ts'
import type { KeyRange } from './tree.ts'

/*
 * Words of a node. A node is named by the position of its first word; the node at 0 is the head, and as the list is
 * circular 0 also means "none". Everything that a search looks at lies together, so that a step costs one cache line.
 */
const prefixWord = 0
const keyAtWord = 1
const keyLengthWord = 2
const valueAtWord = 3
/** `tombstoneLength` for a tombstone. */
const valueLengthWord = 4
const valueRoomWord = 5
const backWord = 6
/** The first of as many links as the node has levels. */
const linkWord = 7

const tombstoneLength = -1
/** A node has one more level with a chance of 1 in 4: 12 levels serve 16 million rows. */
const levelsMax = 12
const nodeWordsMax = linkWord + levelsMax
const chunkBits = 20
const chunkBytes = 1 << chunkBits
const chunkMask = chunkBytes - 1
/** What a range tombstone counts for, beside its keys: it is kept in memory for as long as its file lives. */
const rangeCostBytes = 256

/** The first four bytes of a key, zeros where it is shorter, as an integer of the same order. */
function prefixOf(key: Uint8Array): number {
  const length = key.length
  if (length >= 4) return ((key[0]! << 24) | (key[1]! << 16) | (key[2]! << 8) | key[3]!) ^ 0x8000_0000
  let prefix = 0
  for (let i = 0; i < 4; i++) prefix = (prefix << 8) | (i < length ? key[i]! : 0)
  return prefix ^ 0x8000_0000
}

/**
 * The newest rows of a tree: a skip list over two arenas, one of words (nodes) and one of bytes (keys and values).
 *
 * 1. A key has at most one node; a node is a value or a tombstone.
 * 2. `ranges` hide rows of older tables only: rows here that a range covers were written after it.
 * 3. Level choices come from the table's own generator with a fixed seed, so that equal histories give equal tables.
 */
export class MemoryTable {
  #nodes: Int32Array
  #nodesUsed = nodeWordsMax
  readonly #chunks: Uint8Array[] = []
  /** Free bytes at the end of the last chunk; the chunk of a row above `chunkBytes` counts as full. */
  #chunkFree = 0
  #bytesUsed = 0
  #height = 1
  #random = 0x9e37_79b9
  /** For each level the last node below the key that was sought. */
  readonly #before = new Int32Array(levelsMax)
  readonly ranges = new RangeSet()
  #rangeBytes = 0

  /** @param words how many words of nodes to make room for at once: those of the table before, to save growing. */
  constructor(words = 0) {
    this.#nodes = new Int32Array(Math.max(words, 1024))
  }

  get isEmpty(): boolean {
    return this.#nodes[linkWord] === 0 && this.ranges.size === 0
  }

  /** Memory of rows and tombstones, of overwritten and removed ones too. */
  get bytes(): number {
    return this.#bytesUsed + (this.#nodesUsed - nodeWordsMax) * 4 + this.#rangeBytes
  }

  get wordsUsed(): number {
    return this.#nodesUsed
  }

  /** Whether a row, a tombstone or a range tombstone is in `range`. */
  touches(range: KeyRange): boolean {
    if (this.ranges.overlaps(range)) return true
    const cursor = this.cursor()
    cursor.seek(range.from)
    if (!cursor.valid || range.to === undefined) return cursor.valid
    return compareSlices(cursor.keyBytes, cursor.keyStart, cursor.keyEnd, range.to, 0, range.to.length) < 0
  }

  /** The node of `key`, a tombstone too; 0 where there is none. */
  find(key: Uint8Array): number {
    const nodes = this.#nodes
    const prefix = prefixOf(key)
    let at = 0
    // A node that is known to be above the key (0 is above all) need not be compared again one level down.
    let above = 0
    for (let level = this.#height - 1; level >= 0; level--) {
      let next = nodes[at + linkWord + level]!
      while (next !== above) {
        const nextPrefix = nodes[next]!
        const order = nextPrefix === prefix ? this.#compareRest(next, key) : nextPrefix < prefix ? -1 : 1
        if (order > 0) break
        if (order === 0) return next
        at = next
        next = nodes[at + linkWord + level]!
      }
      above = next
    }
    return 0
  }

  isTombstone(node: number): boolean {
    return this.#nodes[node + valueLengthWord] === tombstoneLength
  }

  /** Shares memory; only of a node that is no tombstone. */
  value(node: number): Uint8Array {
    const at = this.#nodes[node + valueAtWord]!
    const start = at & chunkMask
    return this.#chunks[at >>> chunkBits]!.subarray(start, start + this.#nodes[node + valueLengthWord]!)
  }

  /** The bytes are copied. */
  put(key: Uint8Array, value: Uint8Array): void {
    if (key.length > keyBytesMax)
      throw new RangeError(`Cannot put a key of ${key.length} bytes: at most ${keyBytesMax}`)
    const length = value.length
    if (length > valueBytesMax) throw new RangeError(`Cannot put a value of ${length} bytes: at most ${valueBytesMax}`)
    const node = this.#seek(key)
    if (node === 0) {
      const at = this.#reserve(key.length + length)
      const chunk = this.#chunks[at >>> chunkBits]!
      const start = at & chunkMask
      copyInto(chunk, start, key)
      copyInto(chunk, start + key.length, value)
      this.#insert(key, at, at + key.length, length, length)
      return
    }
    const nodes = this.#nodes
    if (length > nodes[node + valueRoomWord]!) {
      nodes[node + valueAtWord] = this.#reserve(length)
      nodes[node + valueRoomWord] = length
    }
    const at = nodes[node + valueAtWord]!
    copyInto(this.#chunks[at >>> chunkBits]!, at & chunkMask, value)
    nodes[node + valueLengthWord] = length
  }

  /** Leaves a tombstone, which hides the key's rows in older tables. */
  delete(key: Uint8Array): void {
    const node = this.#seek(key)
    if (node !== 0) {
      this.#nodes[node + valueLengthWord] = tombstoneLength
      return
    }
    const at = this.#reserve(key.length)
    copyInto(this.#chunks[at >>> chunkBits]!, at & chunkMask, key)
    this.#insert(key, at, at + key.length, tombstoneLength, 0)
  }

  /** Removes the node of `key`, if any: only right where no older table can hold the key. */
  remove(key: Uint8Array): void {
    const node = this.#seek(key)
    if (node === 0) return
    const nodes = this.#nodes
    for (let level = 0; level < this.#height; level++) {
      const link = this.#before[level]! + linkWord + level
      if (nodes[link] !== node) break
      nodes[link] = nodes[node + linkWord + level]!
    }
    nodes[nodes[node + linkWord]! + backWord] = nodes[node + backWord]!
  }

  /** Removes the rows of `range` and, with `hideOlder`, remembers that those of older tables are gone too. */
  deleteRange(range: KeyRange, hideOlder = true): void {
    if (isEmptyRange(range)) return
    this.#seekBelow(range.from)
    const before = this.#before.slice()
    if (range.to === undefined) this.#before.fill(0)
    else this.#seekBelow(range.to)
    const nodes = this.#nodes
    for (let level = 0; level < this.#height; level++) {
      const beyond = range.to === undefined ? 0 : nodes[this.#before[level]! + linkWord + level]!
      nodes[before[level]! + linkWord + level] = beyond
      if (level === 0) nodes[beyond + backWord] = before[0]!
    }
    if (!hideOlder) return
    this.ranges.add({ from: copyBytes(range.from), to: range.to && copyBytes(range.to) })
    this.#rangeBytes += range.from.length + (range.to?.length ?? 0) + rangeCostBytes
  }

  /** Makes this table what it were if all that `newer` holds had been written here. */
  absorb(newer: MemoryTable): void {
    for (const range of newer.ranges.ranges) this.deleteRange(range)
    const cursor = newer.cursor()
    for (cursor.first(); cursor.valid; cursor.next()) {
      const key = cursor.keyBytes.subarray(cursor.keyStart, cursor.keyEnd)
      if (cursor.isTombstone) this.delete(key)
      else this.put(key, cursor.valueBytes.subarray(cursor.valueStart, cursor.valueEnd))
    }
  }

  cursor(): MemoryCursor {
    return new MemoryCursor(this)
  }

  /** The first node at or above `key`; 0 where there is none. */
  atLeast(key: Uint8Array): number {
    this.#seekBelow(key)
    return this.#nodes[this.#before[0]! + linkWord]!
  }

  /** The last node below `key`, or of all; 0 where there is none. */
  below(key: Uint8Array | undefined): number {
    if (key === undefined) return this.#nodes[backWord]!
    this.#seekBelow(key)
    return this.#before[0]!
  }

  after(node: number): number {
    return this.#nodes[node + linkWord]!
  }

  before(node: number): number {
    return this.#nodes[node + backWord]!
  }

  /** Sets the row of `cursor` to that of `node`. */
  show(node: number, cursor: RowCursor): void {
    cursor.valid = node !== 0
    if (node === 0) return
    const nodes = this.#nodes
    const keyAt = nodes[node + keyAtWord]!
    cursor.keyBytes = this.#chunks[keyAt >>> chunkBits]!
    cursor.keyStart = keyAt & chunkMask
    cursor.keyEnd = cursor.keyStart + nodes[node + keyLengthWord]!
    const valueAt = nodes[node + valueAtWord]!
    cursor.valueBytes = this.#chunks[valueAt >>> chunkBits]!
    cursor.valueStart = valueAt & chunkMask
    cursor.valueEnd = cursor.valueStart + nodes[node + valueLengthWord]!
  }

  /** Order of a node's key and `key`, whose first four bytes are known to be equal. */
  #compareRest(node: number, key: Uint8Array): number {
    const at = this.#nodes[node + keyAtWord]!
    const length = this.#nodes[node + keyLengthWord]!
    const chunk = this.#chunks[at >>> chunkBits]!
    const start = at & chunkMask
    const shorter = Math.min(length, key.length)
    for (let i = 4; i < shorter; i++) {
      const difference = chunk[start + i]! - key[i]!
      if (difference !== 0) return difference
    }
    return length - key.length
  }

  /** The node of `key` or 0, and `#before` for all levels. */
  #seek(key: Uint8Array): number {
    this.#seekBelow(key)
    const next = this.#nodes[this.#before[0]! + linkWord]!
    if (next === 0 || this.#nodes[next] !== prefixOf(key) || this.#compareRest(next, key) !== 0) return 0
    return next
  }

  /** Fills `#before` for all levels. */
  #seekBelow(key: Uint8Array): void {
    const nodes = this.#nodes
    const before = this.#before
    const prefix = prefixOf(key)
    let at = 0
    let above = 0
    for (let level = this.#height - 1; level >= 0; level--) {
      let next = nodes[at + linkWord + level]!
      while (next !== above) {
        const nextPrefix = nodes[next]!
        if (nextPrefix === prefix ? this.#compareRest(next, key) >= 0 : nextPrefix > prefix) break
        at = next
        next = nodes[at + linkWord + level]!
      }
      above = next
      before[level] = at
    }
  }

  /** Links a new node behind `#before`. */
  #insert(key: Uint8Array, keyAt: number, valueAt: number, valueLength: number, valueRoom: number): void {
    const levels = this.#chooseLevels()
    for (; this.#height < levels; this.#height++) this.#before[this.#height] = 0
    const node = this.#nodesUsed
    this.#nodesUsed += linkWord + levels
    if (this.#nodesUsed > this.#nodes.length) {
      const grown = new Int32Array(this.#nodes.length * 2)
      grown.set(this.#nodes)
      this.#nodes = grown
    }
    const nodes = this.#nodes
    nodes[node + prefixWord] = prefixOf(key)
    nodes[node + keyAtWord] = keyAt
    nodes[node + keyLengthWord] = key.length
    nodes[node + valueAtWord] = valueAt
    nodes[node + valueLengthWord] = valueLength
    nodes[node + valueRoomWord] = valueRoom
    nodes[node + backWord] = this.#before[0]!
    nodes[nodes[this.#before[0]! + linkWord]! + backWord] = node
    for (let level = 0; level < levels; level++) {
      const link = this.#before[level]! + linkWord + level
      nodes[node + linkWord + level] = nodes[link]!
      nodes[link] = node
    }
  }

  /** xorshift32 (Marsaglia 2003), two bits per level. */
  #chooseLevels(): number {
    let x = this.#random
    x ^= x << 13
    x ^= x >>> 17
    x ^= x << 5
    this.#random = x
    let levels = 1
    while (levels < levelsMax && (x & 3) === 0) {
      levels++
      x >>>= 2
    }
    return levels
  }

  /**
   * Room for `length` bytes in one chunk; a longer row has a chunk of its own, of its size. The last byte of a chunk stays
   * free, so that the position behind a row (an empty value's) is in the same chunk.
   */
  #reserve(length: number): number {
    this.#bytesUsed += length
    if (length >= this.#chunkFree) {
      assert(this.#chunks.length < 1 << (32 - chunkBits), 'a memory table is flushed long before it has 4 GiB')
      this.#chunks.push(allocateSlow(Math.max(length + 1, chunkBytes)))
      this.#chunkFree = chunkBytes
    }
    const at = (this.#chunks.length - 1) * chunkBytes + (chunkBytes - this.#chunkFree)
    this.#chunkFree = length >= this.#chunkFree ? 0 : this.#chunkFree - length
    return at
  }
}

export class MemoryCursor extends RowCursor {
  readonly #table: MemoryTable
  #node = 0

  constructor(table: MemoryTable) {
    super()
    this.#table = table
  }

  #moveTo(node: number): void {
    this.#node = node
    this.#table.show(node, this)
  }

  first(): void {
    this.#moveTo(this.#table.after(0))
  }

  override seek(key: Uint8Array): void {
    this.#moveTo(this.#table.atLeast(key))
  }

  override seekBefore(key: Uint8Array | undefined): void {
    this.#moveTo(this.#table.below(key))
  }

  override next(): void {
    this.#moveTo(this.#table.after(this.#node))
  }

  override previous(): void {
    this.#moveTo(this.#table.before(this.#node))
  }
}

/** Short pieces are faster copied byte by byte than through the native call. */
function copyInto(target: Uint8Array, at: number, bytes: Uint8Array): void {
  if (bytes.length > 24) {
    target.set(bytes, at)
    return
  }
  for (let i = 0; i < bytes.length; i++) target[at + i] = bytes[i]!
}
