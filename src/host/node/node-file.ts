import * as fs from 'node:fs'
import { allocateSlow, emptyBytes } from '#kernel/base/bytes.ts'
import { assert } from '#kernel/base/errors.ts'
import type { DiskFile } from '#kernel/base/host.ts'
import { type AlignedBuffers, directAlignment } from './aligned-buffers.ts'
import type { BackgroundPool, TaskKind } from './background-pool.ts'
import type { SyncSpeed } from './sync-speed.ts'
import { codeOf, diskError } from './system-errors.ts'
import type { Turn } from './turn.ts'
import { type Descriptor, writeAll, writeAllNow } from './write-all.ts'

/** A second descriptor of a file, whose writes are synced when they return. */
export interface SyncedTwin {
  readonly descriptor: Descriptor
  /** Writes go past the system's cache, and must be aligned. */
  readonly isDirect: boolean
}

export interface FileParts {
  readonly turn: Turn
  readonly pool: BackgroundPool
  readonly syncSpeed: SyncSpeed
  readonly aligned: AlignedBuffers
  /** Opens the same file once more; undefined where the system has no such thing. */
  readonly openSynced: () => Promise<SyncedTwin | undefined>
}

/** A longer write carries many requests: the loop has others to look at meanwhile, and the way to the pool costs little beside it. */
const onLoopBytesMax = 16 << 10

type Callback<T> = (error: Error | undefined, result?: T) => void

/**
 * A file of the operating system.
 *
 * Invariants:
 * 1. A descriptor is closed only when nothing uses it any more: its number may belong to another file at once.
 * 2. A durable write takes the way of one synced write only where nothing else of the file waits for a sync: it would not be
 *    covered.
 */
export class NodeFile implements DiskFile {
  readonly #descriptor: Descriptor
  readonly #name: string
  readonly #parts: FileParts
  #size: number
  #synced: SyncedTwin | undefined
  #syncedSought = false
  #durableWrite = false
  /** Writes and truncates that were begun, are done, and are covered by a sync. */
  #changesBegun = 0
  #changesDone = 0
  #changesSynced = 0
  #uses = 0
  #closed = false
  #whenUnused: (() => void) | undefined

  constructor(descriptor: Descriptor, name: string, size: number, parts: FileParts) {
    this.#descriptor = descriptor
    this.#name = name
    this.#size = size
    this.#parts = parts
  }

  get size(): number {
    return this.#size
  }

