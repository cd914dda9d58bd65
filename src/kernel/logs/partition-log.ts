import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { assert, UnumError } from '#kernel/base/errors.ts'
import type { Clock, Disk } from '#kernel/base/host.ts'
import type { LogBoundary } from '#kernel/storage/log/node-log-types.ts'
import type { TreeSnapshot } from '#kernel/storage/tables/tree.ts'
import {
  baseOffsetAt,
  baseSequenceAt,
  batchBytesAt,
  batchHeadBytes,
  lastOffsetDeltaAt,
  maxTimestampAt,
  nextOffsetAt,
  producerEpochAt,
  producerIdAt,
} from './batch.ts'
import { type Checkpoint, decodeCheckpoint, emptyCheckpoint, encodeCheckpoint } from './checkpoint.ts'
import { LeaderEpochs } from './epochs.ts'
import { PartitionSnapshot } from './partition-snapshot.ts'
import { Producers, sequenceAfter, writeProducers } from './producers.ts'
import { Segment, segmentName } from './segment.ts'
import { cutBatches, readBatches } from './stored-batches.ts'
import { Tail } from './tail.ts'

export const checkpointName = 'checkpoint'
const checkpointNextName = 'checkpoint.next'

/** Bytes that are written at a time, about: more of them wait for the next write. */
const writeBytesGoal = 4 << 20
const fullDiskRetryMs = 1000

export interface PartitionLogOptions {
  readonly disk: Disk
  readonly clock: Pick<Clock, 'sleep'>
  /** The partition's own. */
  readonly directory: string
  /** A segment is complete when the next batches would make it larger. */
  readonly segmentBytes: () => number
  /** The segments cannot be written for now, or can again. */
  readonly full: (isFull: boolean) => void
  /** A write or sync failed. */
  readonly failed: (error: Error) => void
}

interface Write {
  readonly segment: Segment
  readonly position: number
  readonly bytes: Uint8Array
}

/**
 * A replica's committed batches: in segments as they came, the newest of them also in memory, where consumers that keep up read.
 *
 * Invariants:
 * P1. What is appended is committed: nothing is ever taken back, and offsets have no holes.
 * P2. The checkpoint on disk never says more than the segments hold durably; what they hold beyond it is of entries that the group's log
 *     still has, and is cut at the next opening.
 * P3. A file is removed only when the durable checkpoint does not name it.
 */
export class PartitionLog {
  readonly #options: PartitionLogOptions
  readonly epochs: LeaderEpochs
  readonly producers: Producers
  startOffset: number
  nextOffset: number
  #segments: Segment[]
  /** No longer part of the log; files that the next checkpoint does not name. */
  #removed: Segment[] = []
  readonly #tail = new Tail()
  /** The durable checkpoint. */
  #checkpoint: Checkpoint
  #writes: Write[] = []
  #writing: Promise<void> | undefined
  /** All bytes that were appended since the opening, and those of them that are in files. */
  #appendedBytes = 0
  #writtenBytes = 0
  #waiters: { readonly bytes: number; readonly resolve: () => void }[] = []
  #hasFailed = false
  /** Appended and not part of a checkpoint. */
  unflushedBytes = 0
  #isClosed = false

  private constructor(options: PartitionLogOptions, checkpoint: Checkpoint, segments: Segment[]) {
    this.#options = options
    this.epochs = new LeaderEpochs(checkpoint.epochs)
    // A copy of its own: partitions that begin begin with one and the same empty checkpoint.
    this.producers = new Producers(checkpoint.producers)
    this.startOffset = checkpoint.startOffset
    this.nextOffset = checkpoint.nextOffset
    this.#checkpoint = checkpoint
    this.#segments = segments
  }

