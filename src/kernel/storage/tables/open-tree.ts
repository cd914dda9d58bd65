import { UnumError } from '#kernel/base/errors.ts'
import type { Clock, Disk } from '#kernel/base/host.ts'
import { never, type Rarely } from '#kernel/base/rarely.ts'
import type { TreeLimits } from './compaction.ts'
import { treeLimitDefaults } from './compaction.ts'
import { Compactor } from './compactor.ts'
import { IoBudget } from './io-budget.ts'
import { LsmTree } from './lsm-tree.ts'
import type { Manifest } from './manifest.ts'
import {
  emptyManifest,
  encodeManifestHead,
  manifestName,
  manifestNextName,
  manifestReceivedName,
  readManifest,
  renameManifest,
  writeManifest,
} from './manifest.ts'
import type { LoopUse } from './pace.ts'
import type { TableCache, TableContext } from './table-file.ts'
import { TableFile } from './table-file.ts'
import { tableName, tableNumber } from './table-format.ts'
import type { Tree } from './tree.ts'
import { BlockMiss } from './tree.ts'
import { TreeFiles } from './tree-files.ts'
import { Version } from './version.ts'

export interface TreeOptions {
  readonly disk: Disk
  readonly clock: Clock
  /** The tree's own: nothing else may be kept there. Made if it does not exist. */
  readonly directory: string
  /** One for all trees of a node. */
  readonly cache: TableCache
  /** One for all trees of a node. Default: one of its own, two requests at a time and no limit of bytes. */
  readonly budget?: IoBudget
  /** One for all trees of a node. Default: one of its own. */
  readonly loopUse?: LoopUse
  readonly limits?: Partial<TreeLimits>
  readonly rarely?: Rarely
  /**
   * Told when a compaction failed: `DISK_FULL`, `DISK_FAILED`, `DATA_DAMAGED` (then the tree's files must be fetched
   * again). Reads and flushes go on; compaction is tried again after the next flush, and a second after a full disk.
   */
  readonly compactionFailed?: (error: UnumError) => void
}

/**
 * Opens a tree, or makes an empty one. What a crash has left over is removed; what the manifest says is durable when this
 * resolves, also where the process that wrote it was killed before its last sync.
 * @throws UnumError `DATA_DAMAGED` (a file is wrong or missing), `FORMAT_UNKNOWN`, `DISK_FULL`, `DISK_FAILED`
 */
export async function openTree(options: TreeOptions): Promise<Tree> {
  const { disk, directory, clock } = options
  const context: TableContext = { disk, directory, cache: options.cache, miss: new BlockMiss() }
  await disk.makeDirectory(directory)
  const names = await disk.list(directory)
  const manifest = await currentManifest(disk, directory, names)
  const nextNumber = await removeOrphans(disk, directory, names, manifest)
  await disk.syncDirectory(directory)
  const levels = await openTables(context, manifest)
  const limits = { ...treeLimitDefaults, ...options.limits }
  const budget = options.budget ?? new IoBudget({ clock, bytesPerSecond: 0, requestsMax: 2 })
  const files = new TreeFiles(context, {
    clock,
    budget,
    loopUse: options.loopUse ?? { paidMs: 0 },
    rarely: options.rarely ?? never,
    manifest: { ...manifest, nextNumber },
    version: new Version(levels),
  })
  return new LsmTree(files, new Compactor(files, clock, limits, options.compactionFailed ?? (() => {})), limits)
}

/** The first manifest is durable before there is any table, so tables without one are what is left of a tree. */
async function currentManifest(disk: Disk, directory: string, names: readonly string[]): Promise<Manifest> {
  if (names.includes(manifestName)) return readManifest(disk, directory, manifestName)
  if (names.some((name) => tableNumber(name) !== undefined)) {
    throw new UnumError('DATA_DAMAGED', `${directory} has table files but no ${manifestName}`)
  }
  await writeManifest(disk, directory, encodeManifestHead(emptyManifest, 0), emptyManifest.mark.meta)
  await renameManifest(disk, directory, manifestNextName)
  return emptyManifest
}

/** Removes what no manifest names. @returns a number above that of every file there was. */
async function removeOrphans(
  disk: Disk,
  directory: string,
  names: readonly string[],
  manifest: Manifest,
): Promise<number> {
  const live = new Set(manifest.levels.flat().map((table) => tableName(table.number)))
  let { nextNumber } = manifest
  for (const name of names) {
    const number = tableNumber(name)
    if (number !== undefined) nextNumber = Math.max(nextNumber, number + 1)
    const isOrphan = number !== undefined ? !live.has(name) : leftovers.has(name)
    if (isOrphan) await disk.remove(`${directory}/${name}`)
  }
  return nextNumber
}

const leftovers: ReadonlySet<string> = new Set([manifestNextName, manifestReceivedName])

async function openTables(context: TableContext, manifest: Manifest): Promise<TableFile[][]> {
  const opening = manifest.levels.map((tables) => tables.map((summary) => TableFile.open(context, summary)))
  const results = await Promise.allSettled(opening.flat())
  const failure = results.find((result) => result.status === 'rejected')
  if (failure === undefined) return Promise.all(opening.map((tables) => Promise.all(tables)))
  for (const result of results) if (result.status === 'fulfilled') await result.value.release().catch(() => {})
  const error: unknown = failure.reason
  if (!(error instanceof UnumError && error.code === 'FILE_MISSING')) throw error
  throw new UnumError('DATA_DAMAGED', `${context.directory}: a table file is missing`, { cause: error })
}
