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
 */

import { assert } from '#kernel/base/errors.ts'
import type { Disk, Random } from '#kernel/base/host.ts'
import { BatchEncoder } from './batch-encoder.ts'
import { alignUp, encodeSegmentHeader, pageBytes, sectorBytes } from './format.ts'
import { GroupState } from './group-state.ts'
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
import { type Segment, SegmentFiles } from './segment-files.ts'
import { Witness } from './witness.ts'
import { writeDurably } from './write-durably.ts'

/** A batch is closed, and the next one begun, before entries would make it larger than this. One entry alone may be. */
export const batchBytesMaxDefault = 16 << 20

export const segmentBytesMin = 16 << 10

/** The largest data of one entry. */
export const entryBytesMax = 256 << 20

/** What an entry takes beside its data, at most: term, kind and length. */
const entryOverheadBytes = 20

/** Encoders kept for batches to come. */
const idleEncodersMax = 2

export interface NodeLogOptions {
  readonly disk: Disk
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

interface ClosedBatch {
  readonly number: number
  readonly segment: Segment
  /** Where to write, the segment's header included. */
  readonly position: number
  /** End of the write. */
  readonly end: number
  readonly chunks: readonly Uint8Array[]
  readonly encoder: BatchEncoder
  /** The segment that is complete with the batch before. */
  readonly completes: Segment | undefined
  /** Segments that nobody needs when this batch is synced. */
  readonly retires: readonly Segment[]
}

class SegmentedNodeLog implements OpenedNodeLog {
  readonly recovery: LogRecovery
  syncedBatch: number
  readonly #options: NodeLogOptions
  readonly #batchBytesMax: number
  readonly #files: SegmentFiles
  readonly #identity: number
  readonly #isNew: boolean
  readonly #mustDescribe: boolean
  /** Those that have got no record yet since the opening: so long somebody may not have asked for them. */
  readonly #recovered: Map<GroupId, RecoveredGroup>
  readonly #groups: Map<GroupId, GroupState>
  /** Of groups removed not long ago: their sequence goes on if they come again. */
  readonly #removed: Map<GroupId, GroupState>
  readonly #witness = new Witness()
  /** Complete segments, the oldest first. */
  readonly #complete: Segment[]
  #completeBytes = 0
  /** Where batches go; undefined before the first. */
  #current: Segment | undefined
  /** How many groups have come into being. */
  #born: number
  /** Number of the last batch that was closed; the one being filled has the next. */
  #lastClosed: number
  /** Groups born up to that batch. */
  #closedBorn: number
  #encoder = new BatchEncoder()
  readonly #idleEncoders: BatchEncoder[] = []
  /** Closed because they were full, not yet written. */
  readonly #waiting: ClosedBatch[] = []
  /** The next to be synced. */
  #writing: ClosedBatch | undefined
  /** It has been given to its segment's file. */
  #isUnderWay = false
  /** `flush` was called for batches up to this one. */
  #flushThrough = 0
  #state: 'open' | 'closing' | 'failed' | 'closed' = 'open'
  #drained: (() => void) | undefined

