import { UnumError } from '#kernel/base/errors.ts'
import type { Disk, DiskFile, Random } from '#kernel/base/host.ts'
import type { DiskFaults } from './disk-faults.ts'
import { type DiskImage, normalisePath } from './disk-image.ts'
import { ImageFile } from './image-file.ts'
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

/** `'over'`: the steps after this one do not come. */
export type StepEnd = 'over' | undefined

/** One request to the device: its steps follow each other, each after its time. */
interface Request {
  readonly kind: EventKind
  readonly digest: number
  readonly steps: readonly { readonly delayUs: number; readonly run: () => StepEnd }[]
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
  readonly #faults: DiskFaults | undefined
  readonly #running = new Set<Request>()
  readonly #waiting: Request[] = []

  /** @param faults what fails; undefined: nothing does. */
  constructor(image: DiskImage, timing: DiskTiming, scheduler: Scheduler, process: Process, faults?: DiskFaults) {
    this.#image = image
    this.#timing = timing
    this.#scheduler = scheduler
    this.#process = process
    this.#faults = faults
  }

  open(path: string, options: { readonly create: boolean }): Promise<DiskFile> {
    return this.directoryRequest(path, (name) => {
      const node = this.#image.open(name, options.create)
      return new ImageFile(this, this.#image, node, name)
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

  get faults(): DiskFaults | undefined {
    return this.#faults
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
          return undefined
        }
        this.#scheduler.enter(this.#process, () => resolve(result))
        return undefined
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
    const checked = () => {
      this.#faults?.check('directory', path)
      return doIt()
    }
    return this.request(eventKinds.diskDirectory, path.length, this.#timing.directoryUs(), checked, tear)
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
      if (!more) this.#end(request)
      const end = run()
      if (!more) return
      if (end === 'over') this.#end(request)
      else this.#step(request)
    })
  }

  #end(request: Request): void {
    this.#running.delete(request)
    const waiting = this.#waiting.shift()
    if (waiting) this.#start(waiting)
  }
}

function attempt(act: () => unknown): void {
  try {
    act()
  } catch (error) {
    if (!(error instanceof UnumError)) throw error
  }
}
