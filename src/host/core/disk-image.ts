import { UnumError } from '#kernel/base/errors.ts'
import type { Random } from '#kernel/base/host.ts'
import { FileNode } from './file-node.ts'
import { type Rot, rotFile } from './rot.ts'

interface DirectoryChange {
  readonly kind: 'create' | 'remove' | 'rename' | 'removeDirectory'
  readonly path: string
  /** Of a rename. */
  readonly to: string | undefined
  readonly node: FileNode | undefined
}

/**
 * A machine's disk in memory: files by name, and, where it may lose power, which of the names are durable. It knows nothing of
 * time: every method takes effect at once. Paths are normalised ("a/b"), the root is "".
 *
 * Invariants:
 * 1. Applying `#unsynced` in order to the durable names gives `#files` and `#directories`.
 * 2. A change is durable only together with all earlier ones that it rests on (same file, same path, or a path inside it).
 */
export class DiskImage {
  readonly #tracked: boolean
  #files = new Map<string, FileNode>()
  #directories = new Set<string>([''])
  #durableFiles = new Map<string, FileNode>()
  #durableDirectories = new Set<string>([''])
  #unsynced: DirectoryChange[] = []
  /** Where the two newest durable writes began, the newest last. */
  #durableWrites: { readonly node: FileNode; readonly position: number }[] = []

  /** @param powerLoss Whether to remember what is not synced. */
  constructor(powerLoss: boolean) {
    this.#tracked = powerLoss
  }

