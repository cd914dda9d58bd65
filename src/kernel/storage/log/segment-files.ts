/**
 * The files of the log's segments: made ready before they are needed, filled ahead of the writer, used again.
 *
 * Overwriting blocks that a file already has syncs much faster than appending (no metadata is written), so
 *
 * - a segment that nobody needs any more becomes a spare, whose blocks the next one takes over;
 * - a file without blocks is filled with zeros ahead of the writer, by as much as has been written to it so far: a log
 *   that is little used stays small.
 *
 * Everything here is background work, one step after the other. Only two things reach the hot path: a segment's `file`,
 * undefined until it is ready, and `fillingFrom`, beyond which a write would meet zeros that are under way.
 */

import { UnumError } from '#kernel/base/errors.ts'
import type { Clock, Disk, DiskFile } from '#kernel/base/host.ts'
import type { Rarely } from '#kernel/base/rarely.ts'
import { alignUp, pageBytes, segmentFileName, segmentHeaderBytes, segmentSalt } from './format.ts'
import type { GroupState } from './group-state.ts'

/** A file is filled ahead when so much has been written to it, or a quarter of a segment. */
const fillAfterBytes = 64 << 10

/** Filled at once, at most. */
const fillBytesMax = 256 << 10

/** How long after an attempt that found the disk full the next one is made. */
export const fullDiskRetryMs = 200

/** Spare files kept. */
const sparesMax = 2

export interface Segment {
  readonly id: number
  readonly salt: number
  /** Open for writing; undefined until it is ready, and when the segment is complete. */
  file: DiskFile | undefined
  /** Where the next batch will start. */
  position: number
  /** Up to here the file has blocks, or a write under way gives it some. */
  filledBytes: number
  /** Filling is under way, or is not tried again. */
  isFilling: boolean
  /** Zeros are being written from here on; infinite where none are. */
  fillingFrom: number
  /** Groups with entries in it that may still be needed, and the highest index of each. Gets shorter from the end. */
  pins: { readonly group: GroupState; readonly highest: number }[]
}

export interface SegmentFilesOptions {
  readonly disk: Disk
  readonly clock: Pick<Clock, 'timer' | 'sleep'>
  readonly directory: string
  readonly segmentBytes: number
  readonly rarely: Rarely
  /** Id of the first segment to be written. */
  readonly nextSegment: number
  /** Names of files to be used again. */
  readonly spares: readonly string[]
  /** A file has become ready, or is filled: what waited for it can go on. */
  readonly ready: () => void
  /** The disk had no room; it is tried again. */
  readonly full: () => void
  /** What had no room has found some. */
  readonly hasRoom: () => void
  readonly failed: (error: Error) => void
}

export class SegmentFiles {
  readonly #options: SegmentFilesOptions
  readonly #spares: string[]
  #next: Segment
  #isPreparing = false
  #work: Promise<void> = Promise.resolve()
  #isClosing = false
  #isClosed = false

  constructor(options: SegmentFilesOptions) {
    this.#options = options
    this.#spares = [...options.spares]
    this.#next = newSegment(options.nextSegment, 0)
  }

