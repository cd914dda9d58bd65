import { assert, UnumError } from '#kernel/base/errors.ts'
import type { Disk, DiskFile } from '#kernel/base/host.ts'

/**
 * State that a snapshot can replace has a home, a directory of generations `g1`, `g2` …: a received snapshot is a new generation beside the
 * one in use. The state of a home is its highest generation that has a *mark*, a file that appears by one rename; so does a generation.
 * Others are leftovers.
 */

/** The generation that is the state, 1 in a new home, and all others that there are. */
export async function findGenerations(
  disk: Disk,
  home: string,
  mark: string,
): Promise<{ readonly current: number; readonly others: readonly number[] }> {
  const generations: number[] = []
  for (const name of await disk.list(home)) {
    const match = /^g([1-9][0-9]{0,8})$/.exec(name)
    if (match) generations.push(Number(match[1]))
  }
  generations.sort((a, b) => b - a)
  let current = 0
  for (const generation of generations) {
    if (current === 0 && (await disk.list(`${home}/g${generation}`)).includes(mark)) current = generation
  }
  return { current: current || 1, others: generations.filter((generation) => generation !== (current || 1)) }
}

/** Makes `home`, removes what is left over, and @returns the directory of its generation. */
export async function openGeneration(disk: Disk, home: string, mark: string): Promise<string> {
  await disk.makeDirectory(home)
  const { current, others } = await findGenerations(disk, home, mark)
  for (const generation of others) await disk.removeDirectory(`${home}/g${generation}`)
  return `${home}/g${current}`
}

/** @returns the directory, made, of a new generation */
export async function newGeneration(disk: Disk, home: string, mark: string): Promise<string> {
  await disk.makeDirectory(home)
  const { current, others } = await findGenerations(disk, home, mark)
  for (const generation of others) await disk.removeDirectory(`${home}/g${generation}`)
  const directory = `${home}/g${Math.max(current, ...others) + 1}`
  await disk.makeDirectory(directory)
  return directory
}

/** Takes in the files of a snapshot. */
export interface SnapshotReceiver {
  /**
   * Writes a part of a file of the snapshot; parts may come in any order, one call at a time.
   * @throws UnumError `DATA_DAMAGED` for a name that no snapshot has, `DISK_FULL`, `DISK_FAILED`
   */
  write(name: string, position: number, bytes: Uint8Array): Promise<void>
  /**
   * Checks every byte and makes what was received the state of its home.
   * @throws UnumError `DATA_DAMAGED`, `FORMAT_UNKNOWN`, `DISK_FULL`, `DISK_FAILED`: then call `abandon`.
   */
  finish(): Promise<void>
  /** Removes what was received. */
  abandon(): Promise<void>
}

export class FilesReceiver implements SnapshotReceiver {
  readonly #disk: Disk
  readonly #directory: string
  readonly #isName: (name: string) => boolean
  readonly #install: () => Promise<void>
  #open: { readonly name: string; readonly file: DiskFile } | undefined
  #isOver = false

  constructor(disk: Disk, directory: string, isName: (name: string) => boolean, install: () => Promise<void>) {
    this.#disk = disk
    this.#directory = directory
    this.#isName = isName
    this.#install = install
  }

  async write(name: string, position: number, bytes: Uint8Array): Promise<void> {
    assert(!this.#isOver, 'nothing is received after the end')
    if (!this.#isName(name)) {
      throw new UnumError('DATA_DAMAGED', `Cannot receive "${name}": not a file of a snapshot`)
    }
    if (this.#open?.name !== name) {
      await this.#close()
      this.#open = { name, file: await this.#disk.open(`${this.#directory}/${name}`, { create: true }) }
    }
    await this.#open.file.write(position, bytes)
  }

  async finish(): Promise<void> {
    this.#isOver = true
    await this.#close()
    await this.#install()
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
