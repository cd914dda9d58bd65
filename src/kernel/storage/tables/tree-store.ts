import { assert, UnumError } from '#kernel/base/errors.ts'
import type { Clock, Disk, DiskFile } from '#kernel/base/host.ts'
import { never, type Rarely } from '#kernel/base/rarely.ts'
import { BlockCache } from './block-cache.ts'
import type { TreeLimits } from './compaction.ts'
import { installSnapshot } from './install-snapshot.ts'
import { IoBudget } from './io-budget.ts'
import { manifestName, manifestReceivedName } from './manifest.ts'
import { openTree } from './open-tree.ts'
import type { TableCache } from './table-file.ts'
import { tableNumber } from './table-format.ts'
import type { FlushMark, Tree } from './tree.ts'
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

export interface SnapshotReceiver {
  /**
   * Writes a part of a file of `TreeSnapshot.files`; parts may come in any order, one call at a time.
   * @throws UnumError `DATA_DAMAGED` for a name that no snapshot has, `DISK_FULL`, `DISK_FAILED`
   */
  write(name: string, position: number, bytes: Uint8Array): Promise<void>
  /**
   * Checks every byte and makes the received tree the one of its home.
   * @throws UnumError `DATA_DAMAGED`, `FORMAT_UNKNOWN`, `DISK_FULL`, `DISK_FAILED`: then call `abandon`.
   */
  finish(): Promise<FlushMark>
  /** Removes what was received. */
  abandon(): Promise<void>
}

export function createTreeStore(options: TreeStoreOptions): TreeStore {
  const { disk, clock, cacheBytes, backgroundBytesPerSecond = 0 } = options
  const { rarely = never } = options
  const cache: TableCache = new BlockCache({ bytesMax: cacheBytes })
  const budget = new IoBudget({ clock, bytesPerSecond: backgroundBytesPerSecond, requestsMax: 2 })
  const loopUse = { paidMs: 0 }
  return {
    async open(home) {
      await disk.makeDirectory(home)
      const { current, others } = await findGenerations(disk, home)
      for (const generation of others) await disk.removeDirectory(`${home}/g${generation}`)
      return openTree({
        disk,
        clock,
        cache,
        budget,
        loopUse,
        rarely,
        directory: `${home}/g${current}`,
        ...(options.limits && { limits: options.limits }),
        compactionFailed: (error) => options.compactionFailed?.(home, error),
      })
    },
    async receive(home) {
      await disk.makeDirectory(home)
      const { current, others } = await findGenerations(disk, home)
      for (const generation of others) await disk.removeDirectory(`${home}/g${generation}`)
      const directory = `${home}/g${Math.max(current, ...others) + 1}`
      await disk.makeDirectory(directory)
      return new Receiver(disk, directory, () =>
        installSnapshot({ disk, directory, cache, miss: new BlockMiss() }, clock),
      )
    },
    remove: (home) => disk.removeDirectory(home),
    get cachedBytes() {
      return cache.bytes
    },
  }
}

/** The generation that is the tree, 1 in a new home, and all others that there are. */
async function findGenerations(disk: Disk, home: string): Promise<{ current: number; others: number[] }> {
  const generations: number[] = []
  for (const name of await disk.list(home)) {
    const match = /^g([1-9][0-9]{0,8})$/.exec(name)
    if (match) generations.push(Number(match[1]))
  }
  generations.sort((a, b) => b - a)
  let current = 0
  for (const generation of generations) {
    if (current === 0 && (await disk.list(`${home}/g${generation}`)).includes(manifestName)) current = generation
  }
  return { current: current || 1, others: generations.filter((generation) => generation !== (current || 1)) }
}

class Receiver implements SnapshotReceiver {
  readonly #disk: Disk
  readonly #directory: string
  readonly #install: () => Promise<FlushMark>
  #open: { readonly name: string; readonly file: DiskFile } | undefined
  #isOver = false

  constructor(disk: Disk, directory: string, install: () => Promise<FlushMark>) {
    this.#disk = disk
    this.#directory = directory
    this.#install = install
  }

  async write(name: string, position: number, bytes: Uint8Array): Promise<void> {
    assert(!this.#isOver, 'nothing is received after the end')
    if (name !== manifestReceivedName && tableNumber(name) === undefined) {
      throw new UnumError('DATA_DAMAGED', `Cannot receive "${name}": not a file of a snapshot`)
    }
    if (this.#open?.name !== name) {
      await this.#close()
      this.#open = { name, file: await this.#disk.open(`${this.#directory}/${name}`, { create: true }) }
    }
    await this.#open.file.write(position, bytes)
  }

  async finish(): Promise<FlushMark> {
    this.#isOver = true
    await this.#close()
    return this.#install()
  }

  async abandon(): Promise<void> {
    this.#isOver = true
    await this.#close()
    await this.#disk.removeDirectory(this.#directory)
  }

  async #close(): Promise<void> {
    const file = this.#open?.file
    this.#open = undefined
    await file?.close()
  }
}
