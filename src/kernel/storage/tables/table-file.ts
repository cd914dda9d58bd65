import { copyBytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Disk, DiskFile } from '#kernel/base/host.ts'
import { Block } from './block.ts'
import type { BlockCache, CacheEntry } from './block-cache.ts'
import { isFilterLength, mayContain } from './bloom-filter.ts'
import type { Pace } from './pace.ts'
import type { RangeSet } from './range-set.ts'
import { readPart } from './read-part.ts'
import type { Footer, Section } from './table-format.ts'
import {
  checkSection,
  checksumBytes,
  decodeFooter,
  decodeRanges,
  endOf,
  footerBytes,
  footerChecksum,
  tableName,
} from './table-format.ts'
import { TableIndex } from './table-index.ts'
import type { NewTable, TableSummary } from './table-writer.ts'
import type { BlockMiss, KeyRange } from './tree.ts'

/** A filter has no structure to parse. */
export type CachedContent = Block | TableIndex | Uint8Array
export type TableCache = BlockCache<CachedContent>
export type TableCacheEntry = CacheEntry<CachedContent>

/** What all files of one tree share. */
export interface TableContext {
  readonly disk: Disk
  readonly directory: string
  readonly cache: TableCache
  /** The tree's one instance. */
  readonly miss: BlockMiss
}

/** What a `BlockMiss` names: neighbouring sections of a file, in order, to be brought with one read. */
export class BlockRequest {
  readonly table: TableFile
  readonly sections: readonly Section[]
  constructor(table: TableFile, sections: readonly Section[]) {
    this.table = table
    this.sections = sections
  }
}

/**
 * An immutable sorted file, open for reads. Its footer and range tombstones are in memory; filter, index and data blocks
 * come and go with the cache.
 */
export class TableFile {
  readonly summary: TableSummary
  readonly footer: Footer
  /** Hide rows of older tables only. */
  readonly ranges: RangeSet
  readonly path: string
  readonly #context: TableContext
  readonly #file: DiskFile
  readonly #entries = new Map<number, TableCacheEntry>()
  readonly #loading = new Map<number, Promise<void>>()
  #references = 1
  #isObsolete = false

  private constructor(context: TableContext, file: DiskFile, summary: TableSummary, footer: Footer, ranges: RangeSet) {
    this.#context = context
    this.#file = file
    this.summary = summary
    this.footer = footer
    this.ranges = ranges
    this.path = `${context.directory}/${tableName(summary.number)}`
  }

  /**
   * Opens a file that the manifest names and checks that it is the one meant.
   * @throws UnumError `DATA_DAMAGED`, `FILE_MISSING`, `FORMAT_UNKNOWN`, `DISK_FAILED`
   */
  static async open(context: TableContext, summary: TableSummary): Promise<TableFile> {
    const path = `${context.directory}/${tableName(summary.number)}`
    const file = await context.disk.open(path, { create: false })
    try {
      const { size } = summary
      if (file.size !== size) throw new UnumError('DATA_DAMAGED', `${path} has ${file.size} bytes: must be ${size}`)
      const end = await file.read(size - footerBytes, footerBytes)
      const footer = decodeFooter(end, size, path)
      if (footer.number !== summary.number || footerChecksum(end) !== summary.checksum) {
        throw new UnumError('DATA_DAMAGED', `${path} at ${size - footerBytes}: not the file that the manifest means`)
      }
      const { ranges } = footer
      const bytes = await file.read(ranges.offset, ranges.length + checksumBytes)
      const where = `${path} at ${ranges.offset}`
      const set = decodeRanges(checkSection(bytes, 0, ranges, summary.number, path), where)
      return new TableFile(context, file, summary, footer, set)
    } catch (error) {
      await file.close()
      throw error
    }
  }

