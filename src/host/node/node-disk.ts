import * as fs from 'node:fs'
import * as path from 'node:path'
import type { Disk, DiskFile } from '#kernel/base/host.ts'
import { normalisePath } from '../core/disk-image.ts'
import { BackgroundPool } from './background-pool.ts'
import { NodeFile } from './node-file.ts'
import { lockName } from './root-lock.ts'
import { SyncSpeed } from './sync-speed.ts'
import { codeOf, diskError } from './system-errors.ts'
import type { Turn } from './turn.ts'

const fileMode = 0o600
const directoryMode = 0o700

/** Files of the operating system under one root directory. */
export class NodeDisk implements Disk {
  readonly #root: string
  readonly #turn: Turn
  readonly #pool = new BackgroundPool()
  readonly #syncSpeed = new SyncSpeed()

  /** @param root An absolute path; exists. */
  constructor(root: string, turn: Turn) {
    this.#root = root
    this.#turn = turn
  }

  open(name: string, options: { readonly create: boolean }): Promise<DiskFile> {
    return this.#do(`Cannot open "${name}"`, async () => {
      const flags = fs.constants.O_RDWR | (options.create ? fs.constants.O_CREAT : 0)
      const descriptor = await new Promise<number>((resolve, reject) => {
        fs.open(this.#resolve(name), flags, fileMode, (error, opened) => (error ? reject(error) : resolve(opened)))
      })
      const size = await new Promise<number>((resolve, reject) => {
        fs.fstat(descriptor, (error, stats) => (error ? reject(error) : resolve(stats.size)))
      })
      return new NodeFile(descriptor, name, size, { turn: this.#turn, pool: this.#pool, syncSpeed: this.#syncSpeed })
    })
  }

  list(name: string): Promise<string[]> {
    return this.#do(`Cannot list "${name}"`, async () => {
      const directory = this.#resolve(name)
      try {
        const names = await fs.promises.readdir(directory)
        return names.filter((entry) => entry !== lockName || directory !== this.#root).sort()
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
      const first = await fs.promises.mkdir(target, { recursive: true, mode: directoryMode })
      if (first === undefined) return
      // From the lowest upwards: the entry of each new directory is in its parent.
      for (let made = target; made.length >= first.length; made = path.dirname(made))
        await syncDirectory(path.dirname(made))
    })
  }

  removeDirectory(name: string): Promise<void> {
    return this.#do(`Cannot remove directory "${name}"`, () =>
      fs.promises.rm(this.#resolve(name), { recursive: true, force: true }),
    )
  }

  syncDirectory(name: string): Promise<void> {
    return this.#do(`Cannot sync directory "${name}"`, () => syncDirectory(this.#resolve(name)))
  }

  #resolve(name: string): string {
    return path.join(this.#root, ...normalisePath(name).split('/'))
  }

  #do<T>(action: string, act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#pool.run((finished) => {
        act().then(
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
