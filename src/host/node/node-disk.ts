import * as fs from 'node:fs'
import { dirname, join } from 'node:path'
import type { Disk, DiskFile } from '#kernel/base/host.ts'
import { normalisePath } from '../core/disk-image.ts'
import { AlignedBuffers } from './aligned-buffers.ts'
import { BackgroundPool } from './background-pool.ts'
import { NodeFile, type SyncedTwin } from './node-file.ts'
import { lockName } from './root-lock.ts'
import { SyncSpeed } from './sync-speed.ts'
import { codeOf, diskError } from './system-errors.ts'
import type { Turn } from './turn.ts'
import type { Descriptor } from './write-all.ts'

const fileMode = 0o600
const directoryMode = 0o700

/** Files of the operating system under one root directory. */
export class NodeDisk implements Disk {
  readonly #root: string
  readonly #turn: Turn
  readonly #pool = new BackgroundPool()
  readonly #syncSpeed = new SyncSpeed()
  readonly #aligned = new AlignedBuffers()

  /** @param root An absolute path; exists. */
  constructor(root: string, turn: Turn) {
    this.#root = root
    this.#turn = turn
  }

  open(name: string, options: { readonly create: boolean }): Promise<DiskFile> {
    return this.#do(`Cannot open "${name}"`, async () => {
      const path = this.#resolve(name)
      const flags = fs.constants.O_RDWR | (options.create ? fs.constants.O_CREAT : 0)
      const descriptor = await openDescriptor(path, flags)
      const stats = await statDescriptor(descriptor)
      const openSynced = () => openSyncedTwin(path, stats)
      return new NodeFile(descriptor, name, stats.size, {
        turn: this.#turn,
        pool: this.#pool,
        syncSpeed: this.#syncSpeed,
        aligned: this.#aligned,
        openSynced,
      })
    })
  }

  list(name: string): Promise<string[]> {
    return this.#do(`Cannot list "${name}"`, async () => {
      const directory = this.#resolve(name)
      try {
        const names = await fs.promises.readdir(directory)
        return names.filter((entry) => directory !== this.#root || !entry.startsWith(lockName)).sort()
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return []
        throw error
      }
    })
  }

  remove(name: string): Promise<void> {
    return this.#do(`Cannot remove "${name}"`, () => fs.promises.rm(this.#resolve(name), { force: true }))
  }

  rename(from: string, to: string): Promise<void> {
    return this.#do(`Cannot rename "${from}" to "${to}"`, () =>
      fs.promises.rename(this.#resolve(from), this.#resolve(to)),
    )
  }

  makeDirectory(name: string): Promise<void> {
    return this.#do(`Cannot make directory "${name}"`, async () => {
      const target = this.#resolve(name)
      await fs.promises.mkdir(target, { recursive: true, mode: directoryMode })
      // Also where it exists: who made it may have died before this. The entry of each directory is in its parent.
      for (let made = target; made !== this.#root; made = dirname(made)) await syncDirectory(dirname(made))
    })
  }

  removeDirectory(name: string): Promise<void> {
    return this.#do(`Cannot remove directory "${name}"`, () => {
      const target = this.#resolve(name)
      if (target === this.#root) throw new Error('it is the root')
      return fs.promises.rm(target, { recursive: true, force: true })
    })
  }

  syncDirectory(name: string): Promise<void> {
    return this.#do(`Cannot sync directory "${name}"`, () => syncDirectory(this.#resolve(name)))
  }

  #resolve(name: string): string {
    return join(this.#root, ...normalisePath(name).split('/'))
  }

  #do<T>(action: string, act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#pool.run('change', (finished) => {
        const done = (async () => act())()
        done.then(
          (result) => {
            finished()
            resolve(result)
          },
          (error) => {
            finished()
            reject(diskError(action, error))
          },
        )
      })
    })
  }
}

function openDescriptor(path: string, flags: number): Promise<Descriptor> {
  return new Promise((resolve, reject) => {
    fs.open(path, flags, fileMode, (error, descriptor) => (error ? reject(error) : resolve(descriptor)))
  })
}

function statDescriptor(descriptor: Descriptor): Promise<fs.Stats> {
  return new Promise((resolve, reject) => {
    fs.fstat(descriptor, (error, stats) => (error ? reject(error) : resolve(stats)))
  })
}

/**
 * The file of `stats` for writes that are synced when they return (O_DSYNC): one trip to the thread pool instead of two, 60 of
 * 170 µs of processor time per durable write. Where the file system can, past the system's cache too (O_DIRECT): with three nodes
 * on one disk 127 instead of 155 µs per write of 4 KiB, 31 instead of 46 of them processor time. On Linux only: macOS does not
 * empty the drive's cache for O_DSYNC.
 */
async function openSyncedTwin(path: string, stats: fs.Stats): Promise<SyncedTwin | undefined> {
  if (process.platform !== 'linux') return undefined
  const { O_RDWR, O_DSYNC, O_DIRECT } = fs.constants
  for (const isDirect of [true, false]) {
    try {
      const descriptor = await openDescriptor(path, O_RDWR | O_DSYNC | (isDirect ? O_DIRECT : 0))
      const found = await statDescriptor(descriptor)
      if (found.ino === stats.ino && found.dev === stats.dev) return { descriptor, isDirect }
      // Another file has the name by now.
      fs.close(descriptor, () => {})
      return undefined
    } catch {
      // Without it the file is written and synced in two steps, and that will say what is wrong with it.
    }
  }
  return undefined
}

async function syncDirectory(directory: string): Promise<void> {
  // Windows does not open directories; its file systems journal names by themselves.
  if (process.platform === 'win32') return
  const handle = await fs.promises.open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes the names in an absolute directory durable, blocking the event loop. */
export function syncDirectoryNow(directory: string): void {
  if (process.platform === 'win32') return
  const descriptor = fs.openSync(directory, 'r')
  try {
    fs.fsyncSync(descriptor)
  } finally {
    fs.closeSync(descriptor)
  }
}
