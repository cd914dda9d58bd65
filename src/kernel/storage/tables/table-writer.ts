import { allocateSlow, compareBytes, copyBytes, emptyBytes } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { assert } from '#kernel/base/errors.ts'
import { Block } from './block.ts'
import { BlockWriter } from './block-writer.ts'
import { addToFilter, filterBytes, hashKey } from './bloom-filter.ts'
import { compareEnds, successor } from './keys.ts'
import type { Row } from './row-cursor.ts'
import type { Footer, Section } from './table-format.ts'
import { checksumBytes, encodeFooter, encodeRanges, endOf, footerChecksum, sectionChecksum } from './table-format.ts'
import { writeHandle } from './table-index.ts'
import type { KeyRange } from './tree.ts'

/** Rows of a data block end with the one that takes it to this length. */
export const blockBytesTarget = 4096

/** What the manifest records of a file. */
export interface TableSummary {
  readonly number: number
  readonly size: number
  /** Holds every row and range tombstone of the file. */
  readonly range: KeyRange
  /** The footer's: it stands for all bytes of the file. */
  readonly checksum: number
}

/** A block of a new file that is to be in memory from the start. */
export interface WarmBlock {
  readonly section: Section
  readonly block: Block
}

/** A finished file. */
export interface NewTable {
  readonly summary: TableSummary
  readonly filter: Uint8Array
  readonly index: Uint8Array
  readonly warm: readonly WarmBlock[]
}

/**
 * Turns sorted rows into the bytes of one table file. It does no I/O: its user takes `output` and writes it at
 * `outputOffset` whenever it likes.
 *
 * The life of one: `add` per row, then `finishRows`, `fillFilter` until it returns true, `finish`.
 */
export class TableWriter {
  readonly number: number
  readonly #data = new BlockWriter()
  /** Data blocks with a row that was in memory before: whoever reads them shall not have to wait. */
  readonly #warm: WarmBlock[] = []
  #warmBytesLeft: number
  #isWarm = false
  readonly #index = new BlockWriter()
  #hashes = new Int32Array(1024)
  rows = 0
  #tombstones = 0
  /** Finished bytes that were not taken yet. */
  #output = allocateSlow(1 << 16)
  #outputLength = 0
  outputOffset = 0
  #lastBlock: Section | undefined
  #lastKey: Uint8Array = emptyBytes
  #firstKey: Uint8Array | undefined
  #filter = emptyBytes
  #filtered = 0
  readonly #handle = new Uint8Array(16)
  readonly #checksum = new Uint8Array(checksumBytes)
  #contents = 0

  /** @param warmBytesMax of warm data blocks; the first ones count. */
  constructor(number: number, warmBytesMax: number) {
    this.number = number
    this.#warmBytesLeft = warmBytesMax
  }

  /** The size that the data would have if it ended here. */
  get dataBytes(): number {
    return this.outputOffset + this.#outputLength + this.#data.finishedLength
  }

  get outputLength(): number {
    return this.#outputLength
  }

  /** Finished bytes since the last call, to be written at `outputOffset` as it was before; valid until the next `add`. */
  takeOutput(): Uint8Array {
    const taken = this.#output.subarray(0, this.#outputLength)
    this.outputOffset += this.#outputLength
    this.#outputLength = 0
    return taken
  }