  /** Makes the file of the next segment ready, unless that has been started. */
  prepare(): void {
    if (this.#isPreparing) return
    this.#isPreparing = true
    const segment = this.#next
    this.#later(() => {
      if (this.#options.rarely('log.noRoom')) {
        throw new UnumError('DISK_FULL', 'Cannot begin a segment: a fault point says so')
      }
      return this.#makeReady(segment)
    })
  }

  /** The same, where there is time to wait. @throws what `failed` is told otherwise */
  async prepareNow(): Promise<Segment> {
    this.#isPreparing = true
    await this.#makeReady(this.#next)
    return this.#next
  }

  /** Takes the next segment into use. */
  advance(): Segment {
    this.prepare()
    const segment = this.#next
    this.#next = newSegment(segment.id + 1, 0)
    this.#isPreparing = false
    return segment
  }

  /** After a batch in `segment` was synced: sees to it that the next ones find blocks, and a next segment. */
  wroteIn(segment: Segment): void {
    const { segmentBytes } = this.#options
    const { position, filledBytes } = segment
    if (position * 2 > segmentBytes) this.prepare()
    const ahead = Math.min(fillBytesMax, alignUp(position, pageBytes))
    if (segment.isFilling || position < Math.min(fillAfterBytes, segmentBytes / 4)) return
    if (filledBytes >= segmentBytes || filledBytes - position > ahead / 2) return
    segment.isFilling = true
    this.#later(() => this.#fill(segment, ahead))
  }

  /** No batch is written to the segment any more. */
  complete(segment: Segment): void {
    this.#later(async () => {
      await segment.file?.close()
      segment.file = undefined
    })
  }

  /**
   * Nobody needs the segment any more. Segments are removed one after the other, each durably: what is left is always
   * the end of the log without a gap.
   */
  retire(segment: Segment): void {
    const { disk, directory, segmentBytes } = this.#options
    const name = segmentFileName(segment.id, 'log')
    const isFit = segment.filledBytes * 2 > segmentBytes && segment.filledBytes < 2 * segmentBytes
    this.#later(async () => {
      if (isFit && this.#spares.length < sparesMax) {
        const spare = segmentFileName(segment.id, 'spare')
        await disk.rename(`${directory}/${name}`, `${directory}/${spare}`)
        this.#spares.push(spare)
      } else {
        await disk.remove(`${directory}/${name}`)
      }
    })
    this.#later(() => disk.syncDirectory(directory))
  }

  /** Resolves when all that was begun is done, or found the disk full, and the files of `open` and of the next segment are closed. */
  async close(open: Segment | undefined): Promise<void> {
    this.#isClosing = true
    await this.#work
    this.#isClosed = true
    await open?.file?.close()
    await this.#next.file?.close()
  }

  async #makeReady(segment: Segment): Promise<void> {
    const { disk, directory, ready } = this.#options
    const path = `${directory}/${segmentFileName(segment.id, 'log')}`
    const spare = this.#spares.shift()
    if (spare !== undefined) await disk.rename(`${directory}/${spare}`, path)
    const file = await disk.open(path, { create: spare === undefined })
    await disk.syncDirectory(directory)
    segment.filledBytes = Math.floor(file.size / pageBytes) * pageBytes
    segment.file = file
    ready()
  }

  async #fill(segment: Segment, bytes: number): Promise<void> {
    const { file, filledBytes } = segment
    if (!file) return
    segment.fillingFrom = filledBytes
    segment.filledBytes += bytes
    try {
      await file.write(filledBytes, new Uint8Array(bytes))
      await file.sync()
      segment.isFilling = false
    } catch (error) {
      // A full disk is for the writer to meet, if it comes that far.
      if (!isDiskFull(error)) throw error
    }
    segment.fillingFrom = Number.POSITIVE_INFINITY
    this.#options.ready()
  }

  #later(step: () => Promise<void>): void {
    this.#work = this.#work
      .then(() => this.#do(step))
      .catch((error: Error) => {
        this.#isClosed = true
        this.#options.failed(error)
      })
  }

  async #do(step: () => Promise<void>): Promise<void> {
    let wasFull = false
    while (!this.#isClosed) {
      try {
        await step()
        if (wasFull) this.#options.hasRoom()
        return
      } catch (error) {
        if (!isDiskFull(error)) throw error
        if (this.#isClosing) return
        wasFull = true
        this.#options.full()
        await this.#options.clock.sleep(fullDiskRetryMs)
      }
    }
  }
}

function isDiskFull(error: unknown): boolean {
  return error instanceof UnumError && error.code === 'DISK_FULL'
}

export function newSegment(id: number, filledBytes: number): Segment {
  return {
    id,
    salt: segmentSalt(id),
    file: undefined,
    position: segmentHeaderBytes,
    filledBytes,
    isFilling: false,
    fillingFrom: Number.POSITIVE_INFINITY,
    pins: [],
  }
}
