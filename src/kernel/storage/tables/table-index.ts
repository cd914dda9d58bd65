import { ByteReader } from '#kernel/base/byte-reader.ts'
import { allocateSlow } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { Block, BlockCursor } from './block.ts'
import { compareSlices } from './keys.ts'
import type { Section } from './table-format.ts'
import { endOf } from './table-format.ts'

/*
 * The index of a table file is a block whose rows are the file's data blocks: the key (the separator) is at or above every
 * key of the block and below every key of the next, the value is the block's place, `offset:varint length:varint`.
 */

/** @returns where the handle ends. At most 13 bytes. */
export function writeHandle(target: Uint8Array, offset: number, length: number): number {
  return writeVarint(target, writeVarint(target, 0, offset), length)
}

function writeVarint(target: Uint8Array, at: number, value: number): number {
  while (value >= 0x80) {
    target[at++] = (value % 128) | 0x80
    value = Math.floor(value / 128)
  }
  target[at++] = value
  return at
}

/**
 * The index of a file, unpacked into arrays: a search compares integers nearly to its end, and blocks are known by their
 * ordinal.
 */
export class TableIndex {
  /** Of data blocks. */
  readonly count: number
  /** In memory. */
  readonly bytes: number
  readonly #offsets: Float64Array
  readonly #lengths: Uint32Array
  /** Separators one after the other. */
  readonly #keys: Uint8Array
  readonly #keyEnds: Uint32Array
  /** The four bytes of each separator behind the `#shared` bytes that all begin with, as an unsigned integer. */
  readonly #prefixes: Uint32Array
  readonly #shared: number

  /**
   * Checks that the data blocks fill the file from its start to `dataEnd` without a gap.
   * @param bytes The verified section. `place` names it for messages.
   * @throws UnumError `DATA_DAMAGED`
   */
  constructor(bytes: Uint8Array, dataEnd: number, place: string) {
    const cursor = new BlockCursor()
    cursor.reset(new Block(bytes, place))
    const { count, keyBytes } = measure(cursor)
    this.count = count
    this.#offsets = new Float64Array(count)
    this.#lengths = new Uint32Array(count)
    this.#keys = allocateSlow(keyBytes)
    this.#keyEnds = new Uint32Array(count + 1)
    this.#prefixes = new Uint32Array(count)
    this.bytes = keyBytes + count * 20
    this.#fill(cursor, dataEnd, place)
    this.#shared = this.#sharedByAll()
    for (let i = 0; i < count; i++) {
      this.#prefixes[i] = prefixOf(this.#keys, this.#keyEnds[i]! + this.#shared, this.#keyEnds[i + 1]!)
    }
  }

  #fill(cursor: BlockCursor, dataEnd: number, place: string): void {
    cursor.first()
    let next = 0
    for (let i = 0; i < this.count; i++, cursor.next()) {
      const reader = new ByteReader(cursor.valueBytes, cursor.valueStart, Math.max(cursor.valueStart, cursor.valueEnd))
      const section = { offset: reader.varint(), length: reader.varint() }
      if (section.offset !== next || reader.remaining > 0) {
        throw new UnumError('DATA_DAMAGED', `${place}: a block at ${section.offset} where ${next} must follow`)
      }
      next = endOf(section)
      this.#offsets[i] = section.offset
      this.#lengths[i] = section.length
      const keyStart = this.#keyEnds[i]!
      this.#keys.set(cursor.keyBytes.subarray(cursor.keyStart, cursor.keyEnd), keyStart)
      this.#keyEnds[i + 1] = keyStart + cursor.keyEnd - cursor.keyStart
    }
    if (next !== dataEnd) throw new UnumError('DATA_DAMAGED', `${place}: blocks end at ${next}, data at ${dataEnd}`)
  }

  /** Separators ascend, so what the first and the last share all of them do. */
  #sharedByAll(): number {
    if (this.count === 0) return 0
    const keys = this.#keys
    const last = this.#keyEnds[this.count - 1]!
    const most = Math.min(this.#keyEnds[1]!, keys.length - last)
    let shared = 0
    while (shared < most && keys[shared] === keys[last + shared]) shared++
    return shared
  }

  section(i: number): Section {
    return { offset: this.#offsets[i]!, length: this.#lengths[i]! }
  }

  /** At or above every key of block i. Shares memory. */
  separator(i: number): Uint8Array {
    return this.#keys.subarray(this.#keyEnds[i]!, this.#keyEnds[i + 1]!)
  }

  /** The only block that can hold `key`, which is also the first with a key at or above it; `count` if there is none. */
  find(key: Uint8Array): number {
    const shared = this.#shared
    for (let i = 0; i < shared; i++) {
      if (i === key.length || key[i]! < this.#keys[i]!) return 0
      if (key[i]! > this.#keys[i]!) return this.count
    }
    const prefixes = this.#prefixes
    const prefix = prefixOf(key, shared, key.length)
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      const other = prefixes[middle]!
      if (other < prefix || (other === prefix && this.#compare(middle, key) < 0)) low = middle + 1
      else high = middle
    }
    return low
  }

  #compare(i: number, key: Uint8Array): number {
    return compareSlices(this.#keys, this.#keyEnds[i]!, this.#keyEnds[i + 1]!, key, 0, key.length)
  }
}

function measure(cursor: BlockCursor): { readonly count: number; readonly keyBytes: number } {
  let count = 0
  let keyBytes = 0
  for (cursor.first(); cursor.valid; cursor.next()) {
    count++
    keyBytes += cursor.keyEnd - cursor.keyStart
  }
  return { count, keyBytes }
}

/** Four bytes from `start` on, zeros from `end` on, as an unsigned integer of the same order. */
function prefixOf(bytes: Uint8Array, start: number, end: number): number {
  let prefix = 0
  for (let i = start; i < start + 4; i++) prefix = (prefix << 8) | (i < end ? bytes[i]! : 0)
  return prefix >>> 0
}
