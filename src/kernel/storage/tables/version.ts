import { compareBytes } from '#kernel/base/bytes.ts'
import { encloses, overlaps } from './keys.ts'
import { firstEndingAbove, lastBeginningBelow } from './level-cursor.ts'
import { levelCount } from './manifest.ts'
import { RangeSet } from './range-set.ts'
import type { TableFile } from './table-file.ts'
import type { KeyRange } from './tree.ts'

/** A change of the set of files. */
export interface VersionEdit {
  readonly removed: readonly TableFile[]
  readonly added: readonly TableFile[]
  readonly level: number
}

/**
 * The files of a tree at one time. Immutable.
 *
 * 1. Level 0 is newest first, and its files may overlap. The files of any other level are disjoint and in order of keys.
 * 2. Of two tables the one on the lower level (or further ahead in level 0) has the newer rows.
 */
export class Version {
  readonly levels: readonly (readonly TableFile[])[]
  readonly fileBytes: number
  /** All files, from the newest rows to the oldest. */
  readonly tables: readonly TableFile[]
  readonly #set: ReadonlySet<TableFile>
  readonly #ranges: (RangeSet | undefined)[] = []

  constructor(levels: readonly (readonly TableFile[])[]) {
    this.levels = levels
    this.tables = levels.flat()
    this.#set = new Set(this.tables)
    this.fileBytes = bytesOf(this.tables)
  }

  has(table: TableFile): boolean {
    return this.#set.has(table)
  }

  /** The range tombstones of all files of a level together. */
  ranges(level: number): RangeSet {
    this.#ranges[level] ??= RangeSet.unionOf(this.levels[level]!.map((table) => table.ranges))
    return this.#ranges[level]!
  }

  /** Where tables below `level` may have rows; -1 for those of all levels. */
  below(level: number): RangeSet {
    return RangeSet.unionOf(
      this.levels.slice(level + 1).flatMap((tables) => tables.map(({ range }) => new RangeSet([range]))),
    )
  }

  /** Whether any file may have rows in `range`. */
  touches(range: KeyRange): boolean {
    return this.levels.some((_, level) => this.overlapping(level, range).length > 0)
  }

  /** The files of a level that overlap `range`, in the level's order. */
  overlapping(level: number, range: KeyRange): readonly TableFile[] {
    const tables = this.levels[level]!
    if (level === 0) return tables.filter((table) => overlaps(table.range, range))
    return tables.slice(firstEndingAbove(tables, range.from), lastBeginningBelow(tables, range.to) + 1)
  }

  /**
   * The version after `edit`. A file that lies as a whole in one range tombstone of a newer one that was added has
   * nothing to say any more: it goes with the same edit, unread.
   */
  apply(edit: VersionEdit): Version {
    const removed = new Set(edit.removed)
    // A file that was to change its level may be gone since that was decided.
    const added = edit.added.filter((table) => !removed.has(table) || this.has(table))
    const hidden = RangeSet.unionOf(added.map((table) => table.ranges))
    const keeps = (table: TableFile, isOlder: boolean) =>
      !removed.has(table) &&
      !(isOlder && hidden.size > 0 && hidden.ranges.some((range) => encloses(range, table.range)))
    const levels: TableFile[][] = []
    for (let level = 0; level < levelCount; level++) {
      const isOlder = level > edit.level || (level === 0 && edit.level === 0)
      const tables = this.levels[level]!.filter((table) => keeps(table, isOlder))
      if (level === edit.level) tables.unshift(...added)
      if (level === edit.level && level > 0) tables.sort((a, b) => compareBytes(a.range.from, b.range.from))
      levels.push(tables)
    }
    return new Version(levels)
  }
}

export function bytesOf(tables: readonly TableFile[]): number {
  return tables.reduce((sum, table) => sum + table.size, 0)
}
