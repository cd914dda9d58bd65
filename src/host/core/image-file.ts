import { assert, UnumError } from '#kernel/base/errors.ts'
import type { DiskFile, Random } from '#kernel/base/host.ts'
import { digestBytes } from './digest.ts'
import type { DiskOperation } from './disk-faults.ts'
import type { DiskImage } from './disk-image.ts'
import type { FileNode } from './file-node.ts'
import type { ImageDisk, StepEnd } from './image-disk.ts'
import type { EventKind } from './scheduler.ts'
import { eventKinds } from './scheduler.ts'

/** A file of an `ImageDisk` that one process has open. Its requests queue with those of the whole disk. */
export class ImageFile implements DiskFile {
  readonly #disk: ImageDisk
  readonly #image: DiskImage
  readonly #node: FileNode
  readonly #name: string
  #closed = false
  #durableWrite = false

  constructor(disk: ImageDisk, image: DiskImage, node: FileNode, name: string) {
    this.#disk = disk
    this.#image = image
    this.#node = node
    this.#name = name
  }

  get size(): number {
    return this.#node.begunSize
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.#request(eventKinds.diskRead, length, this.#disk.timing.readUs(length), () => {
      this.#check('read')
      const available = Math.max(0, Math.min(length, this.#node.size - position))
      return this.#node.content.read(position, available)
    })
  }

  write(position: number, bytes: Uint8Array): Promise<void> {
    this.#begin(position + bytes.length)
    return this.#request(
      eventKinds.diskWrite,
      digestBytes(bytes),
      this.#disk.timing.writeUs(bytes.length),
      () => this.#write(position, [bytes]),
      (random) => this.#writePart(position, [bytes], random),
    )
  }

  sync(): Promise<void> {
    const point = this.#node.syncPoint()
    return this.#request(eventKinds.diskSync, 0, this.#disk.timing.syncUs(), () => this.#syncTo(point))
  }

  writeDurably(position: number, chunks: readonly Uint8Array[], done: (error?: Error) => void): void {
    assert(!this.#closed, 'a closed file is not written')
    assert(!this.#durableWrite, 'one durable write at a time')
    this.#durableWrite = true
    let length = 0
    let digest = 0
    for (const chunk of chunks) {
      length += chunk.length
      digest = Math.imul(digest, 31) ^ digestBytes(chunk)
    }
    this.#begin(position + length)
    let point = 0
    const act = (step: () => void): StepEnd => {
      try {
        step()
        return undefined
      } catch (error) {
        this.#durableWrite = false
        this.#disk.answer(() => done(error as Error))
        return 'over'
      }
    }
    this.#disk.submit({
      kind: eventKinds.diskSync,
      digest,
      next: 0,
      torn: (random) => this.#writePart(position, chunks, random),
      steps: [
        {
          delayUs: this.#disk.timing.writeUs(length),
          run: () =>
            act(() => {
              this.#image.noteDurableWrite(this.#node, position)
              this.#write(position, chunks)
              point = this.#node.syncPoint()
            }),
        },
        {
          delayUs: this.#disk.timing.syncUs(),
          run: () =>
            act(() => {
              this.#syncTo(point)
              this.#durableWrite = false
              this.#disk.answer(done)
            }),
        },
      ],
    })
  }

  truncate(length: number): Promise<void> {
    this.#node.begunSize = length
    return this.#request(
      eventKinds.diskWrite,
      length,
      this.#disk.timing.writeUs(0),
      () => {
        this.#check('write')
        this.#disk.faults?.checkRoom(() => this.#image.bytes, length - this.#node.size, this.#name)
        this.#node.truncate(length)
      },
      (random) => {
        if (random.below(2) === 0) this.#node.truncate(length)
      },
    )
  }

  close(): Promise<void> {
    return this.#disk.request(eventKinds.diskDirectory, 0, 0, () => {
      this.#closed = true
    })
  }

  #begin(end: number): void {
    if (end > this.#node.begunSize) this.#node.begunSize = end
  }

  #check(operation: DiskOperation): void {
    this.#disk.faults?.check(operation, this.#name)
  }

  /** One that fails has written a prefix. */
  #write(position: number, chunks: readonly Uint8Array[]): void {
    const { faults } = this.#disk
    let end = position
    for (const chunk of chunks) end += chunk.length
    try {
      this.#check('write')
      faults?.checkRoom(() => this.#image.bytes, end - this.#node.size, this.#name)
    } catch (error) {
      this.#writePart(position, chunks, faults!.random)
      throw error
    }
    let at = position
    for (const chunk of chunks) {
      this.#node.write(at, chunk)
      at += chunk.length
    }
  }

  #syncTo(point: number): void {
    try {
      this.#check('sync')
    } catch (error) {
      this.#node.failSync(point, this.#disk.faults!.random)
      throw error
    }
    this.#node.syncTo(point)
  }

  /** A process that dies inside a write has written a prefix of it, to the byte where the system was just then. */
  #writePart(position: number, chunks: readonly Uint8Array[], random: Random): void {
    let left = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const shape = random.below(3)
    left = shape === 0 ? 0 : shape === 1 ? left : random.below(left + 1)
    let at = position
    for (const chunk of chunks) {
      const part = chunk.subarray(0, left)
      if (part.length > 0) this.#node.write(at, part)
      at += part.length
      left -= part.length
    }
  }

  #request<T>(
    kind: EventKind,
    digest: number,
    delayUs: number,
    act: () => T,
    torn?: (random: Random) => void,
  ): Promise<T> {
    const checked = () => {
      if (this.#closed) throw new UnumError('DISK_FAILED', `Cannot use "${this.#name}": it is closed`)
      return act()
    }
    return this.#disk.request(kind, digest, delayUs, checked, torn)
  }
}
