import { UnumError } from '#kernel/base/errors.ts'
import type { Disk, DiskFile } from '#kernel/base/host.ts'

export type Operation = 'open' | 'write' | 'sync' | 'truncate' | 'remove' | 'rename' | 'syncDirectory' | 'read'

/** A disk that may fail: before each request `check` may throw, and `done` is told of each that succeeded. */
export class FaultyDisk implements Disk {
  readonly #disk: Disk
  check: (operation: Operation, path: string, bytes: number) => void = () => {}
  done: (operation: Operation, path: string) => void = () => {}

  constructor(disk: Disk) {
    this.#disk = disk
  }

  async run<T>(operation: Operation, path: string, request: () => Promise<T>, bytes = 0): Promise<T> {
    this.check(operation, path, bytes)
    const result = await request()
    this.done(operation, path)
    return result
  }

  async open(path: string, options: { readonly create: boolean }): Promise<DiskFile> {
    return new FaultyFile(this, path, await this.run('open', path, () => this.#disk.open(path, options)))
  }

  list(path: string): Promise<string[]> {
    return this.#disk.list(path)
  }

  remove(path: string): Promise<void> {
    return this.run('remove', path, () => this.#disk.remove(path))
  }

  rename(from: string, to: string): Promise<void> {
    return this.run('rename', from, () => this.#disk.rename(from, to))
  }

  makeDirectory(path: string): Promise<void> {
    return this.#disk.makeDirectory(path)
  }

  removeDirectory(path: string): Promise<void> {
    return this.#disk.removeDirectory(path)
  }

  syncDirectory(path: string): Promise<void> {
    return this.run('syncDirectory', path, () => this.#disk.syncDirectory(path))
  }
}

class FaultyFile implements DiskFile {
  readonly #disk: FaultyDisk
  readonly #path: string
  readonly #file: DiskFile

  constructor(disk: FaultyDisk, path: string, file: DiskFile) {
    this.#disk = disk
    this.#path = path
    this.#file = file
  }

  get size(): number {
    return this.#file.size
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.#disk.run('read', this.#path, () => this.#file.read(position, length), length)
  }

  write(position: number, bytes: Uint8Array): Promise<void> {
    return this.#disk.run('write', this.#path, () => this.#file.write(position, bytes), bytes.length)
  }

  sync(): Promise<void> {
    return this.#disk.run('sync', this.#path, () => this.#file.sync())
  }

  writeDurably(): void {
    throw new UnumError('DISK_FAILED', 'Cannot write durably: tables do not')
  }

  truncate(length: number): Promise<void> {
    return this.#disk.run('truncate', this.#path, () => this.#file.truncate(length))
  }

  close(): Promise<void> {
    return this.#file.close()
  }
}
