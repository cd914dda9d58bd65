import { crc32c } from '#kernel/base/crc32c.ts'
import { assert, UnumError } from '#kernel/base/errors.ts'
import type { Clock, DiskFile } from '#kernel/base/host.ts'
import type { Rarely } from '#kernel/base/rarely.ts'
import type { IoBudget } from './io-budget.ts'
import type { Manifest } from './manifest.ts'
import {
  encodeManifestHead,
  manifestName,
  manifestNextName,
  readManifest,
  renameManifest,
  writeManifest,
} from './manifest.ts'
import type { MergeInput, MergeOptions } from './merge.ts'
import { Merge } from './merge.ts'
import { type LoopUse, Pace, type PaceOptions } from './pace.ts'
import { RunInput } from './run-input.ts'
import type { TableContext } from './table-file.ts'
import { TableFile } from './table-file.ts'
import { tableName } from './table-format.ts'
import type { FlushMark, TreeSnapshot } from './tree.ts'
import { FilesSnapshot } from './tree-snapshot.ts'
import { verifyTable } from './verify-table.ts'
import type { Version, VersionEdit } from './version.ts'

/** A new file may begin with this part of the cache. */
const warmPartOfCache = 2

/** Of a table that is to be written. */
export type TablesSpec = Pick<MergeOptions, 'inputs' | 'older' | 'fileBytesMax' | 'cuts'> & Pick<PaceOptions, 'urgency'>

export interface TreeFilesParts {
  readonly clock: Clock
  readonly budget: IoBudget
  readonly loopUse: LoopUse
  readonly rarely: Rarely
  readonly manifest: Manifest
  readonly version: Version
}

/**
 * The files of one tree: which they are, and how that changes.
 *
 * 1. `version` and `mark` are what the manifest on disk says, once its replacement is durable.
 * 2. A file is removed only after a manifest without it is durable.
 * 3. A number is never used for two files.
 */
export class TreeFiles {
  readonly context: TableContext
  readonly #clock: Clock
  readonly #budget: IoBudget
  readonly #loopUse: LoopUse
  readonly #rarely: Rarely
  #version: Version
  #mark: FlushMark
  #metaChecksum: number
  #nextNumber: number
  /** Changes of the manifest follow each other. */
  #commits: Promise<void> = Promise.resolve()
  /** Files of a commit of which it is not known whether it happened: they go when a later one has. */
  readonly #doubtful: TableFile[] = []
  /** Work under way that needs files. */
  readonly #uses = new Set<Promise<void>>()
  /** Files being closed and removed. */
  readonly #releases = new Set<Promise<void>>()
  #isClosed = false

  constructor(context: TableContext, parts: TreeFilesParts) {
    this.context = context
    this.#clock = parts.clock
    this.#budget = parts.budget
    this.#loopUse = parts.loopUse
    this.#rarely = parts.rarely
    this.#version = parts.version
    this.#mark = parts.manifest.mark
    this.#metaChecksum = crc32c(parts.manifest.mark.meta)
    this.#nextNumber = parts.manifest.nextNumber
  }

  get version(): Version {
    return this.#version
  }

  get mark(): FlushMark {
    return this.#mark
  }