  /**
   * Opens what is there, or begins.
   * @throws UnumError `DATA_DAMAGED`, `FORMAT_UNKNOWN`, `DISK_FAILED`, `DISK_FULL`
   */
  static async open(options: PartitionLogOptions): Promise<PartitionLog> {
    const { disk, directory } = options
    await disk.makeDirectory(directory)
    const names = await disk.list(directory)
    const checkpoint = names.includes(checkpointName)
      ? decodeCheckpoint(await readWhole(disk, `${directory}/${checkpointName}`))
      : emptyCheckpoint
    const segments = checkpoint.segments.map((row) => new Segment(disk, directory, row))
    const kept = new Set(segments.map(({ path }) => path))
    for (const name of names) {
      const path = `${directory}/${name}`
      if (name.endsWith('.log') ? !kept.has(path) : name === checkpointNextName) await disk.remove(path)
    }
    const present = new Set(names)
    for (const segment of segments) {
      if (!present.has(segmentName(segment.baseOffset)) && segment.bytes > 0) {
        throw new UnumError('DATA_DAMAGED', `${segment.path} is missing`)
      }
    }
    const last = segments.at(-1)
    if (last && present.has(segmentName(last.baseOffset))) await last.cut()
    return new PartitionLog(options, checkpoint, segments)
  }

  /** Of all segments. */
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  /** Rising; the last is written to. */
  get segments(): readonly Segment[] {
    return this.#segments
  }

  /** Of all records; -1: there are none. */
  get maxTimestamp(): number {
    return this.#segments.reduce((latest, segment) => Math.max(latest, segment.maxTimestamp), -1)
  }

  /** What the durable checkpoint ends with. */
  get flushed(): LogBoundary {
    return this.#checkpoint.boundary
  }

  get configuration(): Uint8Array {
    return this.#checkpoint.configuration
  }