  constructor(options: NodeLogOptions, log: RecoveredLog) {
    this.#options = options
    this.#batchBytesMax = options.batchBytesMax ?? batchBytesMaxDefault
    this.recovery = log.report
    this.#recovered = log.groups
    this.#groups = log.live
    this.#removed = log.removed
    this.#born = log.born
    this.#closedBorn = log.born
    this.#lastClosed = log.nextBatch - 1
    this.syncedBatch = log.nextBatch - 1
    this.#mustDescribe = log.foundDamage
    this.#isNew = log.identity === undefined
    this.#identity = log.identity ?? newIdentity(options.random)
    this.#complete = log.segments
    for (const { position } of log.segments) this.#completeBytes += position
    this.#files = new SegmentFiles({
      disk: options.disk,
      directory: options.directory,
      segmentBytes: options.segmentBytes,
      nextSegment: log.nextSegment,
      spares: log.spares,
      ready: () => this.#write(),
      failed: (error) => this.#fail(error),
    })
  }

  get recovered(): ReadonlyMap<GroupId, RecoveredGroup> {
    return this.#recovered
  }

  get bytes(): number {
    return this.#completeBytes + (this.#current?.position ?? 0)
  }

  /** Does what has to be durable before anybody uses the log. */
  async begin(): Promise<void> {
    const { id, file } = await this.#files.prepareNow()
    if (this.#isNew) {
      const header = encodeSegmentHeader({ identity: this.#identity, id, firstBatch: 1, born: 0 })
      await writeDurably(file!, 0, [header])
    }
    // What proves a loss may be the header of a torn batch: before anybody acts on it, it is written down.
    if (this.#mustDescribe) {
      const batch = this.#closeBatch()
      batch.segment.filledBytes = Math.max(batch.segment.filledBytes, batch.end)
      await writeDurably(file!, batch.position, batch.chunks)
      this.#finish(batch)
    }
  }

  appendEntries(group: GroupId, entries: readonly LogEntry[]): number {
    const last = entries.at(-1)
    if (!last || this.#state !== 'open') return this.#lastQueued()
    const first = entries[0]!.index
    assert(last.index === first + entries.length - 1, 'entries of one record are consecutive')
    const known = this.#groups.get(group)
    assert(
      first <= (known?.lastIndex ?? 0) + 1 || known?.isDamaged === true,
      'entries follow those that the log holds of the group, or the boundary that was appended before',
    )
    for (let from = 0; from < entries.length; ) {
      const to = this.#fitting(entries, from)
      const state = this.#touch(group)
      this.#encoder.entries(state, entries, from, to)
      state.lastIndex = Math.max(entries[to - 1]!.index, state.boundaryIndex)
      if (state.highestInBatch < state.lastIndex) state.highestInBatch = state.lastIndex
      from = to
    }
    return this.#lastClosed + 1
  }

  appendHardState(group: GroupId, { term, vote }: HardState): number {
    if (this.#state !== 'open') return this.#lastQueued()
    const state = this.#touch(group)
    state.term = term
    state.vote = vote
    this.#encoder.hardState(state)
    return this.#lastClosed + 1
  }

  appendBoundary(group: GroupId, { index, term }: LogBoundary, above: 'keep' | 'forget' = 'keep'): number {
    if (this.#state !== 'open') return this.#lastQueued()
    const state = this.#touch(group)
    assert(index >= state.boundaryIndex, 'a boundary never goes back')
    state.boundaryIndex = index
    state.boundaryTerm = term
    if (above === 'forget' || index > state.lastIndex) state.lastIndex = index
    this.#encoder.boundary(state, above === 'forget')
    return this.#lastClosed + 1
  }

  appendConfiguration(group: GroupId, configuration: Uint8Array): number {
    if (this.#state !== 'open') return this.#lastQueued()
    const state = this.#touch(group)
    state.configuration = configuration
    this.#encoder.configuration(state)
    return this.#lastClosed + 1
  }

  appendRemoval(group: GroupId): number {
    if (this.#state !== 'open' || !this.#groups.has(group)) return this.#lastQueued()
    const state = this.#touch(group)
    state.isRemoved = true
    this.#encoder.removal(state)
    this.#groups.delete(group)
    this.#removed.set(group, state)
    return this.#lastClosed + 1
  }

  flush(): void {
    if (this.#state !== 'open') return
    this.#flushThrough = this.#lastQueued()
    this.#writeNext()
  }

  async close(): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing'
    this.#writeNext()
    if (this.#writing) {
      await new Promise<void>((resolve) => {
        this.#drained = resolve
      })
    }
    this.#state = 'closed'
    await this.#files.close(this.#current)
  }

  #lastQueued(): number {
    return this.#encoder.isEmpty ? this.#lastClosed : this.#lastClosed + 1
  }

  /** The state of a group that is about to get a record, with the record's sequence. */
  #touch(id: GroupId): GroupState {
    let state = this.#groups.get(id)
    if (!state) {
      state = new GroupState(id, this.#removed.get(id)?.sequence ?? 0)
      this.#groups.set(id, state)
      this.#removed.delete(id)
      this.#born++
    }
    state.sequence++
    const number = this.#lastClosed + 1
    if (state.touchedIn !== number) {
      if (state.touchedIn === 0) this.#recovered.delete(id)
      state.touchedIn = number
      this.#witness.touched(state)
    }
    return state
  }

  /**
   * How far entries from `from` on go into the batch that is being filled (exclusive): at least one does. A full batch
   * is closed first. Only entries make a batch full: other records of one turn stay together.
   */
  #fitting(entries: readonly LogEntry[], from: number): number {
    let bytes = this.#encoder.bytes
    let to = from
    for (; to < entries.length; to++) {
      const { length } = entries[to]!.data
      assert(length <= entryBytesMax, 'data of an entry keeps its limit')
      bytes += length + entryOverheadBytes
      if (bytes > this.#batchBytesMax) break
    }
    if (to > from) return to
    if (this.#encoder.isEmpty) return from + 1
    this.#waiting.push(this.#closeBatch())
    return this.#fitting(entries, from)
  }

  /** Ends the batch that is being filled and gives it its place. */
  #closeBatch(): ClosedBatch {
    const encoder = this.#encoder
    const number = ++this.#lastClosed
    const born = this.#born
    const identity = this.#identity
    const chunks: Uint8Array[] = []
    const before = this.#current
    let segment = before
    if (!segment || segment.position + encoder.bytes > this.#options.segmentBytes) {
      segment = this.#current = this.#files.advance()
      if (before) this.#completeSegment(before)
      this.#writeOpening()
      chunks.push(encodeSegmentHeader({ identity, id: segment.id, firstBatch: number, born: this.#closedBorn }))
    } else {
      this.#witness.write(encoder, number, this.#removed)
    }
    for (const group of this.#witness.groups) {
      group.highestInSegment = Math.max(group.highestInSegment, group.highestInBatch)
      group.highestInBatch = 0
    }
    this.#witness.next()
    this.#closedBorn = born

    const start = segment.position
    const bytes = encoder.finish(chunks, start, segment.salt, { identity, number, born })
    segment.position = alignUp(start + bytes, sectorBytes)
    this.#encoder = this.#idleEncoders.pop() ?? new BatchEncoder()
    return {
      number,
      segment,
      position: segment === before ? start : 0,
      end: alignUp(start + bytes, pageBytes),
      chunks,
      encoder,
      completes: segment === before ? undefined : before,
      retires: this.#takeUnneeded(),
    }
  }

  #completeSegment(segment: Segment): void {
    for (const group of this.#groups.values()) {
      if (group.highestInSegment > 0) segment.pins.push({ group, highest: group.highestInSegment })
      group.highestInSegment = 0
    }
    this.#complete.push(segment)
    this.#completeBytes += segment.position
  }

  /** A removal is told of twice at most: in the segment where it is, and in the next one's opening. */
  #writeOpening(): void {
    for (const [id, group] of this.#removed) {
      if (group.isRemovalTold) this.#removed.delete(id)
      else group.isRemovalTold = true
    }
    this.#encoder.opening(this.#groups, this.#removed, this.#born)
  }

  /** Takes off the oldest complete segments while nobody needs them. */
  #takeUnneeded(): Segment[] {
    const complete = this.#complete
    const unneeded: Segment[] = []
    for (let oldest = complete[0]; oldest; oldest = complete[0]) {
      const { pins } = oldest
      for (let pin = pins.at(-1); pin && !pin.group.needs(pin.highest); pin = pins.at(-1)) pins.pop()
      if (pins.length > 0) break
      unneeded.push(complete.shift()!)
      this.#completeBytes -= oldest.position
    }
    return unneeded
  }

  #writeNext(): void {
    if (this.#writing || this.#state === 'failed' || this.#state === 'closed') return
    const waiting = this.#waiting[0]
    if (waiting) {
      if (waiting.number > this.#flushThrough) return
      this.#writing = this.#waiting.shift()
    } else {
      if (this.#encoder.isEmpty || this.#lastClosed >= this.#flushThrough) return
      this.#writing = this.#closeBatch()
    }
    if (this.#writing!.completes) this.#files.complete(this.#writing!.completes)
    this.#write()
  }

  /** Writes the batch whose turn it is, unless its file is not ready for it: then comes here again. */
  #write(): void {
    const batch = this.#writing
    if (!batch || this.#isUnderWay) return
    const { segment, position, end, chunks } = batch
    const { file } = segment
    if (!file || end > segment.fillingFrom) return
    this.#isUnderWay = true
    segment.filledBytes = Math.max(segment.filledBytes, end)
    file.writeDurably(position, chunks, this.#written)
  }

  readonly #written = (error?: Error): void => {
    const batch = this.#writing!
    this.#writing = undefined
    this.#isUnderWay = false
    if (error) this.#fail(error)
    if (this.#state !== 'failed') {
      this.#finish(batch)
      this.#options.events.synced(batch.number)
      this.#writeNext()
    }
    if (!this.#writing) this.#drained?.()
  }

  /** The batch is synced. */
  #finish({ number, segment, encoder, retires }: ClosedBatch): void {
    this.syncedBatch = number
    encoder.reset()
    if (this.#idleEncoders.length < idleEncodersMax) this.#idleEncoders.push(encoder)
    for (const retired of retires) this.#files.retire(retired)
    this.#files.wroteIn(segment)
  }

  #fail(error: Error): void {
    if (this.#state === 'failed' || this.#state === 'closed') return
    this.#state = 'failed'
    this.#waiting.length = 0
    if (!this.#isUnderWay) this.#writing = undefined
    this.#options.events.failed(error)
    if (!this.#writing) this.#drained?.()
  }
}

/** Not 0, so that zeros are nobody's. */
function newIdentity(random: Random): number {
  return 1 + random.uint32() + random.below(0x1_0000) * 0x1_0000_0000
}
