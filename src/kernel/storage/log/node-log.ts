/**
 * The node log: `openNodeLog` reads what is there, the returned log appends to it (format: docs/formats/node-log.md).
 *
 * Invariants:
 * N1. One batch is under way at a time; the next is written only when it is synced.
 * N2. A segment's first batch ends with an opening: all live groups as they are after that batch.
 * N3. A batch repeats the sequences of the groups with records in the batch before it (and in some further back), but
 *     where it has an opening, which says more.
 * N4. A segment is given up only when the batch is synced after which nothing in it is needed, and the oldest first.
 * N5. No batch number and no segment id is used twice.
 * N6. A batch that found no room is written again as a whole at the same place: nothing of the failed attempt is relied on.
 */

import { assert, UnumError } from '#kernel/base/errors.ts'
import type { Clock, Disk, Random, Timer } from '#kernel/base/host.ts'
import { never, type Rarely } from '#kernel/base/rarely.ts'
import { BatchQueue, type ClosedBatch } from './batch-queue.ts'
import { encodeSegmentHeader } from './format.ts'
import type {
  GroupId,
  HardState,
  LogBoundary,
  LogEntry,
  NodeLog,
  NodeLogEvents,
  RecoveredGroup,
} from './node-log-types.ts'
import { type LogRecovery, type RecoveredLog, recoverLog } from './recovery.ts'
import { fullDiskRetryMs, SegmentFiles } from './segment-files.ts'
import { writeDurably } from './write-durably.ts'

/** A batch is closed, and the next one begun, before entries would make it larger than this. One entry alone may be. */
export const batchBytesMaxDefault = 16 << 20

export const segmentBytesMin = 16 << 10

export interface NodeLogOptions {
  readonly disk: Disk
  readonly clock: Pick<Clock, 'timer' | 'sleep'>
  /** For the identity of a log that is begun. */
  readonly random: Random
  /** Made where it does not exist. Files in it with other names than the log's are left alone. */
  readonly directory: string
  /**
   * A segment is complete when the next batch would make it larger than this. `segmentBytesMin` or more; much more than
   * all groups' descriptions take, which open each segment. What is not flushed is read at the next start: smaller
   * segments are given up sooner, larger ones need fewer openings.
   */
  readonly segmentBytes: number
  /** Default: `batchBytesMaxDefault`. */
  readonly batchBytesMax?: number
  readonly rarely?: Rarely
  readonly events: NodeLogEvents
}

/** A node log with what was found when it was opened. */
export interface OpenedNodeLog extends NodeLog {
  readonly recovery: LogRecovery
}

/**
 * Opens the log of a disk, or begins one. What it recovers is durable when it resolves. All entries above the groups'
 * boundaries are read into memory: an owner that flushes its groups often enough bounds it.
 * @throws UnumError `FORMAT_UNKNOWN`, `DATA_DAMAGED` where it cannot be known which groups are damaged, `DISK_FAILED`,
 * `DISK_FULL`
 */
export async function openNodeLog(options: NodeLogOptions): Promise<OpenedNodeLog> {
  assert(options.segmentBytes >= segmentBytesMin, 'a segment is not smaller than its limit')
  await options.disk.makeDirectory(options.directory)
  const recovered = await recoverLog(options.disk, options.directory)
  const log = new SegmentedNodeLog(options, recovered)
  try {
    await log.begin()
  } catch (error) {
    await log.close()
    throw error
  }
  return log
}

class SegmentedNodeLog implements OpenedNodeLog {
  readonly recovery: LogRecovery
  syncedBatch: number
  readonly #log: RecoveredLog
  readonly #clock: Pick<Clock, 'timer' | 'sleep'>
  readonly #events: NodeLogEvents
  readonly #identity: number
  readonly #files: SegmentFiles
  readonly #queue: BatchQueue
  /** The next to be synced. */
  #writing: ClosedBatch | undefined
  /** It has been given to its segment's file. */
  #isUnderWay = false
  /** Until the next attempt on a full disk. */
  #retry: Timer | undefined
  #isFull = false
  /** `flush` was called for batches up to this one. */
  #flushThrough = 0
  #state: 'open' | 'closing' | 'failed' | 'closed' = 'open'
  #drained: (() => void) | undefined

