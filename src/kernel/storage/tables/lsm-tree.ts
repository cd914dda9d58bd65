import { assert } from '#kernel/base/errors.ts'
import { hashKey } from './bloom-filter.ts'
import { pressureOf, type TreeLimits } from './compaction.ts'
import type { Compactor } from './compactor.ts'
import { compareEnds, isBelowEnd, overlaps } from './keys.ts'
import { firstEndingAbove, LevelCursor } from './level-cursor.ts'
import { metaBytesMax } from './manifest.ts'
import { MemoryTable } from './memory-table.ts'
import { memoryInput } from './merge.ts'
import type { MergeSource } from './merge-cursor.ts'
import { MergeCursor } from './merge-cursor.ts'
import { TableCursor } from './table-cursor.ts'
import type { TableCacheEntry } from './table-file.ts'
import { BlockRequest } from './table-file.ts'
import type { Cursor, FlushMark, KeyRange, Tree, TreeSnapshot } from './tree.ts'
import type { TreeFiles } from './tree-files.ts'
import type { Version } from './version.ts'

/**
 * A log-structured merge tree (O'Neil et al. 1996) in the manner of LevelDB: a memory table over sorted files in levels.
 *
 * 1. From newest to oldest: `#active`, `#frozen` (while a flush runs), level 0 newest first, level 1, and so on. Of equal
 *    keys the newest row counts. A range tombstone of one of these hides rows of the older ones only.
 * 2. What the version and `#frozen` hold together is unchanged by flush and compaction, at each of their steps.
 * 3. If a flush fails, `#active` is again what it would be without it.
 */
export class LsmTree implements Tree {
  readonly #files: TreeFiles
  readonly #compactor: Compactor
  readonly #limits: TreeLimits
  /** The version that `#pressure` is of. */
  #measured: Version | undefined
  #pressure = 0
  #active = new MemoryTable()
  #frozen: MemoryTable | undefined
  #flushing: Promise<void> | undefined
  /** Entries that `load` brought for evaluations that are not over, each pinned once per element. */
  #pinned: TableCacheEntry[] = []

  constructor(files: TreeFiles, compactor: Compactor, limits: TreeLimits) {
    this.#files = files
    this.#compactor = compactor
    this.#limits = limits
    compactor.wake()
  }

  get flushed(): FlushMark {
    return this.#files.mark
  }

  get unflushedBytes(): number {
    return this.#active.bytes + (this.#frozen?.bytes ?? 0)
  }

  get fileBytes(): number {
    return this.#files.version.fileBytes
  }

  get pressure(): number {
    const { version } = this.#files
    if (version !== this.#measured) {
      this.#measured = version
      this.#pressure = pressureOf(version, this.#limits)
    }
    return this.#pressure
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const hash = hashKey(key)
    let memory: MemoryTable | undefined = this.#active
    while (memory !== undefined) {
      const row = memory.find(key, hash)
      if (row !== 0) return memory.isTombstone(row) ? undefined : memory.value(row)
      if (memory.ranges.size > 0 && memory.ranges.find(key) !== undefined) return undefined
      memory = memory === this.#active ? this.#frozen : undefined
    }
    const { levels } = this.#files.version
    for (const table of levels[0]!) {
      if (compareEnds(table.range.from, key) > 0 || !isBelowEnd(key, table.range.to)) continue
      const value = table.get(key, hash)
      if (value !== undefined) return value ?? undefined
    }
    for (let level = 1; level < levels.length; level++) {
      const tables = levels[level]!
      const table = tables[firstEndingAbove(tables, key)]
      if (table === undefined || compareEnds(table.range.from, key) > 0) continue
      const value = table.get(key, hash)
      if (value !== undefined) return value ?? undefined
    }
    return undefined
  }