  /** Opens a file that was just written, with what readers would ask for first in memory. */
  static async openNew(context: TableContext, made: NewTable, pace: Pace): Promise<TableFile> {
    const { summary, filter, index, warm } = made
    const table = await TableFile.open(context, summary)
    const { cache } = context
    await pace.begin()
    for (const { section, block } of warm) {
      cache.unpin(table.#keep(section, block))
      if (pace.isOver()) await pace.pause()
    }
    cache.unpin(table.#keep(table.footer.filter, table.#parseFilter(filter)))
    cache.unpin(table.#keep(table.footer.index, table.#parseIndex(index)))
    pace.end()
    return table
  }

  get range(): KeyRange {
    return this.summary.range
  }

  get size(): number {
    return this.summary.size
  }

  /**
   * The value of `key`, null for a tombstone (of a row or of a range), undefined where this file says nothing.
   * @throws BlockMiss
   */
  get(key: Uint8Array, hash: number): Uint8Array | null | undefined {
    if (this.footer.rows > 0 && mayContain(this.#filter(), hash)) {
      const index = this.index()
      const at = index.find(key)
      if (at < index.count) {
        const section = index.section(at)
        const block = this.block(section) ?? this.missing([section])
        const row = block.find(key)
        if (row.isFound) {
          return row.valueEnd < row.valueStart ? null : block.bytes.subarray(row.valueStart, row.valueEnd)
        }
      }
    }
    return this.ranges.size > 0 && this.ranges.find(key) !== undefined ? null : undefined
  }

  /** False where this file surely has no row of the key; true too where the filter is not in memory. */
  mayHold(hash: number): boolean {
    const entry = this.#entries.get(this.footer.filter.offset)
    if (entry === undefined) return this.footer.rows > 0
    entry.referenced = true
    return mayContain(entry.content as Uint8Array, hash)
  }

  /** @throws BlockMiss */
  index(): TableIndex {
    const { index } = this.footer
    return (this.#cached(index.offset) ?? this.missing([this.footer.filter, index])) as TableIndex
  }

  /** A data block, if it is in memory. */
  block(section: Section): Block | undefined {
    return this.#cached(section.offset) as Block | undefined
  }

  /** Whether a section is in memory, which is no use of it. */
  holds(section: Section): boolean {
    return this.#entries.has(section.offset)
  }

  /** @throws BlockMiss for `sections`, always. */
  missing(sections: readonly Section[]): never {
    const { miss } = this.#context
    miss.block = new BlockRequest(this, sections)
    throw miss
  }

  #filter(): Uint8Array {
    const { filter } = this.footer
    return (this.#cached(filter.offset) ?? this.missing([filter, this.footer.index])) as Uint8Array
  }

  #cached(offset: number): CachedContent | undefined {
    const entry = this.#entries.get(offset)
    if (entry === undefined) return undefined
    entry.referenced = true
    return entry.content
  }

  /**
   * Brings neighbouring sections into the cache.
   * @param pinned takes their entries, each pinned once for it.
   * @throws UnumError `DATA_DAMAGED`
   */
  async load(sections: readonly Section[], pinned: TableCacheEntry[]): Promise<void> {
    // Requests that begin at the same place share one read; whoever comes later finds its result in the cache.
    const first = sections[0]!.offset
    for (let other = this.#loading.get(first); other !== undefined; other = this.#loading.get(first)) await other
    if (sections.every((section) => this.#pinCached(section.offset, pinned))) return
    const reading = this.#read(sections, pinned)
    this.#loading.set(
      first,
      reading.catch(() => {}),
    )
    try {
      await reading
    } finally {
      this.#loading.delete(first)
    }
  }

  async #read(sections: readonly Section[], pinned: TableCacheEntry[]): Promise<void> {
    const base = sections[0]!.offset
    const bytes = await this.read(base, endOf(sections.at(-1)!) - base)
    for (const section of sections) {
      if (this.#pinCached(section.offset, pinned)) continue
      const part = this.#check(bytes, section.offset - base, section)
      // Memory of its own where it came with others: a block must not keep the bytes of its neighbours.
      const content = this.#parse(section, sections.length === 1 ? part : copyBytes(part))
      pinned.push(this.#keep(section, content))
    }
  }

  /** Adds a section to the cache, pinned once. */
  #keep(section: Section, content: CachedContent): TableCacheEntry {
    const cost = content instanceof TableIndex ? content.bytes : section.length
    return this.#context.cache.add(this.#entries, section.offset, content, cost)
  }

  #parse(section: Section, bytes: Uint8Array): CachedContent {
    if (section.offset === this.footer.filter.offset) return this.#parseFilter(bytes)
    if (section.offset === this.footer.index.offset) return this.#parseIndex(bytes)
    return new Block(bytes, `${this.path} at ${section.offset}`)
  }

  #pinCached(offset: number, pinned: TableCacheEntry[]): boolean {
    const entry = this.#entries.get(offset)
    if (entry === undefined) return false
    entry.pins++
    pinned.push(entry)
    return true
  }

  #check(bytes: Uint8Array, start: number, section: Section): Uint8Array {
    return checkSection(bytes, start, section, this.summary.number, this.path)
  }

  /** Reads past the cache, for work in the background. @throws UnumError `DATA_DAMAGED` */
  async readIndex(): Promise<TableIndex> {
    const { index } = this.footer
    const bytes = await this.read(index.offset, index.length + checksumBytes)
    return this.#parseIndex(this.#check(bytes, 0, index))
  }

  #parseFilter(bytes: Uint8Array): Uint8Array {
    if (isFilterLength(bytes.length)) return bytes
    const { offset } = this.footer.filter
    throw new UnumError('DATA_DAMAGED', `${this.path} at ${offset}: a filter of ${bytes.length} bytes`)
  }

  #parseIndex(bytes: Uint8Array): TableIndex {
    const { filter, index } = this.footer
    return new TableIndex(bytes, filter.offset, `${this.path} at ${index.offset}`)
  }

  /** A part of the file as it is. @throws UnumError `DATA_DAMAGED` where it cannot be read */
  read(position: number, length: number): Promise<Uint8Array> {
    return readPart(this.#file, this.path, position, length)
  }

  acquire(): void {
    this.#references++
  }

  /** Whoever lets go last closes the file and, if it is obsolete, removes it. */
  async release(): Promise<void> {
    if (--this.#references > 0) return
    this.#context.cache.drop(this.#entries)
    await this.#file.close()
    if (this.#isObsolete) await this.#context.disk.remove(this.path)
  }

  /** The manifest names it no more: the file goes with its last user. */
  markObsolete(): void {
    this.#isObsolete = true
  }
}
