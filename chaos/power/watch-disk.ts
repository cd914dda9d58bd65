/**
 * Preloaded into a node's process: notes in a journal what the node changes on its disk, before it does, and what it has synced. It
 * stands where the node's host meets `node:fs`, and so sees whether the host really syncs what it says is synced.
 *
 * 1. A change is noted before it is made.
 * 2. A sync covers what was done before it began, and counts when it has succeeded.
 * 3. What a synced write replaces can come back no more, nor can what was there before that.
 * 4. Names count as synced by a sync of their directory alone.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Change, NameChange } from './journal.ts'
import { Journal } from './journal.ts'
import type { PowerPaths } from './power-supply.ts'
import { powerVariable } from './power-supply.ts'

interface OpenFile {
  readonly inode: number
  /** What is written through it is synced when the write returns. */
  readonly isSynced: boolean
}

type Arguments = unknown[]
type WriteArguments = [file: number, bytes: unknown, offset: unknown, length: number, at: unknown]
type WritevArguments = [file: number, chunks: readonly Uint8Array[], at: unknown]
type Callback = (error: Error | null, ...rest: unknown[]) => void

/** The functions as they are before this module changes them. */
const real = { ...fs, promises: { ...fs.promises } }
const noBytes = new Uint8Array(0)

class WatchedDisk {
  readonly #paths: PowerPaths
  readonly #journal: Journal
  readonly #open = new Map<number, OpenFile>()
  /** Changes that are under way: no sync that begins meanwhile covers them. */
  readonly #underWay = new Set<number>()

  constructor(paths: PowerPaths) {
    this.#paths = paths
    this.#journal = new Journal(paths.journal)
  }