  scan(range: KeyRange, options?: { readonly reverse?: boolean }): Cursor {
    const sources: MergeSource[] = []
    for (const memory of [this.#active, this.#frozen]) {
      if (memory !== undefined && !memory.isEmpty) sources.push({ rows: memory.cursor(), ranges: memory.ranges })
    }
    const { version } = this.#files
    for (const table of version.levels[0]!) {
      if (overlaps(table.range, range)) sources.push({ rows: new TableCursor(table), ranges: table.ranges })
    }
    for (let level = 1; level < version.levels.length; level++) {
      const tables = version.overlapping(level, range)
      if (tables.length > 0) sources.push({ rows: new LevelCursor(tables), ranges: version.ranges(level) })
    }
    return new MergeCursor(sources, range, options?.reverse ?? false)
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#active.put(key, value)
  }

  putRange(bytes: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    this.#active.putRange(bytes, keyStart, keyEnd, bytes, valueStart, valueEnd)
  }

  delete(key: Uint8Array): void {
    if (this.#mayBeOlder(key)) this.#active.delete(key)
    else this.#active.remove(key)
  }

  deleteRange(range: KeyRange): void {
    const hidesOlder = (this.#frozen?.touches(range) ?? false) || this.#files.version.touches(range)
    this.#active.deleteRange(range, hidesOlder)
  }

  /**
   * Whether a table older than `#active` may have a visible row of the key. Where none has, no tombstone is needed: what
   * comes and goes between two flushes (a queue's elements) leaves nothing behind.
   */
  #mayBeOlder(key: Uint8Array): boolean {
    if (this.#active.ranges.size > 0 && this.#active.ranges.find(key) !== undefined) return false
    const hash = hashKey(key)
    const frozen = this.#frozen
    if (frozen !== undefined) {
      const row = frozen.find(key, hash)
      if (row !== 0) return !frozen.isTombstone(row)
      if (frozen.ranges.size > 0 && frozen.ranges.find(key) !== undefined) return false
    }
    const { levels } = this.#files.version
    for (let level = 0; level < levels.length; level++) {
      const tables = levels[level]!
      const first = level === 0 ? 0 : firstEndingAbove(tables, key)
      const end = level === 0 ? tables.length : Math.min(first + 1, tables.length)
      for (let i = first; i < end; i++) {
        const table = tables[i]!
        if (compareEnds(table.range.from, key) <= 0 && isBelowEnd(key, table.range.to) && table.mayHold(hash))
          return true
      }
    }
    return false
  }

  async load(block: unknown): Promise<void> {
    assert(block instanceof BlockRequest, 'load is given what a BlockMiss named')
    this.#files.assertOpen()
    // A file that was merged into others meanwhile is not asked for again: the evaluation finds the others.
    if (!this.#files.version.has(block.table)) return
    const pinned: TableCacheEntry[] = []
    try {
      await this.#files.using([block.table], () => block.table.load(block.sections, pinned))
    } finally {
      this.#pinned.push(...pinned)
    }
  }

  unpin(): void {
    const { cache } = this.#files.context
    for (const entry of this.#pinned) cache.unpin(entry)
    this.#pinned.length = 0
  }

  flush(mark: FlushMark): Promise<void> {
    assert(this.#flushing === undefined, 'one flush at a time')
    assert(mark.index >= this.flushed.index, 'a flush does not go back in the log')
    assert(mark.meta.length <= metaBytesMax, 'the meta of a flush has at most 16 MiB')
    this.#flushing = this.#flush(mark).finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  async #flush(mark: FlushMark): Promise<void> {
    const files = this.#files
    files.assertOpen()
    const frozen = this.#active
    this.#frozen = frozen
    this.#active = new MemoryTable(frozen.size)
    try {
      const older = files.version.below(-1)
      const added = frozen.isEmpty
        ? []
        : await files.writeTables({
            inputs: [memoryInput(frozen)],
            older,
            fileBytesMax: Number.POSITIVE_INFINITY,
            cuts: [],
            // Writers wait when as much has gathered meanwhile.
            urgency: () => this.#active.bytes / frozen.bytes,
          })
      await files.commit({ removed: [], added, level: 0 }, mark)
    } catch (error) {
      frozen.absorb(this.#active)
      this.#active = frozen
      throw error
    } finally {
      this.#frozen = undefined
    }
    this.#compactor.wake()
  }

  snapshot(): TreeSnapshot {
    return this.#files.snapshot()
  }

  async verify(): Promise<void> {
    const { tables } = this.#files.version
    await this.#files.using(tables, () => this.#files.verify(tables))
  }

  async close(): Promise<void> {
    this.#files.stop()
    this.unpin()
    await this.#flushing?.catch(() => {})
    await this.#compactor.close()
    await this.#files.close()
    this.unpin()
  }
}