  /** The flushed state, for another replica. */
  snapshot(): TreeSnapshot {
    const named = new Set(this.#checkpoint.segments.map(({ baseOffset }) => baseOffset))
    const segments = [...this.#removed, ...this.#segments].filter(({ baseOffset }) => named.has(baseOffset))
    return new PartitionSnapshot(this.#checkpoint, segments)
  }

  /** Takes batches that are committed, with their offsets, which continue the log. The bytes stay as they are. */
  append(bytes: Uint8Array, start: number, end: number): void {
    assert(baseOffsetAt(bytes, start) === this.nextOffset, 'batches follow each other without a hole')
    const baseOffset = this.nextOffset
    for (let from = start; from < end; from += batchBytesAt(bytes, from)) {
      this.#noteProducer(bytes, from)
      this.nextOffset = nextOffsetAt(bytes, from)
    }
    const segment = this.#segmentFor(baseOffset, end - start)
    this.#writes.push({ segment, position: segment.bytes, bytes: bytes.subarray(start, end) })
    segment.appended(bytes, start, end)
    this.#tail.push({ baseOffset, nextOffset: this.nextOffset, bytes, start, end })
    this.unflushedBytes += end - start
    this.#appendedBytes += end - start
  }

  /** Begins writing what was appended; call it once for all that a turn has. */
  write(): void {
    if (this.#writes.length === 0 || this.#isClosed || this.#hasFailed) return
    this.#writing ??= this.#writeAll()
  }

  #noteProducer(bytes: Uint8Array, start: number): void {
    const producerId = producerIdAt(bytes, start)
    if (producerId < 0) return
    const firstSequence = baseSequenceAt(bytes, start)
    if (firstSequence < 0) return
    this.producers.note(producerId, producerEpochAt(bytes, start), {
      firstSequence,
      lastSequence: sequenceAfter(firstSequence, lastOffsetDeltaAt(bytes, start)),
      baseOffset: baseOffsetAt(bytes, start),
      timestamp: maxTimestampAt(bytes, start),
    })
  }

  #segmentFor(baseOffset: number, bytes: number): Segment {
    const last = this.#segments.at(-1)
    if (last && (last.bytes === 0 || last.bytes + bytes <= this.#options.segmentBytes())) return last
    return this.#begin(baseOffset)
  }

  #begin(baseOffset: number): Segment {
    const { disk, directory } = this.#options
    const segment = new Segment(disk, directory, { baseOffset, bytes: 0, maxTimestamp: -1 })
    this.#segments.push(segment)
    return segment
  }

  /** Completes the segment that is written to, unless it is empty. */
  roll(): void {
    if ((this.#segments.at(-1)?.bytes ?? 0) > 0) this.#begin(this.nextOffset)
  }

  async #writeAll(): Promise<void> {
    while (this.#writes.length > 0 && !this.#isClosed && !this.#hasFailed) {
      const { segment, position } = this.#writes[0]!
      let count = 0
      let length = 0
      for (const write of this.#writes) {
        if (write.segment !== segment || (length > 0 && length + write.bytes.length > writeBytesGoal)) break
        count++
        length += write.bytes.length
      }
      const bytes = count === 1 ? this.#writes[0]!.bytes : joined(this.#writes.slice(0, count), length)
      try {
        await segment.write(position, bytes)
        this.#options.full(false)
        this.#writes.splice(0, count)
        this.#writtenBytes += length
        this.#tellWaiters()
      } catch (error) {
        if (!(error instanceof UnumError) || error.code !== 'DISK_FULL') {
          this.#hasFailed = true
          this.#options.failed(error as Error)
          break
        }
        this.#options.full(true)
        await this.#options.clock.sleep(fullDiskRetryMs)
      }
    }
    // At once: who appends from here on must begin anew.
    this.#writing = undefined
    this.#tellWaiters()
  }

  #tellWaiters(): void {
    const isOver = this.#isClosed || this.#hasFailed
    const ready = this.#waiters.filter(({ bytes }) => isOver || this.#writtenBytes >= bytes)
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter))
    for (const { resolve } of ready) resolve()
  }

  /** What was appended so far is in the files, though not synced. @throws UnumError `STOPPED`, `DISK_FAILED` */
  async #written(): Promise<void> {
    const bytes = this.#appendedBytes
    this.write()
    if (this.#writtenBytes < bytes && this.#writing !== undefined) {
      await new Promise<void>((resolve) => this.#waiters.push({ bytes, resolve }))
    }
    if (this.#writtenBytes >= bytes) return
    if (this.#hasFailed) throw new UnumError('DISK_FAILED', 'Records could not be written')
    throw new UnumError('STOPPED', 'The partition is closed')
  }

  /**
   * Makes what was appended so far durable in the segments, `boundary` being the entry that it ends with.
   * @throws UnumError `DISK_FULL`, `DISK_FAILED`
   */
  async flush(boundary: LogBoundary, configuration: Uint8Array): Promise<void> {
    const { disk, directory } = this.#options
    const { unflushedBytes } = this
    const segments = [...this.#segments]
    const removed = this.#removed
    const checkpoint: Checkpoint = {
      boundary,
      configuration,
      startOffset: this.startOffset,
      nextOffset: this.nextOffset,
      segments: segments.map(({ row }) => row),
      epochs: [...this.epochs.starts],
      producers: new Producers(this.producers),
    }
    const encoded = encodeCheckpoint(checkpoint)
    await this.#written()
    for (const segment of segments) if (segment.isDirty) await segment.sync()
    for (const segment of segments.slice(0, -1)) {
      if (!segment.hasIndexFile) await segment.writeIndex()
    }
    await writeWhole(disk, `${directory}/${checkpointNextName}`, encoded)
    // The names of new segments, before the checkpoint names them (P2).
    await disk.syncDirectory(directory)
    await disk.rename(`${directory}/${checkpointNextName}`, `${directory}/${checkpointName}`)
    await disk.syncDirectory(directory)
    this.#checkpoint = checkpoint
    this.unflushedBytes -= unflushedBytes
    this.#removed = this.#removed.filter((segment) => !removed.includes(segment))
    for (const segment of removed) await segment.remove()
    for (const segment of segments.slice(0, -1)) await segment.close()
  }

  /** What lies below is no longer needed in memory: it is flushed. */
  releaseBelow(offset: number): void {
    this.#tail.releaseBelow(offset)
  }

  /** Records below are gone. Their files go with the next flush but one. */
  moveStart(offset: number): void {
    if (offset <= this.startOffset) return
    this.startOffset = Math.min(offset, this.nextOffset)
    this.epochs.cutBelow(this.startOffset)
    while (this.#segments.length > 1 && this.#segments[1]!.baseOffset <= this.startOffset) {
      this.#removed.push(this.#segments.shift()!)
    }
  }

  /**
   * Whole batches from the one that holds `offset` on, at most `bytesMax` but at least one: at once from memory, else from a segment.
   * `offset` from `startOffset` to below `nextOffset`.
   */
  read(offset: number, bytesMax: number): readonly Uint8Array[] | Promise<readonly Uint8Array[]> {
    assert(offset >= this.startOffset && offset < this.nextOffset, 'what is read is there')
    return this.#tail.read(offset, bytesMax) ?? this.#readFile(offset, bytesMax)
  }

  async #readFile(offset: number, bytesMax: number): Promise<readonly Uint8Array[]> {
    const segment = this.#segments.findLast(({ baseOffset }) => baseOffset <= offset)
    if (!segment) return []
    const end = this.#durableBytes(segment)
    const index = await segment.index(end)
    const position = index.positionOf(offset)
    const first = index.firstOffsetOf(offset) ?? segment.baseOffset
    // The index is sparse: the batch is within the next interval, or large.
    for (let length = Math.max(bytesMax, readBytesMin); ; length *= 2) {
      const bytes = await segment.read(position, Math.min(length, end - position))
      const found = cutBatches(bytes, first, offset, bytesMax, this.#epochAt)
      if (found !== undefined) return [found]
      if (position + length >= end) {
        throw new UnumError('DATA_DAMAGED', `${segment.path} does not hold offset ${offset}`)
      }
    }
  }

  /** Epochs below the log's start are forgotten. */
  readonly #epochAt = (offset: number): number => (offset < this.startOffset ? -1 : this.epochs.at(offset))

  /** What the checkpoint says is in it: what is behind is in memory, and may be on its way to the file. */
  #durableBytes({ baseOffset }: Segment): number {
    return this.#checkpoint.segments.find((row) => row.baseOffset === baseOffset)?.bytes ?? 0
  }

  /** Where to begin looking for the first record that is not older than `timestamp`; undefined: all are older. */
  async batchOfTime(timestamp: number): Promise<Uint8Array | undefined> {
    await this.#written()
    for (const segment of [...this.#segments]) {
      const end = segment.bytes
      if (segment.maxTimestamp < timestamp || end === 0) continue
      const index = await segment.index(end)
      let position = index.positionOfTime(timestamp)
      while (position < end) {
        const head = await segment.read(position, Math.min(readBytesMin, end - position))
        let at = 0
        for (; at + batchHeadBytes <= head.length; ) {
          const length = batchBytesAt(head, at)
          if (length < batchHeadBytes) break
          const isInside = nextOffsetAt(head, at) > this.startOffset
          if (maxTimestampAt(head, at) >= timestamp && isInside) return segment.read(position + at, length)
          at += length
        }
        if (at === 0) throw new UnumError('DATA_DAMAGED', `${segment.path}: no batch at ${position}`)
        position += at
      }
    }
    return undefined
  }

  /** Reads all that the checkpoint names. @throws UnumError `DATA_DAMAGED`, `DISK_FAILED` */
  async verify(): Promise<void> {
    for (const segment of [...this.#segments]) {
      segment.hold()
      try {
        await readBatches(segment, this.#durableBytes(segment), this.#epochAt)
      } finally {
        segment.release()
      }
    }
  }

  /**
   * Over the bytes of all batches that hold a record, as the files have them, and what is known of producers and epochs: equal on all
   * replicas with the same end.
   * @returns undefined where anything was appended or removed meanwhile
   * @throws UnumError `DATA_DAMAGED`, `DISK_FAILED`
   */
  async digest(): Promise<string | undefined> {
    const { nextOffset, startOffset } = this
    const writer = new ByteWriter(1024)
    writeProducers(writer, this.producers)
    for (const { epoch, startOffset: from } of this.epochs.starts) {
      writer.varint(epoch)
      writer.uint64(from)
    }
    const state = crc32c(writer.view())
    let records = 0
    let batches = 0
    await this.#written()
    for (const segment of [...this.#segments]) {
      await readBatches(segment, segment.bytes, this.#epochAt, (bytes, from, to) => {
        if (nextOffsetAt(bytes, from) <= startOffset) return
        batches++
        records = crc32c(bytes, from, to, records)
      })
    }
    if (this.nextOffset !== nextOffset || this.startOffset !== startOffset) return undefined
    return [startOffset, nextOffset, batches, records.toString(16), state.toString(16)].join('-')
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#writing
    for (const segment of [...this.#segments, ...this.#removed]) await segment.close()
  }
}

const readBytesMin = 128 << 10

function joined(writes: readonly Write[], length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const write of writes) {
    bytes.set(write.bytes, at)
    at += write.bytes.length
  }
  return bytes
}

export async function readWhole(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, { create: false })
  try {
    return await file.read(0, file.size)
  } finally {
    await file.close()
  }
}

async function writeWhole(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(path, { create: true })
  try {
    await file.truncate(bytes.length)
    await file.write(0, bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}