  has(path: unknown): path is string {
    return typeof path === 'string' && (path === this.#paths.data || path.startsWith(`${this.#paths.data}/`))
  }

  opened(file: number, flags: number): void {
    this.#open.set(file, { inode: real.fstatSync(file).ino, isSynced: (flags & real.constants.O_DSYNC) !== 0 })
  }

  isSynced(file: number): boolean {
    return this.#open.get(file)?.isSynced === true
  }

  closed(file: number): void {
    this.#open.delete(file)
  }

  /** @returns what to call when it is done; undefined where the file is none of this disk */
  writing(file: number, at: unknown, length: number): ((error: unknown) => void) | undefined {
    const open = this.#open.get(file)
    if (open === undefined || typeof at !== 'number') return undefined
    const before = this.#bytesOf(file, at, length)
    const id = this.#journal.nextId++
    this.#journal.begin({ kind: 'bytes', id, inode: open.inode, at, length, before: before.length }, before)
    this.#underWay.add(id)
    return (error) => {
      this.#underWay.delete(id)
      if (!error && open.isSynced && !this.#paths.isLying) this.#journal.synced([id, ...this.#replacedBy(id)])
    }
  }

  /** Earlier changes of the same bytes, as one that failed for want of room: what is there now is the later one. */
  #replacedBy(id: number): number[] {
    const later = this.#journal.pending.get(id)
    if (later?.kind !== 'bytes') return []
    const isReplaced = (change: Change) =>
      change.kind === 'bytes' &&
      change.id < id &&
      change.inode === later.inode &&
      change.at < later.at + later.length &&
      later.at < change.at + change.length
    return [...this.#journal.pending.values()].filter(isReplaced).map((change) => change.id)
  }

  /** @returns what to call when it has ended */
  syncing(file: number): (error: unknown) => void {
    const inode = this.#open.get(file)?.inode
    return this.#syncing((change) => change.kind === 'bytes' && change.inode === inode)
  }

  syncingDirectory(path: string): (error: unknown) => void {
    return this.#syncing((change) => change.kind !== 'bytes' && change.directory === path)
  }

  #syncing(isCovered: (change: Change) => boolean): (error: unknown) => void {
    const changes = [...this.#journal.pending.values()]
    const ids = changes.filter((change) => !this.#underWay.has(change.id) && isCovered(change)).map(({ id }) => id)
    return (error) => {
      if (error || this.#paths.isLying) return
      this.#journal.synced(ids)
      for (const id of ids) real.rmSync(this.#keptAt(id), { force: true })
    }
  }

  /** @returns what to call when it has ended */
  naming(change: Pick<NameChange, 'kind' | 'path' | 'from'>): (error: unknown) => void {
    const id = this.#journal.nextId++
    const isKept = change.kind !== 'create' && this.#keep(id, change.path)
    this.#journal.begin({ ...change, id, directory: dirname(change.path), isKept }, noBytes)
    this.#underWay.add(id)
    return (error) => {
      this.#underWay.delete(id)
      if (!error) return
      this.#journal.synced([id]) // it did not happen
      real.rmSync(this.#keptAt(id), { force: true })
    }
  }

  #keep(id: number, path: string): boolean {
    try {
      real.linkSync(path, this.#keptAt(id))
      return true
    } catch {
      return false // there is nothing of this name, or no room
    }
  }

  #keptAt(id: number): string {
    return join(this.#paths.kept, String(id))
  }

  /** Without zeros at the end: most writes go to what was filled with them beforehand. */
  #bytesOf(file: number, at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    // Past the descriptor's own flags: one for direct writes takes aligned reads only.
    const plain = real.openSync(`/proc/self/fd/${file}`, 'r')
    try {
      let end = real.readSync(plain, bytes, 0, length, at)
      while (end > 0 && bytes[end - 1] === 0) end--
      return bytes.subarray(0, end)
    } finally {
      real.closeSync(plain)
    }
  }
}

function watch(disk: WatchedDisk, paths: PowerPaths): void {
  const lengthOf = (chunks: readonly Uint8Array[]) => chunks.reduce((sum, chunk) => sum + chunk.length, 0)
  /** Calls `done` before the callback that is the last argument. */
  const before = (args: Arguments, done: Callback | undefined): Arguments => {
    if (done === undefined) return args
    const callback = args.at(-1) as Callback
    const both: Callback = (error, ...rest) => {
      done(error, ...rest)
      callback(error, ...rest)
    }
    return [...args.slice(0, -1), both]
  }
  const { syncMs } = paths
  const delayMs = () => syncMs[0] + Math.random() * (syncMs[1] - syncMs[0])
  const cell = new Int32Array(new SharedArrayBuffer(4))
  const waitNow = () => void Atomics.wait(cell, 0, 0, delayMs())
  /** As `before`, some time after the system's own answer. */
  const beforeLater = (args: Arguments, done: Callback | undefined): Arguments => {
    const [callback] = before(args, done).slice(-1) as [Callback]
    return [...args.slice(0, -1), (...said: Parameters<Callback>) => setTimeout(callback, delayMs(), ...said)]
  }
  const now = <Result>(act: () => Result, done: ((error: unknown) => void) | undefined, isSync: boolean): Result => {
    try {
      const result = act()
      if (isSync) waitNow()
      done?.(undefined)
      return result
    } catch (error) {
      done?.(error)
      throw error
    }
  }
  const waiting = (file: number) => (disk.isSynced(file) ? beforeLater : before)
  const later = async <Result>(act: () => Promise<Result>, done: (error: unknown) => void): Promise<Result> => {
    try {
      const result = await act()
      done(undefined)
      return result
    } catch (error) {
      done(error)
      throw error
    }
  }
  const call = (name: keyof typeof real, args: Arguments) => (real[name] as (...args: Arguments) => unknown)(...args)

  const changed: Record<string, (...args: Arguments) => unknown> = {
    open(...args) {
      const [path, flags] = args as [unknown, number]
      if (!disk.has(path)) return call('open', args)
      const isNew = (flags & real.constants.O_CREAT) !== 0 && !real.existsSync(path)
      const named = isNew ? disk.naming({ kind: 'create', path }) : undefined
      return call(
        'open',
        before(args, (error, file) => {
          named?.(error)
          if (!error) disk.opened(file as number, flags)
        }),
      )
    },
    close(...args) {
      disk.closed(args[0] as number)
      return call('close', args)
    },
    write(...args) {
      const [file, , , length, at] = args as WriteArguments
      return call('write', waiting(file)(args, disk.writing(file, at, length)))
    },
    writev(...args) {
      const [file, chunks, at] = args as WritevArguments
      return call('writev', waiting(file)(args, disk.writing(file, at, lengthOf(chunks))))
    },
    writeSync(...args) {
      const [file, , , length, at] = args as WriteArguments
      return now(() => call('writeSync', args), disk.writing(file, at, length), disk.isSynced(file))
    },
    writevSync(...args) {
      const [file, chunks, at] = args as WritevArguments
      return now(() => call('writevSync', args), disk.writing(file, at, lengthOf(chunks)), disk.isSynced(file))
    },
    ftruncate(...args) {
      const [file, length] = args as [number, number]
      const cut = Math.max(0, real.fstatSync(file).size - length)
      return call('ftruncate', before(args, disk.writing(file, length, cut)))
    },
    fdatasync: (...args) => call('fdatasync', beforeLater(args, disk.syncing(args[0] as number))),
    fdatasyncSync: (...args) => now(() => call('fdatasyncSync', args), disk.syncing(args[0] as number), true),
  }
  Object.assign(fs, changed)

  const { open, rename, rm } = real.promises
  const promises: Partial<typeof real.promises> = {
    async open(path, ...rest) {
      const handle = await open(path, ...rest)
      if (!disk.has(path)) return handle
      const sync = handle.sync.bind(handle)
      return Object.assign(handle, {
        sync: () =>
          later(async () => {
            await sync()
            await sleep(delayMs())
          }, disk.syncingDirectory(path)),
      })
    },
    rename(from, to) {
      if (!disk.has(to)) return rename(from, to)
      return later(() => rename(from, to), disk.naming({ kind: 'rename', path: to, from: String(from) }))
    },
    rm(path, options) {
      // A whole folder goes at once, and for good: nothing in it is referred to any more.
      if (!disk.has(path) || options?.recursive || !real.existsSync(path)) return rm(path, options)
      return later(() => rm(path, options), disk.naming({ kind: 'remove', path }))
    },
  }
  Object.assign(fs.promises, promises)
  syncBuiltinESMExports()
}

const given = process.env[powerVariable]
if (given !== undefined) watch(new WatchedDisk(JSON.parse(given)), JSON.parse(given))