  /** Of files that follow each other; each read waits for the background's share of the disk. */
  input(tables: readonly TableFile[]): MergeInput {
    return new RunInput(tables, (table, position, length) =>
      this.#budget.run(length, () => {
        this.assertOpen()
        return table.read(position, length)
      }),
    )
  }

  /**
   * Merges tables into new files, which are durable but not yet part of the tree: the caller gives them to `commit`.
   * @throws UnumError `DISK_FULL`, `DISK_FAILED`, `DATA_DAMAGED`, `STOPPED`: then no file is left.
   */
  async writeTables(spec: TablesSpec): Promise<TableFile[]> {
    const { disk, directory } = this.context
    const created: string[] = []
    const opened: TableFile[] = []
    const pace = new Pace({ clock: this.#clock, use: this.#loopUse, urgency: spec.urgency })
    const merge = new Merge({
      ...spec,
      pace,
      warmBytesMax: this.context.cache.bytesMax / warmPartOfCache,
      create: async () => {
        this.assertOpen()
        const number = this.#nextNumber++
        const path = `${directory}/${tableName(number)}`
        created.push(path)
        return { number, file: await disk.open(path, { create: true }) }
      },
      write: (file: DiskFile, position: number, bytes: Uint8Array) =>
        this.#budget.run(bytes.length, () => {
          this.assertOpen()
          if (this.#rarely('tables.noRoom')) throw new UnumError('DISK_FULL', 'Cannot write: a fault point says so')
          return file.write(position, bytes)
        }),
    })
    try {
      for (const made of await merge.run()) opened.push(await TableFile.openNew(this.context, made, pace))
      return opened
    } catch (error) {
      // The reason counts, not what else fails on the same disk: whatever stays is removed at the next opening.
      await merge.abandon().catch(() => {})
      for (const table of opened) await table.release().catch(() => {})
      for (const path of created) await disk.remove(path).catch(() => {})
      throw error
    }
  }

  /**
   * Makes `edit` and, where given, a new mark durable, both or neither. `edit.added` belong to this object from the call on.
   * @throws UnumError `DISK_FULL`, `DISK_FAILED`, `STOPPED`: version and mark are as before.
   */
  commit(edit: VersionEdit, mark?: FlushMark): Promise<void> {
    const commit = this.#commits.then(() => this.#replaceManifest(edit, mark))
    this.#commits = commit.catch(() => {})
    return commit
  }

  async #replaceManifest(edit: VersionEdit, mark: FlushMark = this.#mark): Promise<void> {
    const { disk, directory } = this.context
    const next = this.#version.apply(edit)
    const metaChecksum = mark === this.#mark ? this.#metaChecksum : crc32c(mark.meta)
    let isWritten = false
    try {
      this.assertOpen()
      await writeManifest(disk, directory, this.#encode(next, mark, metaChecksum), mark.meta)
      isWritten = true
      await renameManifest(disk, directory, manifestNextName)
    } catch (error) {
      // Once the rename was tried, the manifest on disk may be either one, and the files of both must stay.
      const fresh = edit.added.filter((table) => !this.#version.has(table))
      if (isWritten) this.#doubtful.push(...fresh)
      else for (const table of fresh) this.#retire(table)
      throw error
    }
    const before = this.#version
    this.#version = next
    this.#mark = mark
    this.#metaChecksum = metaChecksum
    for (const table of before.tables) if (!next.has(table)) this.#retire(table)
    for (const table of this.#doubtful.splice(0)) this.#retire(table)
  }

  #encode(version: Version, mark: FlushMark, metaChecksum: number): Uint8Array {
    const levels = version.levels.map((tables) => tables.map((table) => table.summary))
    return encodeManifestHead({ mark, nextNumber: this.#nextNumber, levels }, metaChecksum)
  }

  #retire(table: TableFile): void {
    table.markObsolete()
    this.#release(table)
  }

  #release(table: TableFile): void {
    // A file that could not be removed is found and removed at the next opening.
    const release = table.release().catch(() => {})
    this.#releases.add(release)
    void release.then(() => this.#releases.delete(release))
  }

  snapshot(): TreeSnapshot {
    this.assertOpen()
    const head = this.#encode(this.#version, this.#mark, this.#metaChecksum)
    const { tables } = this.#version
    for (const table of tables) table.acquire()
    return new FilesSnapshot(this.#mark, head, tables, (table) => this.#release(table))
  }

  /** Reads manifest and tables as an opening would, and then all the rest. @throws UnumError `DATA_DAMAGED` */
  async verify(tables: readonly TableFile[]): Promise<void> {
    const pace = new Pace({ clock: this.#clock, use: this.#loopUse, urgency: () => 0 })
    await readManifest(this.context.disk, this.context.directory, manifestName)
    for (const { summary } of tables) {
      this.assertOpen()
      const opened = await TableFile.open(this.context, summary)
      try {
        await verifyTable(opened, pace)
      } finally {
        await opened.release()
      }
    }
  }

  /** Keeps the files of tables in the version for the time of `work`; `close` waits for it. */
  async using<T>(tables: readonly TableFile[], work: () => Promise<T>): Promise<T> {
    for (const table of tables) table.acquire()
    const result = work()
    const settled = result.then(
      () => {},
      () => {},
    )
    this.#uses.add(settled)
    try {
      return await result
    } finally {
      this.#uses.delete(settled)
      for (const table of tables) this.#release(table)
    }
  }

  /** @throws UnumError `STOPPED` */
  assertOpen(): void {
    if (this.#isClosed) throw new UnumError('STOPPED', `Cannot use the tables in ${this.context.directory}: closed`)
  }

  /** From here on nothing new begins. */
  stop(): void {
    this.#isClosed = true
  }

  /** Closes the files, after everything under way has ended. */
  async close(): Promise<void> {
    assert(this.#isClosed, 'a tree is stopped before it is closed')
    await Promise.all(this.#uses)
    await this.#commits
    for (const table of [...this.#version.tables, ...this.#doubtful]) this.#release(table)
    await Promise.all(this.#releases)
  }
}
