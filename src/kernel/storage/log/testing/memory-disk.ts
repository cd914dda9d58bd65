import assert from 'node:assert/strict'
import { emptyBytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Clock, Disk, DiskFile } from '#kernel/base/host.ts'

/** Where a durable write went. */
export interface DurableWrite {
  readonly path: string
  readonly position: number
  readonly chunks: readonly Uint8Array[]
}

/** Files in memory, at once and without faults: for thousands of images of a log. */
export class MemoryDisk implements Disk {
  readonly files = new Map<string, Uint8Array>()
  readonly durableWrites: DurableWrite[] = []
  /** Files that did not exist before they were opened. */
  created = 0
  /** What durable writes fail with. */
  failWrites: Error | undefined

  constructor(files: Iterable<readonly [string, Uint8Array]> = []) {
    for (const [path, bytes] of files) this.files.set(path, bytes.slice())
  }

  async open(path: string, options: { readonly create: boolean }): Promise<DiskFile> {
    if (!this.files.has(path)) {
      if (!options.create) throw new UnumError('FILE_MISSING', `Cannot open "${path}": no such file`)
      this.files.set(path, emptyBytes)
      this.created++
    }
    return new MemoryFile(this, path)
  }

  async list(path: string): Promise<string[]> {
    const prefix = `${path}/`
    const inside = [...this.files.keys()].filter((name) => name.startsWith(prefix))
    return inside.map((name) => name.slice(prefix.length)).sort()
  }

  async remove(path: string): Promise<void> {
    this.files.delete(path)
  }

  async rename(from: string, to: string): Promise<void> {
    this.files.set(to, this.files.get(from)!)
    this.files.delete(from)
  }

  async makeDirectory(): Promise<void> {}
  async removeDirectory(): Promise<void> {}
  async syncDirectory(): Promise<void> {}
}

class MemoryFile implements DiskFile {
  readonly #disk: MemoryDisk
  readonly #path: string

  constructor(disk: MemoryDisk, path: string) {
    this.#disk = disk
    this.#path = path
  }

  get #bytes(): Uint8Array {
    return this.#disk.files.get(this.#path)!
  }

  get size(): number {
    return this.#bytes.length
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    return this.#bytes.slice(position, position + length)
  }

  async write(position: number, bytes: Uint8Array): Promise<void> {
    if (position + bytes.length > this.size) await this.truncate(position + bytes.length)
    this.#bytes.set(bytes, position)
  }

  async sync(): Promise<void> {}

  writeDurably(position: number, chunks: readonly Uint8Array[], done: (error?: Error) => void): void {
    const failure = this.#disk.failWrites
    if (failure) {
      void Promise.resolve().then(() => done(failure))
      return
    }
    this.#disk.durableWrites.push({ path: this.#path, position, chunks: chunks.map((chunk) => chunk.slice()) })
    let at = position
    for (const chunk of chunks) {
      void this.write(at, chunk)
      at += chunk.length
    }
    void Promise.resolve().then(() => done())
  }

  async truncate(length: number): Promise<void> {
    const bytes = new Uint8Array(length)
    bytes.set(this.#bytes.subarray(0, length))
    this.#disk.files.set(this.#path, bytes)
  }

  async close(): Promise<void> {}
}

/** A memory disk always has room: nothing waits for it. */
export const noClock: Pick<Clock, 'timer' | 'sleep'> = {
  timer: () => assert.fail('no timer is needed'),
  sleep: () => assert.fail('no timer is needed'),
}