  constructor(options: NodeLogOptions, log: RecoveredLog) {
    const { disk, clock, directory, segmentBytes, batchBytesMax = batchBytesMaxDefault, rarely = never } = options
    this.#log = log
    this.#clock = clock
    this.#events = options.events
    this.recovery = log.report
    this.syncedBatch = log.nextBatch - 1
    this.#identity = log.identity ?? newIdentity(options.random)
    this.#files = new SegmentFiles({
      ...{ disk, clock, directory, segmentBytes, rarely, nextSegment: log.nextSegment, spares: log.spares },
      ready: () => this.#write(),
      full: () => this.#tellFull(true),
      // No batch may come to show it: where nobody has room, nobody campaigns, and without a leader nothing is written.
      hasRoom: () => {
        if (!this.#retry) this.#tellFull(false)
      },
      failed: (error) => this.#fail(error),
    })
    this.#queue = new BatchQueue(log, {
      ...{ identity: this.#identity, segmentBytes, batchBytesMax, rarely },
      nextSegment: () => this.#files.advance(),
      firstRecord: (group) => void log.groups.delete(group),
    })
  }

  get recovered(): ReadonlyMap<GroupId, RecoveredGroup> {
    return this.#log.groups
  }

  get bytes(): number {
    return this.#queue.bytes
  }

  /** Does what has to be durable before anybody uses the log. */
  async begin(): Promise<void> {
    const { id, file } = await this.#files.prepareNow()
    if (this.#log.identity === undefined) {
      const header = encodeSegmentHeader({ identity: this.#identity, id, firstBatch: 1, born: 0 })
      await writeDurably(file!, 0, [header])
    }
    // What proves a loss may be the header of a torn batch: before anybody acts on it, it is written down.
    if (this.#log.foundDamage) {
      const batch = this.#queue.close()
      batch.segment.filledBytes = Math.max(batch.segment.filledBytes, batch.end)
      await writeDurably(file!, batch.position, batch.chunks)
      this.#finish(batch)
    }
  }

  appendEntries(group: GroupId, entries: readonly LogEntry[]): number {
    if (this.#state === 'open') this.#queue.entries(group, entries)
    return this.#queue.lastBatch
  }

  appendHardState(group: GroupId, state: HardState): number {
    if (this.#state === 'open') this.#queue.hardState(group, state)
    return this.#queue.lastBatch
  }

  appendBoundary(group: GroupId, boundary: LogBoundary, above: 'keep' | 'forget' = 'keep'): number {
    if (this.#state === 'open') this.#queue.boundary(group, boundary, above === 'forget')
    return this.#queue.lastBatch
  }

  appendConfiguration(group: GroupId, configuration: Uint8Array): number {
    if (this.#state === 'open') this.#queue.configuration(group, configuration)
    return this.#queue.lastBatch
  }

  appendRemoval(group: GroupId): number {
    if (this.#state === 'open') this.#queue.removal(group)
    return this.#queue.lastBatch
  }

  flush(): void {
    if (this.#state !== 'open') return
    this.#flushThrough = this.#queue.lastBatch
    this.#writeNext()
  }

  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing'
    this.#writeNext()
    if (this.#isFull) this.#giveUp()
    if (this.#writing) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve
      })
    }
    this.#state = 'closed'
    await this.#files.close(this.#queue.segment)
  }

  #writeNext(): void {
    if (this.#writing || this.#state === 'failed' || this.#state === 'closed') return
    const batch = this.#queue.next(this.#flushThrough)
    if (!batch) return
    this.#writing = batch
    if (batch.completes) this.#files.complete(batch.completes)
    this.#write()
  }

  /** Writes the batch whose turn it is, unless its file is not ready for it: then comes here again. */
  #write(): void {
    const batch = this.#writing
    if (!batch || this.#isUnderWay || this.#retry) return
    const { segment, position, end, chunks } = batch
    const { file } = segment
    if (!file || end > segment.fillingFrom) return
    this.#isUnderWay = true
    segment.filledBytes = Math.max(segment.filledBytes, end)
    file.writeDurably(position, chunks, this.#written)
  }

  readonly #written = (error?: Error): void => {
    const batch = this.#writing!
    this.#isUnderWay = false
    if (error instanceof UnumError && error.code === 'DISK_FULL' && this.#state !== 'failed') {
      this.#tryAgainLater()
      return
    }
    this.#writing = undefined
    if (error) this.#fail(error)
    else this.#tellFull(false)
    if (this.#state !== 'failed') {
      this.#finish(batch)
      this.#events.synced(batch.number)
      this.#writeNext()
    }
    if (!this.#writing) this.#drained?.()
  }

  #tryAgainLater(): void {
    if (this.#state === 'open') {
      this.#retry = this.#clock.timer(fullDiskRetryMs, () => {
        this.#retry = undefined
        this.#write()
      })
    } else this.#giveUp()
    this.#tellFull(true)
  }

  /** Nobody was promised what is not synced: a log that is closed does not wait for room. */
  #giveUp(): void {
    this.#retry?.cancel()
    this.#retry = undefined
    this.#queue.clear()
    if (!this.#isUnderWay) this.#writing = undefined
    this.#drained?.()
  }

  #tellFull(isFull: boolean): void {
    if (!isFull && !this.#isFull) return
    this.#isFull = isFull
    if (this.#state === 'open') this.#events.full(isFull)
  }

  /** The batch is synced. */
  #finish(batch: ClosedBatch): void {
    this.syncedBatch = batch.number
    this.#queue.release(batch)
    for (const retired of batch.retires) this.#files.retire(retired)
    this.#files.wroteIn(batch.segment)
  }

  #fail(error: Error): void {
    if (this.#state === 'failed' || this.#state === 'closed') return
    this.#state = 'failed'
    this.#retry?.cancel()
    this.#queue.clear()
    if (!this.#isUnderWay) this.#writing = undefined
    this.#events.failed(error)
    if (!this.#writing) this.#drained?.()
  }
}

/** Not 0, so that zeros are nobody's. */
function newIdentity(random: Random): number {
  return 1 + random.uint32() + random.below(0x1_0000) * 0x1_0000_0000
}
