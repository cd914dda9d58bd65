import type { UnumError } from '#kernel/base/errors.ts'
import type { Clock, Disk } from '#kernel/base/host.ts'
import { never, type Rarely } from '#kernel/base/rarely.ts'
import { FilesReceiver, newGeneration, openGeneration, type SnapshotReceiver } from '../generations.ts'
import { BlockCache } from './block-cache.ts'
import type { TreeLimits } from './compaction.ts'
import { installSnapshot } from './install-snapshot.ts'
import { IoBudget } from './io-budget.ts'
import { manifestName, manifestReceivedName } from './manifest.ts'
import { openTree } from './open-tree.ts'
import type { TableCache } from './table-file.ts'
import { tableNumber } from './table-format.ts'
import type { Tree } from './tree.ts'
import { BlockMiss } from './tree.ts'

export interface TreeStoreOptions {
  readonly disk: Disk
  readonly clock: Clock
  /** Of blocks of all trees in memory. */
  readonly cacheBytes: number
  /** What flushes and compactions may read and write a second, together; 0 (default) for no limit. */
  readonly backgroundBytesPerSecond?: number
  readonly limits?: Partial<TreeLimits>
  readonly rarely?: Rarely
  /** As `TreeOptions.compactionFailed`, with the home of the tree. */
  readonly compactionFailed?: (home: string, error: UnumError) => void
}

/**
 * The trees of a node: they share a block cache and the background's part of the disk.
 *
 * Each tree has a home, a directory of generations `g1`, `g2` …: a received snapshot is a new generation beside the one in
 * use. The tree of a home is its highest generation that has a manifest; as a manifest appears by one rename, so does a
 * generation. Others are leftovers.
 */
export interface TreeStore {
  /**
   * Opens the tree of `home`, an empty one where there is none, and removes other generations. One at a time per home.
   * @throws UnumError as `openTree`
   */
  open(home: string): Promise<Tree>
  /**
   * Begins a generation for the files of a snapshot. The tree in use goes on; once `finish` has resolved, the owner closes
   * it and calls `open`, which finds the new one. So does a restart at any time after. One at a time per home.
   */
  receive(home: string): Promise<SnapshotReceiver>
  /** Removes the tree of `home`, which must be closed. */
  remove(home: string): Promise<void>
  /** Bytes of blocks in memory. */
  readonly cachedBytes: number
}

export function createTreeStore(options: TreeStoreOptions): TreeStore {
  const { disk, clock, cacheBytes, backgroundBytesPerSecond = 0 } = options
  const { rarely = never } = options
  const cache: TableCache = new BlockCache({ bytesMax: cacheBytes })
  const budget = new IoBudget({ clock, bytesPerSecond: backgroundBytesPerSecond, requestsMax: 2 })
  const loopUse = { paidMs: 0 }
  return {
    async open(home) {
      const directory = await openGeneration(disk, home, manifestName)
      return openTree({
        directory,
        disk,
        clock,
        cache,
        budget,
        loopUse,
        rarely,
        ...(options.limits && { limits: options.limits }),
        compactionFailed: (error) => options.compactionFailed?.(home, error),
      })
    },
    async receive(home) {
      const directory = await newGeneration(disk, home, manifestName)
      const isName = (name: string) => name === manifestReceivedName || tableNumber(name) !== undefined
      return new FilesReceiver(disk, directory, isName, async () => {
        await installSnapshot({ disk, directory, cache, miss: new BlockMiss() }, clock)
      })
    },
    remove: (home) => disk.removeDirectory(home),
    get cachedBytes() {
      return cache.bytes
    },
  }
}
