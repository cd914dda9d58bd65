import { execFileSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'

/** Where nodes keep their data. */
export interface Disks {
  /** For people. */
  readonly description: string
  /** Whether one can be made full. */
  readonly canFill: boolean
  folderOf(node: string): string
  /** For copies of nodes' folders, never full. */
  readonly spareFolder: string
  /** Leaves no room at all. */
  fill(node: string): void
  free(node: string): void
}

const sizeBytes = 1 << 30
const fillAttemptsMax = 20

/** A file system in memory for each node. To be used in a mount namespace of one's own: it goes with that. */
export class MemoryDisks implements Disks {
  readonly description = `a file system of ${sizeBytes >> 20} MiB in memory for each node`
  readonly canFill = true
  readonly spareFolder: string
  readonly #root: string

  constructor(root: string, nodes: readonly string[]) {
    this.#root = root
    this.spareFolder = join(root, 'spare')
    for (const folder of [...nodes.map((node) => this.folderOf(node)), this.spareFolder]) {
      mkdirSync(folder, { recursive: true })
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'tmpfs', folder])
    }
  }

  folderOf(node: string): string {
    return join(this.#root, node)
  }

  /** The file system is made as small as what is in it; which may grow meanwhile, and then it refuses. */
  fill(node: string): void {
    for (let attempt = 1; ; attempt++) {
      const { blocks, bfree, bsize } = statfsSync(this.folderOf(node))
      try {
        this.#resize(node, (blocks - bfree) * bsize)
        return
      } catch (error) {
        if (attempt === fillAttemptsMax) throw error
      }
    }
  }

  free(node: string): void {
    this.#resize(node, sizeBytes)
  }

  #resize(node: string, bytes: number): void {
    // With its source named, `mount` does not repeat options that it finds, some of which a user namespace may not set.
    execFileSync('mount', ['-o', `remount,size=${bytes}`, 'tmpfs', this.folderOf(node)], {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    })
  }
}

/** Folders of one file system, which is not ours to fill. */
export class FolderDisks implements Disks {
  readonly description: string
  readonly canFill = false
  readonly spareFolder: string
  readonly #root: string

  constructor(root: string) {
    this.#root = root
    this.spareFolder = join(root, 'spare')
    mkdirSync(this.spareFolder)
    this.description = `folders in ${root}`
  }

  folderOf(node: string): string {
    return join(this.#root, node)
  }

  fill(node: string): never {
    throw new Error(`the disk of ${node} cannot be filled: it is not only its own`)
  }

  free(): void {}
}