  read(position: number, length: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, this.#size - position))
    const bytes = wanted === 0 ? emptyBytes : allocateSlow(wanted)
    return this.#background('read', 'read', (done) => {
      let filled = 0
      const more = () => {
        fs.read(this.#descriptor, bytes, filled, wanted - filled, position + filled, (error, count) => {
          if (error) return done(error)
          filled += count
          if (filled < wanted && count > 0) more()
          else done(undefined, filled === wanted ? bytes : bytes.subarray(0, filled))
        })
      }
      more()
    })
  }

  write(position: number, bytes: Uint8Array): Promise<void> {
    this.#grow(position + bytes.length)
    return this.#change('write', (done) => writeAll(this.#descriptor, position, [bytes], done))
  }

  truncate(length: number): Promise<void> {
    this.#size = length
    return this.#change('truncate', (done) =>
      fs.ftruncate(this.#descriptor, length, (error) => done(error ?? undefined)),
    )
  }

  sync(): Promise<void> {
    return this.#background('sync', 'change', (done) => this.#sync(done))
  }

  writeDurably(position: number, chunks: readonly Uint8Array[], done: (error?: Error) => void): void {
    assert(!this.#closed, 'a closed file is not written')
    assert(!this.#durableWrite, 'one durable write at a time')
    this.#durableWrite = true
    this.#uses++
    let length = 0
    for (const chunk of chunks) length += chunk.length
    this.#grow(position + length)
    const speed = this.#parts.syncSpeed
    const answer = (error: Error | undefined) => {
      this.#durableWrite = false
      this.#release()
      done(error && diskError(`Cannot write "${this.#name}"`, error))
    }
    if (speed.onLoop && length <= onLoopBytesMax) {
      this.#parts.turn.block(() => {
        const startMs = performance.now()
        const error = this.#writeDurablyNow(position, chunks)
        speed.took(performance.now() - startMs)
        this.#parts.turn.defer(() => answer(error))
      })
    } else {
      const isTrial = !speed.onLoop
      const startMs = performance.now()
      this.#writeDurablyOnPool(position, chunks, (error) => {
        if (isTrial && !speed.onLoop) speed.took(performance.now() - startMs)
        answer(error)
      })
    }
    if (!this.#syncedSought) this.#seekSynced()
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#closed = true
    return new Promise((resolve, reject) => {
      const close = () => {
        if (this.#synced) fs.close(this.#synced.descriptor, () => {})
        fs.close(this.#descriptor, (error) => {
          if (error) reject(diskError(`Cannot close "${this.#name}"`, error))
          else resolve()
        })
      }
      if (this.#uses === 0) close()
      else this.#whenUnused = close
    })
  }

  /** What to write to the twin, if one synced write is enough. */
  #forTwin(position: number, chunks: readonly Uint8Array[]): readonly Uint8Array[] | undefined {
    if (!this.#synced || this.#changesBegun !== this.#changesSynced) return undefined
    if (!this.#synced.isDirect) return chunks
    const staged = position % directAlignment === 0 ? this.#parts.aligned.fill(chunks) : undefined
    return staged && [staged]
  }

  /**
   * The write to the twin has ended.
   * @returns whether the system refused direct writes, so that the bytes have to take the other way
   */
  #twinWritten(written: readonly Uint8Array[], error: Error | undefined): boolean {
    const { descriptor, isDirect } = this.#synced!
    if (!isDirect) return false
    this.#parts.aligned.release(written[0]!)
    if (!error || codeOf(error) !== 'EINVAL') return false
    this.#synced = undefined
    fs.close(descriptor, () => {})
    return true
  }

  #writeDurablyNow(position: number, chunks: readonly Uint8Array[]): Error | undefined {
    const forTwin = this.#forTwin(position, chunks)
    if (forTwin) {
      const error = tryNow(() => writeAllNow(this.#synced!.descriptor, position, forTwin))
      if (!this.#twinWritten(forTwin, error)) return error
    }
    return tryNow(() => {
      const covered = this.#changesCovered
      writeAllNow(this.#descriptor, position, chunks)
      fs.fdatasyncSync(this.#descriptor)
      this.#changesSynced = covered
    })
  }

  #writeDurablyOnPool(position: number, chunks: readonly Uint8Array[], done: (error: Error | undefined) => void): void {
    const inTwoSteps = () =>
      writeAll(this.#descriptor, position, chunks, (error) => {
        if (error) done(error)
        else this.#sync(done)
      })
    const forTwin = this.#forTwin(position, chunks)
    if (!forTwin) {
      inTwoSteps()
      return
    }
    writeAll(this.#synced!.descriptor, position, forTwin, (error) => {
      if (this.#twinWritten(forTwin, error)) inTwoSteps()
      else done(error)
    })
  }

  #sync(done: (error: Error | undefined) => void): void {
    const covered = this.#changesCovered
    fs.fdatasync(this.#descriptor, (error) => {
      if (!error) this.#changesSynced = Math.max(this.#changesSynced, covered)
      done(error ?? undefined)
    })
  }

  /** What a sync that begins now covers: changes still under way it may miss, whichever they are. */
  get #changesCovered(): number {
    return this.#changesDone === this.#changesBegun ? this.#changesBegun : this.#changesSynced
  }

  #seekSynced(): void {
    this.#syncedSought = true
    this.#uses++
    void this.#parts.openSynced().then((twin) => {
      this.#synced = twin
      this.#release()
    })
  }

  #grow(end: number): void {
    if (end > this.#size) this.#size = end
  }

  #release(): void {
    if (--this.#uses === 0) this.#whenUnused?.()
  }

  #change(verb: string, start: (done: Callback<void>) => void): Promise<void> {
    this.#changesBegun++
    return this.#background(verb, 'change', (done) =>
      start((error) => {
        this.#changesDone++
        done(error)
      }),
    )
  }

  #background<T = void>(verb: string, kind: TaskKind, start: (done: Callback<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => reject(diskError(`Cannot ${verb} "${this.#name}"`, error))
      if (this.#closed) {
        fail(new Error('it is closed'))
        return
      }
      this.#uses++
      this.#parts.pool.run(kind, (finished) => {
        start((error, result) => {
          finished()
          this.#release()
          if (error) fail(error)
          else resolve(result as T)
        })
      })
    })
  }
}

function tryNow(act: () => void): Error | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    return error as Error
  }
}