  /** The cursor's row; keys must ascend. `isWarm`: it was in memory before. */
  add(row: Row, isWarm: boolean): void {
    const { keyBytes, keyStart, keyEnd } = row
    if (this.#lastBlock !== undefined) this.#addToIndex(keyBytes.subarray(keyStart, keyEnd))
    if (this.#firstKey === undefined) this.#firstKey = copyBytes(keyBytes.subarray(keyStart, keyEnd))
    if (this.rows === this.#hashes.length) {
      const grown = new Int32Array(this.rows * 2)
      grown.set(this.#hashes)
      this.#hashes = grown
    }
    this.#hashes[this.rows++] = hashKey(keyBytes, keyStart, keyEnd)
    if (row.isTombstone) this.#tombstones++
    this.#data.add(keyBytes, keyStart, keyEnd, row.valueBytes, row.valueStart, row.valueEnd)
    if (isWarm) this.#isWarm = true
    if (this.#data.length >= blockBytesTarget) this.#finishBlock()
  }

  /** No more rows. */
  finishRows(): void {
    if (this.#data.rows > 0) this.#finishBlock()
    if (this.#lastBlock !== undefined) this.#addToIndex(undefined)
    this.#filter = new Uint8Array(filterBytes(this.rows))
  }

  /** Adds up to `keys` keys to the filter. @returns whether it is complete. */
  fillFilter(keys: number): boolean {
    const end = Math.min(this.rows, this.#filtered + keys)
    for (let i = this.#filtered; i < end; i++) addToFilter(this.#filter, this.#hashes[i]!)
    this.#filtered = end
    return end === this.rows
  }

  /** @param ranges range tombstones, sorted and disjoint. There must be rows or ranges. */
  finish(ranges: readonly KeyRange[]): NewTable {
    const filter = this.#section(this.#filter)
    const indexBytes = this.#index.finish()
    const index = this.#section(indexBytes)
    const rangesSection = this.#section(encodeRanges(ranges))
    const footer: Footer = {
      number: this.number,
      filter,
      index,
      ranges: rangesSection,
      rows: this.rows,
      tombstones: this.#tombstones,
      contents: this.#contents,
    }
    const encoded = encodeFooter(footer)
    this.#append(encoded)
    return {
      summary: {
        number: this.number,
        size: this.outputOffset + this.#outputLength,
        range: this.#range(ranges),
        checksum: footerChecksum(encoded),
      },
      filter: this.#filter,
      index: copyBytes(indexBytes),
      warm: this.#warm,
    }
  }

  #finishBlock(): void {
    this.#lastKey = this.#data.lastKey
    const bytes = this.#data.finish()
    const section = this.#section(bytes)
    this.#lastBlock = section
    if (this.#isWarm && bytes.length <= this.#warmBytesLeft) {
      this.#warmBytesLeft -= bytes.length
      this.#warm.push({ section, block: new Block(copyBytes(bytes), `a new block at ${section.offset}`) })
    }
    this.#isWarm = false
  }

  #range(ranges: readonly KeyRange[]): KeyRange {
    const first = ranges[0]
    const last = ranges.at(-1)
    if (this.#firstKey === undefined) {
      assert(first !== undefined && last !== undefined, 'a table file is not empty')
      return { from: first.from, to: last.to }
    }
    const from = first !== undefined && compareBytes(first.from, this.#firstKey) < 0 ? first.from : this.#firstKey
    const to = successor(this.#lastKey, 0, this.#lastKey.length)
    return { from, to: last !== undefined && compareEnds(last.to, to) > 0 ? last.to : to }
  }

  #addToIndex(next: Uint8Array | undefined): void {
    const { offset, length } = this.#lastBlock!
    this.#lastBlock = undefined
    assert(next === undefined || compareBytes(next, this.#lastKey) > 0, 'keys of a table ascend')
    const key = next === undefined ? this.#lastKey : separator(this.#lastKey, next)
    const handle = this.#handle
    const end = writeHandle(handle, offset, length)
    this.#index.add(key, 0, key.length, handle, 0, end)
  }

  #section(bytes: Uint8Array): Section {
    const section = { offset: this.outputOffset + this.#outputLength, length: bytes.length }
    const checksum = sectionChecksum(bytes, 0, bytes.length, this.number, section.offset)
    for (let i = 0; i < checksumBytes; i++) this.#checksum[i] = checksum >>> (8 * i)
    this.#contents = crc32c(this.#checksum, 0, checksumBytes, this.#contents)
    this.#append(bytes)
    this.#append(this.#checksum)
    assert(endOf(section) === this.outputOffset + this.#outputLength, 'a section ends where the next begins')
    return section
  }

  #append(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#output.set(bytes, this.#outputLength)
    this.#outputLength += bytes.length
  }

  #reserve(count: number): void {
    const wanted = this.#outputLength + count
    if (wanted <= this.#output.length) return
    const grown = allocateSlow(wanted * 2)
    grown.set(this.#output.subarray(0, this.#outputLength))
    this.#output = grown
  }
}

/** A short key `s` with `last <= s < next`, so that the index stays small. */
export function separator(last: Uint8Array, next: Uint8Array): Uint8Array {
  let common = 0
  while (common < last.length && last[common] === next[common]) common++
  if (common >= last.length - 1 || last[common]! + 1 >= next[common]!) return last
  const short = copyBytes(last.subarray(0, common + 1))
  short[common]! += 1
  return short
}
