import { assert, UnumError } from '#kernel/base/errors.ts'
import type { Disk, DiskFile, Random } from '#kernel/base/host.ts'
import { digestBytes } from './digest.ts'
import { type DiskImage, normalisePath } from './disk-image.ts'
import type { FileNode } from './file-node.ts'
import type { EventKind, Process, Scheduler } from './scheduler.ts'
import { eventKinds } from './scheduler.ts'

/** How long the device takes, in microseconds, and how many requests it serves at a time. */
export interface DiskTiming {
  readonly parallel: number
  readUs(bytes: number): number
  writeUs(bytes: number): number
  syncUs(): number
  directoryUs(): number
}

/** One request to the device: its steps follow each other, each after its time. */
interface Request {
  readonly kind: EventKind
  readonly digest: number
  readonly steps: readonly { readonly delayUs: number; readonly run: () => void }[]
  /** What may have happened of it when its process dies before the first step has run. */
  readonly torn: ((random: Random) => void) | undefined
  next: number
}

/** The `Disk` of one process over a disk image that outlives it. */
export class ImageDisk implements Disk {
  readonly #image: DiskImage
  readonly #timing: DiskTiming
  readonly #scheduler: Scheduler
  readonly #process: Process
  readonly #running = new Set<Request>()
  readonly #waiting: Request[] = []

  constructor(image: DiskImage, timing: DiskTiming, scheduler: Scheduler, process: Process) {
    this.#image = image
    this.#timing = timing
    this.#scheduler = scheduler
    this.#process = process
  }

  open(path: string, options: { readonly create: boolean }): Promise<DiskFile> {
    return this.directoryRequest(path, (name) => {
      const node = this.#image.open(name, options.create)
      return new ImageFile(this, node, name)
    })
  }

  list(path: string): Promise<string[]> {
    return this.directoryRequest(path, (name) => this.#image.list(name))
  }

  remove(path: string): Promise<void> {
    return this.directoryRequest(path, (name) => this.#image.remove(name))
  }

  rename(from: string, to: string): Promise<void> {
    return this.directoryRequest(from, (name) => this.#image.rename(name, normalisePath(to)))
  }

  makeDirectory(path: string): Promise<void> {
    return this.directoryRequest(path, (name) => this.#image.makeDirectory(name))
  }

  removeDirectory(path: string): Promise<void> {
    return this.directoryRequest(
      path,
      (name) => {
        for (const step of this.#image.removalSteps(name)) step()
      },
      (random) =>
        attempt(() => {
          const steps = this.#image.removalSteps(normalisePath(path))
          for (const step of steps.slice(0, random.below(steps.length + 1))) step()
        }),
    )
  }

  syncDirectory(path: string): Promise<void> {
    return this.directoryRequest(path, (name) => this.#image.syncDirectory(name))
  }

  /** The process died: requests under way have happened, or not, or in part; none of them answers. */
  crash(random: Random): void {
    for (const request of this.#running) if (request.next === 0) request.torn?.(random)
    this.abandon()
  }

  /** Requests under way do not happen; none of them answers. */
  abandon(): void {
    this.#running.clear()
    this.#waiting.length = 0
  }

  /** For `ImageFile`: its requests queue with those of the whole disk. */
  get timing(): DiskTiming {
    return this.#timing
  }

  request<T>(
    kind: EventKind,
    digest: number,
    delayUs: number,
    act: () => T,
    torn?: (random: Random) => void,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = () => {
        let result: T
        try {
          result = act()
        } catch (error) {
          this.#scheduler.enter(this.#process, () => reject(error))
          return
        }
        this.#scheduler.enter(this.#process, () => resolve(result))
      }
      this.submit({ kind, digest, steps: [{ delayUs, run }], torn, next: 0 })
    })
  }

  submit(request: Request): void {
    if (!this.#process.alive) return
    if (this.#running.size < this.#timing.parallel) this.#start(request)
    else this.#waiting.push(request)
  }

  answer(callback: () => void): void {
    this.#scheduler.enter(this.#process, callback)
  }

  directoryRequest<T>(path: string, act: (name: string) => T, torn?: (random: Random) => void): Promise<T> {
    const doIt = () => act(normalisePath(path))
    const tear = torn ?? ((random: Random) => void (random.below(2) === 0 && attempt(doIt)))
    return this.request(eventKinds.diskDirectory, path.length, this.#timing.directoryUs(), doIt, tear)
  }

  #start(request: Request): void {
    this.#running.add(request)
    this.#step(request)
  }

  #step(request: Request): void {
    const { delayUs, run } = request.steps[request.next]!
    this.#scheduler.after(delayUs, request.kind, this.#process.machine, request.digest, () => {
      if (!this.#running.has(request)) return
      request.next++
      const more = request.next < request.steps.length
      if (!more) {
        this.#running.delete(request)
        const waiting = this.#waiting.shift()
        if (waiting) this.#start(waiting)
      }
      run()
      if (more) this.#step(request)
    })
  }
}

function attempt(act: () => unknown): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof UnumError)) throw error
  }
}

class ImageFile implements DiskFile {
  readonly #disk: ImageDisk
  readonly #node: FileNode
  readonly #name: string
  #closed = false
  #durableWrite = false

  constructor(disk: ImageDisk, node: FileNode, name: string) {
    this.#disk = disk
    this.#node = node
    this.#name = name
  }

  get size(): number {
    return this.#node.begunSize
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.#request(eventKinds.diskRead, length, this.#disk.timing.readUs(length), () => {
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
      () => this.#node.write(position, bytes),
      (random) => this.#writePart(position, [bytes], random),
    )
  }

  sync(): Promise<void> {
    const point = this.#node.syncPoint()
    return this.#request(eventKinds.diskSync, 0, this.#disk.timing.syncUs(), () => this.#node.syncTo(point))
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
    this.#disk.submit({
      kind: eventKinds.diskSync,
      digest,
      next: 0,
      torn: (random) => this.#writePart(position, chunks, random),
      steps: [
        {
          delayUs: this.#disk.timing.writeUs(length),
          run: () => {
            let at = position
            for (const chunk of chunks) {
              this.#node.write(at, chunk)
              at += chunk.length
            }
            point = this.#node.syncPoint()
          },
        },
        {
          delayUs: this.#disk.timing.syncUs(),
          run: () => {
            this.#node.syncTo(point)
            this.#durableWrite = false
            this.#disk.answer(done)
          },
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
      () => this.#node.truncate(length),
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
