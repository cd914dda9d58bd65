import { copyBytes, emptyBytes } from '#kernel/base/bytes.ts'
import { assert } from '#kernel/base/errors.ts'
import type { DiskFile } from '#kernel/base/host.ts'
import { compareSlices } from './keys.ts'
import type { MemoryTable } from './memory-table.ts'
import type { Pace } from './pace.ts'
import { RangeSet } from './range-set.ts'
import type { Row } from './row-cursor.ts'
import type { NewTable } from './table-writer.ts'
import { TableWriter } from './table-writer.ts'

/** Finished bytes of a file are written when there are so many. */
const outputBytesMin = 1 << 18
/** What is written goes to the disk in steps of this size: one sync of a whole file would stand before the log's for too long. */
const unsyncedBytesMax = 1 << 20
/** Keys that are added to a filter between two looks at the clock: less than 0.1 ms. */
const filterKeysPerStep = 512

/** A sorted table that a merge reads from its start to its end, once. */
export interface MergeInput {
  readonly row: Row
  /** Hide rows of older inputs only. */
  readonly ranges: RangeSet
  /** Whether `fill` must be awaited before `row` is looked at. */
  readonly isDry: boolean
  /** Whether `row` is in memory for readers: so it will be in the new file. */
  readonly isWarm: boolean
  next(): void
  /** Reads on. @throws UnumError `DATA_DAMAGED`, `DISK_FAILED` */
  fill(): Promise<void>
}

/** The rows of a memory table, which are all there. */
export function memoryInput(table: MemoryTable): MergeInput {
  const row = table.cursor()
  row.first()
  return { row, ranges: table.ranges, isDry: false, isWarm: true, next: () => row.next(), fill: async () => {} }
}

export interface MergeOptions {
  /** Newest first. */
  readonly inputs: readonly MergeInput[]
  /** Where tables older than all inputs may have rows: a tombstone outside hides nothing any more and is dropped. */
  readonly older: RangeSet
  /** A file ends with the row that takes its data to this size. */
  readonly fileBytesMax: number
  /** Keys, ascending, at which a file must end. */
  readonly cuts: readonly Uint8Array[]
  /** Of each file's blocks that are kept for the cache. */
  readonly warmBytesMax: number
  readonly pace: Pace
  /** Makes an empty file with a number that no file had before. */
  create(): Promise<{ readonly number: number; readonly file: DiskFile }>
  /** Writes in the background's share of the disk. @throws UnumError `DISK_FULL`, `DISK_FAILED` */
  write(file: DiskFile, position: number, bytes: Uint8Array): Promise<void>
}

/**
 * Merges sorted tables into files: a function of its inputs, in slices.
 *
 * 1. Of equal keys the newest input's row is kept; a row that a newer input's range tombstone hides is dropped.
 * 2. The outputs' range tombstones are the inputs' together, each file with those of its part of the key space: rows that
 *    survived the merge are beside them, and what they still have to hide is older than all inputs.
 * 3. The parts of the key space are disjoint and ascend: `[start or last cut, next cut)`.
 */
export class Merge {
  readonly #options: MergeOptions
  readonly #ranges: RangeSet
  readonly #tables: NewTable[] = []
  #writer: TableWriter | undefined
  #file: DiskFile | undefined
  #syncedBytes = 0
  /** Where the part of the current file begins. */
  #partFrom: Uint8Array = emptyBytes
  #cuts = 0
  /** Where the current part ends, once that is known. */
  #cutAt: Uint8Array | undefined

  constructor(options: MergeOptions) {
    this.#options = options
    const union = RangeSet.unionOf(options.inputs.map((input) => input.ranges))
    this.#ranges = new RangeSet(union.ranges.filter((range) => options.older.overlaps(range)))
  }

  /**
   * @returns the files, synced, in order of their keys; none if no row and no tombstone is left.
   * @throws UnumError `DISK_FULL`, `DISK_FAILED`, `DATA_DAMAGED`: files that were made are then the caller's to remove.
   */
  async run(): Promise<readonly NewTable[]> {
    const { inputs, pace } = this.#options
    for (const input of inputs) if (input.isDry) await input.fill()
    for (;;) {
      await pace.begin()
      const stop = this.#slice()
      pace.end()
      if (stop === 'pause') continue
      if (stop === 'create') await this.#create()
      else if (stop === 'write') await this.#write()
      else if (stop === 'cut') await this.#finishFile()
      else if (stop === 'end') break
      else await stop.fill()
    }
    await this.#finishFile()
    return this.#tables
  }

  /** Closes the file that an error has left open. */
  async abandon(): Promise<void> {
    await this.#file?.close()
  }

