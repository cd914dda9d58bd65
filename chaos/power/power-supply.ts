import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Random } from '#kernel/base/host.ts'
import type { BytesChange, NameChange, Pending } from './journal.ts'
import { readJournal } from './journal.ts'

/** Where a node's changes are noted. Given to its process as JSON in the environment variable `powerVariable`. */
export interface PowerPaths {
  /** The node's disk; changes elsewhere are not noted. */
  readonly data: string
  readonly journal: string
  /** Each sync takes so long at least, evenly drawn: as on a disk, while there is something to lose. */
  readonly syncMs: readonly [least: number, most: number]
  /** Nothing counts as synced, whatever the system says: a disk that lies. */
  readonly isLying: boolean
  /** For what a changed name stood for before: on the same file system as `data`. */
  readonly kept: string
}

export const powerVariable = 'UNUM_CHAOS_POWER'

/** To be preloaded (`--import`) into the node's process. */
export const watchModule = join(import.meta.dirname, 'watch-disk.ts')

export interface PowerLoss {
  readonly sectorsLost: number
  readonly namesLost: number
}

const sectorBytes = 512
/** Of unsynced sectors none, half or all are lost. */
export const lossChances = 3

/** Of one node's disk: what is not synced may be lost. */
export class PowerSupply {
  paths: PowerPaths

  constructor(paths: PowerPaths) {
    this.paths = paths
    mkdirSync(paths.kept, { recursive: true })
  }

  /** Whether there is anything to lose. The node's process stands still or is gone. */
  get hasUnsynced(): boolean {
    return readJournal(this.paths.journal).length > 0
  }

  /**
   * Takes back some of what was not synced, when the node's process is gone: of bytes any sectors (all, none, or by chance), of names the
   * last ones, as a file system loses them that keeps their order. A disk that lies loses all.
   */
  lose(random: Random): PowerLoss {
    const pending = readJournal(this.paths.journal)
    const { isLying } = this.paths
    const lossChance = isLying ? 1 : random.below(lossChances) / (lossChances - 1)
    const sectorsLost = this.#loseBytes(pending, () => random.float() < lossChance)
    const names = pending.filter(({ change }) => change.kind !== 'bytes').map(({ change }) => change as NameChange)
    const lost = names.slice(isLying ? 0 : random.below(names.length + 1))
    for (const change of lost.toReversed()) this.#loseName(change)
    this.forget()
    return { sectorsLost, namesLost: lost.length }
  }

  /** For processes that start from now on. */
  lie(isLying: boolean): void {
    this.paths = { ...this.paths, isLying }
  }

  /** From now on all that is on the disk counts as synced. */
  forget(): void {
    rmSync(this.paths.kept, { recursive: true, force: true })
    mkdirSync(this.paths.kept, { recursive: true })
    writeFileSync(this.paths.journal, '')
  }

  #loseBytes(pending: readonly Pending[], isLost: () => boolean): number {
    const files = this.#filesByInode()
    let lost = 0
    for (const { change, before } of pending.toReversed()) {
      if (change.kind !== 'bytes') continue
      const path = files.get(change.inode)
      if (path !== undefined) lost += loseSectors(path, change, before, isLost)
    }
    return lost
  }

  #filesByInode(): Map<number, string> {
    const files = new Map<number, string>()
    for (const root of [this.paths.kept, this.paths.data]) {
      for (const name of readdirSync(root, { recursive: true }) as string[]) {
        const path = join(root, name)
        const stats = statSync(path)
        if (stats.isFile()) files.set(stats.ino, path)
      }
    }
    return files
  }

  #loseName({ kind, id, path, from, isKept }: NameChange): void {
    // Whole folders are removed without a note: a name in one of them is gone with it.
    if (kind === 'create') rmSync(path, { force: true })
    if (kind === 'rename' && existsSync(path)) renameSync(path, from!)
    if (isKept && existsSync(this.#keptAt(id))) renameSync(this.#keptAt(id), path)
  }

  #keptAt(id: number): string {
    return join(this.paths.kept, String(id))
  }
}

/** @returns how many sectors were lost */
function loseSectors(path: string, { at, length }: BytesChange, before: Uint8Array, isLost: () => boolean): number {
  const file = openSync(path, 'r+')
  let lost = 0
  try {
    for (let start = at; start < at + length; ) {
      const end = Math.min(at + length, (Math.floor(start / sectorBytes) + 1) * sectorBytes)
      if (isLost()) {
        const old = new Uint8Array(end - start)
        old.set(before.subarray(start - at, end - at))
        if (replaceSector(file, old, start)) lost++
      }
      start = end
    }
  } finally {
    closeSync(file)
  }
  return lost
}

/** @returns whether that changed anything */
function replaceSector(file: number, old: Uint8Array, at: number): boolean {
  const found = new Uint8Array(old.length)
  readSync(file, found, 0, found.length, at)
  if (Buffer.compare(found, old) === 0) return false
  try {
    writeSync(file, old, 0, old.length, at)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return false // on a full disk what was cut off stays cut off
    throw error
  }
}
