import { compareBytes } from '#kernel/base/bytes.ts'
import { compareEnds, overlaps } from './keys.ts'
import { levelCount } from './manifest.ts'
import type { TableFile } from './table-file.ts'
import type { KeyRange } from './tree.ts'
import type { Version } from './version.ts'
import { bytesOf } from './version.ts'

/** Sizes that decide when files are written anew. */
export interface TreeLimits {
  /** A compaction's files end at about this size. Default 8 MiB. */
  readonly fileBytesMax: number
  /** Level 0 is compacted when it has so many files. Default 4. */
  readonly level0FilesMax: number
  /** With so many files in level 0 `pressure` is 1. Default 12. */
  readonly level0FilesStop: number
  /** Level 1 is compacted above this size, each level below it above ten times the one over it. Default 64 MiB. */
  readonly level1BytesMax: number
}

export const treeLimitDefaults: TreeLimits = {
  fileBytesMax: 1 << 23,
  level0FilesMax: 4,
  level0FilesStop: 12,
  level1BytesMax: 1 << 26,
}

const levelRatio = 10
/** From this part of `level0FilesStop` on level 0 goes before all others: nothing else makes writers wait so soon. */
const urgentPart = 1 / 2
/** With so many times `level1BytesMax` above the limits of levels 1 and below, `pressure` is 1. */
const debtStop = 16
/**
 * A file ends where it has so many times `fileBytesMax` under it two levels down, so that its own compaction later stays
 * of bounded size.
 */
const overlapRatioMax = 10

export interface CompactionTask {
  /** Files of `level`, newest first where that is level 0. */
  readonly upper: readonly TableFile[]
  /** The files of the next level that overlap them. */
  readonly lower: readonly TableFile[]
  readonly level: number
  /** The files need no merge: they only change their level. */
  readonly isMove: boolean
  /** Keys at which an output must end. */
  readonly cuts: readonly Uint8Array[]
}

/**
 * The most urgent compaction, if any: of the level that is furthest above its limit, else of a file that is mostly
 * tombstones, so that what they hide goes although nothing new is written. A function of the version alone.
 */
export function chooseCompaction(version: Version, limits: TreeLimits): CompactionTask | undefined {
  const { length } = version.levels[0]!
  if (length >= Math.max(limits.level0FilesMax, limits.level0FilesStop * urgentPart)) {
    return taskOf(version, limits, 0, version.levels[0]!)
  }
  let level = -1
  let highest = 0
  let bytesMax = limits.level1BytesMax
  for (let i = 0; i < levelCount - 1; i++) {
    const tables = version.levels[i]!
    const score = i === 0 ? tables.length / limits.level0FilesMax : bytesOf(tables) / bytesMax
    const isDue = i === 0 ? score >= 1 : score > 1
    if (i > 0) bytesMax *= levelRatio
    if (!isDue || score <= highest) continue
    level = i
    highest = score
  }
  if (level === 0) return taskOf(version, limits, 0, version.levels[0]!)
  if (level > 0) return taskOf(version, limits, level, [cheapest(version, level)])
  for (let i = 1; i < levelCount - 1; i++) {
    const table = version.levels[i]!.find(isMostlyTombstones)
    if (table !== undefined) return taskOf(version, limits, i, [table])
  }
  return undefined
}

/** How far compaction is behind, 1 where writers must wait: by the files of level 0, or by what the levels below have too much. */
export function pressureOf(version: Version, limits: TreeLimits): number {
  let debt = 0
  let bytesMax = limits.level1BytesMax
  for (let i = 1; i < levelCount - 1; i++) {
    debt += Math.max(0, bytesOf(version.levels[i]!) - bytesMax)
    bytesMax *= levelRatio
  }
  return Math.max(version.levels[0]!.length / limits.level0FilesStop, debt / (debtStop * limits.level1BytesMax))
}

function taskOf(version: Version, limits: TreeLimits, level: number, upper: readonly TableFile[]): CompactionTask {
  const range = hull(upper)
  const lower = version.overlapping(level + 1, range)
  return {
    upper,
    lower,
    level,
    isMove: lower.length === 0 && areDisjoint(upper) && !upper.some(hasTombstones),
    cuts: cutsFor(version, level + 2, range, limits.fileBytesMax * overlapRatioMax),
  }
}

/** A merge ends it: at the latest on the last level, where tombstones are dropped. */
function isMostlyTombstones(table: TableFile): boolean {
  const { rows, tombstones } = table.footer
  const ranges = table.ranges.size
  return (tombstones + ranges) * 2 >= rows + ranges
}

/** The file that has the least to be written anew with it, for its size. */
function cheapest(version: Version, level: number): TableFile {
  let best: TableFile | undefined
  let bestCost = Number.POSITIVE_INFINITY
  for (const table of version.levels[level]!) {
    const cost = bytesOf(version.overlapping(level + 1, table.range)) / table.size
    if (cost >= bestCost) continue
    best = table
    bestCost = cost
  }
  return best!
}

function cutsFor(version: Version, level: number, range: KeyRange, bytesMax: number): Uint8Array[] {
  const cuts: Uint8Array[] = []
  let bytes = 0
  if (level >= levelCount) return cuts
  for (const table of version.overlapping(level, range)) {
    if (bytes >= bytesMax && compareBytes(table.range.from, range.from) > 0) {
      cuts.push(table.range.from)
      bytes = 0
    }
    bytes += table.size
  }
  return cuts
}

/** A move would take tombstones along to where they may hide nothing any more; a merge drops them there. */
function hasTombstones(table: TableFile): boolean {
  return table.footer.tombstones > 0 || table.ranges.size > 0
}

function areDisjoint(tables: readonly TableFile[]): boolean {
  return tables.every((a, i) => tables.slice(i + 1).every((b) => !overlaps(a.range, b.range)))
}

function hull(tables: readonly TableFile[]): KeyRange {
  let { from, to } = tables[0]!.range
  for (const { range } of tables) {
    if (compareBytes(range.from, from) < 0) from = range.from
    if (compareEnds(range.to, to) > 0) to = range.to
  }
  return { from, to }
}
