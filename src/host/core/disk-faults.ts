import { UnumError } from '#kernel/base/errors.ts'
import type { Random } from '#kernel/base/host.ts'

/** Picks requests of a disk. */
export type DiskMoment = (operation: DiskOperation, path: string) => boolean

export type DiskOperation = 'read' | 'write' | 'sync' | 'directory'

/** 0 to 1 each: how many requests of a kind fail (EIO). */
export type FailureChances = Readonly<Record<DiskOperation, number>>

export const neverFails: FailureChances = { read: 0, write: 0, sync: 0, directory: 0 }

/** What has gone wrong on a disk so far. */
export interface DiskFaultCounts {
  readErrors: number
  writeErrors: number
  syncErrors: number
  /** Open, rename, remove and the like. */
  directoryErrors: number
  /** Writes that found no room. */
  fullWrites: number
}

const countOf = {
  read: 'readErrors',
  write: 'writeErrors',
  sync: 'syncErrors',
  directory: 'directoryErrors',
} as const satisfies Record<DiskOperation, keyof DiskFaultCounts>

/** Decides which requests of a machine's disk fail. It belongs to the machine: processes come and go. */
export class DiskFaults {
  chances: FailureChances = neverFails
  /** All files together have at most so many bytes. */
  capacityBytes = Number.POSITIVE_INFINITY
  /** Told of the next request that `moment` is about, just before it takes effect. */
  watcher: { readonly moment: DiskMoment; readonly reached: () => void } | undefined
  readonly random: Random
  readonly #counts: DiskFaultCounts

  constructor(random: Random, counts: DiskFaultCounts) {
    this.random = random
    this.#counts = counts
  }

  /** @throws UnumError `DISK_FAILED`: the request fails, now */
  check(operation: DiskOperation, path: string): void {
    if (this.watcher?.moment(operation, path)) {
      const { reached } = this.watcher
      this.watcher = undefined
      reached()
    }
    const chance = this.chances[operation]
    if (chance === 0 || this.random.float() >= chance) return
    this.#counts[countOf[operation]]++
    throw new UnumError('DISK_FAILED', `Cannot ${operation} "${path}": input/output error`)
  }

  /** @throws UnumError `DISK_FULL` where files of `usedBytes` in all cannot grow by `moreBytes` */
  checkRoom(usedBytes: () => number, moreBytes: number, path: string): void {
    if (moreBytes <= 0 || this.capacityBytes === Number.POSITIVE_INFINITY) return
    if (usedBytes() + moreBytes <= this.capacityBytes) return
    this.#counts.fullWrites++
    throw new UnumError('DISK_FULL', `Cannot write "${path}": no space left on device`)
  }
}
