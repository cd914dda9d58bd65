import * as fs from 'node:fs'
import { allocateSlow, concatBytes, emptyBytes } from '#kernel/base/bytes.ts'
import { assert } from '#kernel/base/errors.ts'
import type { DiskFile } from '#kernel/base/host.ts'
import type { BackgroundPool } from './background-pool.ts'
import type { SyncSpeed } from './sync-speed.ts'
import { diskError } from './system-errors.ts'
import type { Turn } from './turn.ts'

export interface FileParts {
  readonly turn: Turn
  readonly pool: BackgroundPool
  readonly syncSpeed: SyncSpeed
}

type Callback<T> = (error: Error | undefined, result?: T) => void

/** A file of the operating system, by its descriptor. */
export class NodeFile implements DiskFile {
  readonly #descriptor: number
  readonly #name: string
  readonly #parts: FileParts
  #size: number
  #durableWrite = false
  #closed = false

  constructor(descriptor: number, name: string, size: number, parts: FileParts) {
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
    if (wanted === 0)
      return this.#background('read', (done) => this.#parts.turn.defer(() => done(undefined, emptyBytes)))
    const bytes = allocateSlow(wanted)
    return this.#background('read', (done) => {
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
    this.#size = Math.max(this.#size, position + bytes.length)
    return this.#background('write', (done) => this.#writeAll(position, [bytes], done))
  }

  sync(): Promise<void> {
    return this.#background('sync', (done) => fs.fdatasync(this.#descriptor, (error) => done(error ?? undefined)))
  }

  writeDurably(position: number, chunks: readonly Uint8Array[], done: (error?: Error) => void): void {
    assert(!this.#closed, 'a closed file is not written')
    assert(!this.#durableWrite, 'one durable write at a time')
    this.#durableWrite = true
    let end = position
    for (const chunk of chunks) end += chunk.length
    this.#size = Math.max(this.#size, end)
    const speed = this.#parts.syncSpeed
    if (speed.onLoop) {
      this.#parts.turn.block(() => {
        const error = this.#writeAndSyncNow(position, chunks)
        this.#parts.turn.defer(() => this.#answer(error, done))
      })
      return
    }
    const startMs = performance.now()
    this.#writeAll(position, chunks, (writeError) => {
      if (writeError) return this.#answer(writeError, done)
      fs.fdatasync(this.#descriptor, (syncError) => {
        speed.took(performance.now() - startMs)
        this.#answer(syncError ?? undefined, done)
      })
    })
  }

  truncate(length: number): Promise<void> {
    this.#size = length
    return this.#background('truncate', (done) =>
      fs.ftruncate(this.#descriptor, length, (error) => done(error ?? undefined)),
    )
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve()
    this.#closed = true
    return new Promise((resolve, reject) => {
      fs.close(this.#descriptor, (error) => {
        if (error) reject(diskError(`Cannot close "${this.#name}"`, error))
        else resolve()
      })
    })
  }

  #answer(error: Error | undefined, done: (error?: Error) => void): void {
    this.#durableWrite = false
    if (error) done(diskError(`Cannot write "${this.#name}"`, error))
    else done()
  }

  #writeAndSyncNow(position: number, chunks: readonly Uint8Array[]): Error | undefined {
    const startMs = performance.now()
    try {
      let at = position
      let rest = chunks
      for (;;) {
        const count =
          rest.length === 1
            ? fs.writeSync(this.#descriptor, rest[0]!, 0, rest[0]!.length, at)
            : fs.writevSync(this.#descriptor, rest as Uint8Array[], at)
        at += count
        const left = after(rest, count)
        if (left.length === 0) break
        rest = left
      }
      fs.fdatasyncSync(this.#descriptor)
    } catch (error) {
      return error as Error
    }
    this.#parts.syncSpeed.took(performance.now() - startMs)
    return undefined
  }

  /** The system may write less than it was given: then the rest follows. */
  #writeAll(position: number, chunks: readonly Uint8Array[], done: (error: Error | undefined) => void): void {
    const written = (error: Error | null, count: number) => {
      if (error) return done(error)
      const rest = after(chunks, count)
      if (rest.length === 0) done(undefined)
      else this.#writeAll(position + count, rest, done)
    }
    if (chunks.length === 1) fs.write(this.#descriptor, chunks[0]!, 0, chunks[0]!.length, position, written)
    else fs.writev(this.#descriptor, chunks as Uint8Array[], position, written)
  }

  #background<T = void>(verb: string, start: (done: Callback<T>) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const fail = (error: unknown) => reject(diskError(`Cannot ${verb} "${this.#name}"`, error))
      this.#parts.pool.run((finished) => {
        if (this.#closed) {
          finished()
          fail(new Error('it is closed'))
          return
        }
        start((error, result) => {
          finished()
          if (error) fail(error)
          else resolve(result as T)
        })
      })
    })
  }
}

/** What is left of `chunks` without their first `count` bytes. */
function after(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let length = 0
  for (const chunk of chunks) length += chunk.length
  if (count >= length) return []
  return [concatBytes(chunks).subarray(count)]
}