  open(path: string, create: boolean): FileNode {
    const existing = this.#files.get(path)
    if (existing) return existing
    if (this.#directories.has(path)) throw new UnumError('DISK_FAILED', `Cannot open "${path}": it is a directory`)
    if (!create || !this.#directories.has(parentOf(path)))
      throw new UnumError('FILE_MISSING', `Cannot open "${path}": no such ${create ? 'directory' : 'file'}`)
    const node = new FileNode(this.#tracked)
    this.#change({ kind: 'create', path, to: undefined, node })
    return node
  }

  list(path: string): string[] {
    if (this.#files.has(path)) throw new UnumError('DISK_FAILED', `Cannot list "${path}": it is a file`)
    const names = new Set<string>()
    const prefix = path === '' ? '' : `${path}/`
    for (const entry of [...this.#files.keys(), ...this.#directories]) {
      if (entry !== '' && entry.startsWith(prefix)) names.add(entry.slice(prefix.length).split('/', 1)[0]!)
    }
    names.delete('')
    return [...names].sort()
  }

  remove(path: string): void {
    if (this.#directories.has(path)) throw new UnumError('DISK_FAILED', `Cannot remove "${path}": it is a directory`)
    const node = this.#files.get(path)
    if (node) this.#change({ kind: 'remove', path, to: undefined, node })
  }

  rename(from: string, to: string): void {
    const node = this.#files.get(from)
    if (!node) throw new UnumError('FILE_MISSING', `Cannot rename "${from}": no such file`)
    if (!this.#directories.has(parentOf(to)))
      throw new UnumError('FILE_MISSING', `Cannot rename to "${to}": no such directory`)
    if (from !== to) this.#change({ kind: 'rename', path: from, to, node })
  }

  makeDirectory(path: string): void {
    for (const directory of ancestorsOf(path)) {
      if (this.#files.has(directory))
        throw new UnumError('DISK_FAILED', `Cannot make directory "${directory}": it is a file`)
      this.#settle((change) => change.path === directory || change.to === directory)
      this.#directories.add(directory)
      this.#durableDirectories.add(directory)
    }
  }

  /** What `removeDirectory` takes away, in the order in which it does: stopped half-way, the rest is still there. */
  removalSteps(path: string): (() => void)[] {
    if (path === '') throw new UnumError('DISK_FAILED', 'Cannot remove directory "": it is the root')
    const inside = `${path}/`
    const steps: (() => void)[] = []
    for (const file of this.#files.keys()) if (file.startsWith(inside)) steps.push(() => this.remove(file))
    const directories = [...this.#directories].filter((name) => name === path || name.startsWith(inside))
    for (const name of directories.sort().reverse()) {
      steps.push(() => this.#change({ kind: 'removeDirectory', path: name, to: undefined, node: undefined }))
    }
    return steps
  }

  syncDirectory(path: string): void {
    if (!this.#directories.has(path))
      throw new UnumError('FILE_MISSING', `Cannot sync directory "${path}": no such directory`)
    this.#settle(
      (change) => parentOf(change.path) === path || (change.to !== undefined && parentOf(change.to) === path),
    )
  }

  /** A durable write begins. */
  noteDurableWrite(node: FileNode, position: number): void {
    this.#durableWrites.push({ node, position })
    if (this.#durableWrites.length > 2) this.#durableWrites.shift()
  }

  /**
   * Damages bytes at rest in one of the files that `matches` names, but for what the two newest durable writes hold: what was written
   * before is proved by them to have been synced.
   * @returns what was done; undefined where no such file has bytes to damage
   */
  rot(random: Random, matches: (path: string) => boolean): (Rot & { readonly path: string }) | undefined {
    const paths = [...this.#files.keys()].filter(matches).sort()
    if (paths.length === 0) return undefined
    const path = paths[random.below(paths.length)]!
    const node = this.#files.get(path)!
    let end = node.size
    for (const write of this.#durableWrites) if (write.node === node) end = Math.min(end, write.position)
    const rot = rotFile(node, end, random)
    return rot && { ...rot, path }
  }

  /** The process that used the disk died: no write is under way any more. */
  abandonWrites(): void {
    for (const node of this.#files.values()) node.begunSize = node.size
  }

  /** Bytes of all files, for reports. */
  get bytes(): number {
    let bytes = 0
    for (const node of this.#files.values()) bytes += node.size
    return bytes
  }

  /**
   * Leaves what a power loss may leave. Directory changes: those in a prefix of their order (a journal), or any subset in which each
   * rests on kept ones. Returns how many sectors and directory changes were lost.
   */
  losePower(random: Random): { readonly sectors: number; readonly names: number } {
    const pending = this.#unsynced
    const journal = random.below(2) === 0 ? random.below(pending.length + 1) : undefined
    const lost: DirectoryChange[] = []
    for (const [index, change] of pending.entries()) {
      const keep = journal === undefined ? random.below(2) === 0 : index < journal
      if (keep && !lost.some((earlier) => restsOn(change, earlier)))
        apply(change, this.#durableFiles, this.#durableDirectories)
      else lost.push(change)
    }
    this.#unsynced = []
    this.#files = new Map(this.#durableFiles)
    this.#directories = new Set(this.#durableDirectories)
    let sectors = 0
    for (const node of new Set(this.#files.values())) sectors += node.losePower(random)
    return { sectors, names: lost.length }
  }

  #change(change: DirectoryChange): void {
    apply(change, this.#files, this.#directories)
    if (this.#tracked) this.#unsynced.push(change)
  }

  /** Makes the changes that match durable, with all that they rest on. */
  #settle(matches: (change: DirectoryChange) => boolean): void {
    const settled = new Set<DirectoryChange>()
    for (let i = this.#unsynced.length - 1; i >= 0; i--) {
      const change = this.#unsynced[i]!
      let wanted = matches(change)
      for (const later of settled) wanted ||= restsOn(later, change)
      if (wanted) settled.add(change)
    }
    if (settled.size === 0) return
    const rest: DirectoryChange[] = []
    for (const change of this.#unsynced) {
      if (settled.has(change)) apply(change, this.#durableFiles, this.#durableDirectories)
      else rest.push(change)
    }
    this.#unsynced = rest
  }
}

function apply(change: DirectoryChange, files: Map<string, FileNode>, directories: Set<string>): void {
  switch (change.kind) {
    case 'create':
      files.set(change.path, change.node!)
      return
    case 'remove':
      files.delete(change.path)
      return
    case 'rename':
      files.delete(change.path)
      files.set(change.to!, change.node!)
      return
    case 'removeDirectory':
      directories.delete(change.path)
      return
  }
}

function restsOn(later: DirectoryChange, earlier: DirectoryChange): boolean {
  if (later.node !== undefined && later.node === earlier.node) return true
  for (const a of [later.path, later.to]) {
    for (const b of [earlier.path, earlier.to]) {
      if (a === undefined || b === undefined) continue
      if (a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`)) return true
    }
  }
  return false
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

function ancestorsOf(path: string): string[] {
  const names = path.split('/')
  return names.map((_, index) => names.slice(0, index + 1).join('/')).filter((name) => name !== '')
}

/** The one form of a path: no empty names. @throws UnumError `DISK_FAILED` for `.`, `..` and NUL: they would leave the root. */
export function normalisePath(path: string): string {
  const names = path.split('/').filter((name) => name !== '')
  for (const name of names) {
    if (name === '.' || name === '..' || name.includes('\0'))
      throw new UnumError('DISK_FAILED', `Cannot use the path "${path}": names must not be "." or ".."`)
  }
  return names.join('/')
}