  /** Merges rows until something must be awaited. */
  #slice(): MergeInput | 'pause' | 'create' | 'write' | 'cut' | 'end' {
    const { inputs, pace, older } = this.#options
    for (const input of inputs) if (input.isDry) return input
    for (;;) {
      const at = this.#nearest()
      const row = at < 0 ? undefined : inputs[at]!.row
      if (this.#mustCut(row)) return 'cut'
      if (row === undefined) return 'end'
      const isDropped =
        this.#isHidden(at, row) || (row.isTombstone && older.find(row.keyBytes, row.keyStart, row.keyEnd) === undefined)
      if (!isDropped) {
        if (this.#writer === undefined) return 'create'
        this.#writer.add(row, inputs[at]!.isWarm)
      }
      const dry = this.#leave(at, row)
      if (this.#writer !== undefined && this.#writer.outputLength >= outputBytesMin) return 'write'
      if (dry !== undefined) return dry
      if (pace.isOver()) return 'pause'
    }
  }

  #nearest(): number {
    const { inputs } = this.#options
    let best = -1
    let bestRow: Row | undefined
    for (let i = 0; i < inputs.length; i++) {
      const { row } = inputs[i]!
      if (!row.valid || (bestRow !== undefined && compareRows(row, bestRow) >= 0)) continue
      best = i
      bestRow = row
    }
    return best
  }

  #isHidden(at: number, row: Row): boolean {
    const { inputs } = this.#options
    for (let i = 0; i < at; i++) {
      const { ranges } = inputs[i]!
      if (ranges.size > 0 && ranges.find(row.keyBytes, row.keyStart, row.keyEnd) !== undefined) return true
    }
    return false
  }

  /** Moves the inputs that stand on `row`'s key beyond it. @returns one that is dry then. */
  #leave(at: number, row: Row): MergeInput | undefined {
    const { inputs } = this.#options
    let dry: MergeInput | undefined
    for (let i = at + 1; i < inputs.length; i++) {
      const older = inputs[i]!
      if (!older.row.valid || compareRows(older.row, row) !== 0) continue
      older.next()
      if (older.isDry) dry = older
    }
    const input = inputs[at]!
    input.next()
    return input.isDry ? input : dry
  }

  /** Whether the current part ends before `row` (undefined: the end of all). */
  #mustCut(row: Row | undefined): boolean {
    const cut = this.#options.cuts[this.#cuts]
    if (
      cut !== undefined &&
      (row === undefined || compareSlices(row.keyBytes, row.keyStart, row.keyEnd, cut, 0, cut.length) >= 0)
    ) {
      this.#cuts++
      this.#cutAt = cut
      return true
    }
    if (row === undefined || this.#writer === undefined) return false
    if (this.#writer.dataBytes < this.#options.fileBytesMax) return false
    this.#cutAt = copyBytes(row.keyBytes.subarray(row.keyStart, row.keyEnd))
    return true
  }

  async #create(): Promise<void> {
    const { number, file } = await this.#options.create()
    this.#writer = new TableWriter(number, this.#options.warmBytesMax)
    this.#file = file
    this.#syncedBytes = 0
  }

  async #write(): Promise<void> {
    const writer = this.#writer!
    const file = this.#file!
    const position = writer.outputOffset
    await this.#options.write(file, position, writer.takeOutput())
    if (writer.outputOffset - this.#syncedBytes < unsyncedBytesMax) return
    this.#syncedBytes = writer.outputOffset
    await file.sync()
  }

  async #finishFile(): Promise<void> {
    const ranges = this.#ranges.clip({ from: this.#partFrom, to: this.#cutAt })
    if (this.#cutAt !== undefined) this.#partFrom = this.#cutAt
    this.#cutAt = undefined
    if (this.#writer === undefined && ranges.length === 0) return
    if (this.#writer === undefined) await this.#create()
    const writer = this.#writer
    const file = this.#file
    assert(writer !== undefined && file !== undefined, 'a file that is finished was made')
    const { pace } = this.#options
    await pace.begin()
    writer.finishRows()
    while (!writer.fillFilter(filterKeysPerStep)) if (pace.isOverAfter(filterKeysPerStep)) await pace.pause()
    this.#tables.push(writer.finish(ranges))
    pace.end()
    await this.#write()
    await file.sync()
    this.#writer = undefined
    this.#file = undefined
    await file.close()
  }
}

function compareRows(a: Row, b: Row): number {
  return compareSlices(a.keyBytes, a.keyStart, a.keyEnd, b.keyBytes, b.keyStart, b.keyEnd)
}
