/**
 * What is queued for the log: records become batches here, and batches get their place in a segment. No input or
 * output.
 */

import { assert } from '#kernel/base/errors.ts'
import type { Rarely } from '#kernel/base/rarely.ts'
import { BatchEncoder } from './batch-encoder.ts'
import { alignUp, encodeSegmentHeader, pageBytes, sectorBytes } from './format.ts'
import { GroupState } from './group-state.ts'
import type { GroupId, HardState, LogBoundary, LogEntry } from './node-log-types.ts'
import type { RecoveredLog } from './recovery.ts'
import type { Segment } from './segment-files.ts'
import { Witness } from './witness.ts'

/** The largest data of one entry. */
export const entryBytesMax = 256 << 20

/** What an entry takes beside its data, at most: term, kind and length. */
const entryOverheadBytes = 20

/** Encoders kept for batches to come. */
const idleEncodersMax = 2

/** A batch that only has to be written. */
export interface ClosedBatch {
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

export interface BatchQueueOptions {
  readonly identity: number
  readonly segmentBytes: number
  readonly batchBytesMax: number
  readonly rarely: Rarely
  /** Takes the next segment into use. */
  readonly nextSegment: () => Segment
  /** The group gets its first record since the opening. */
  readonly firstRecord: (id: GroupId) => void
}

export class BatchQueue {
  readonly #options: BatchQueueOptions
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
  /** Closed because they were full. */
  readonly #full: ClosedBatch[] = []

  constructor(log: RecoveredLog, options: BatchQueueOptions) {
    this.#options = options
    this.#groups = log.live
    this.#removed = log.removed
    this.#born = log.born
    this.#closedBorn = log.born
    this.#lastClosed = log.nextBatch - 1
    this.#complete = log.segments
    for (const { position } of log.segments) this.#completeBytes += position
  }

  /** Number of the last batch that has anything in it. */
  get lastBatch(): number {
    return this.#encoder.isEmpty ? this.#lastClosed : this.#lastClosed + 1
  }

  /** Of all segments that are still needed. */
  get bytes(): number {
    return this.#completeBytes + (this.#current?.position ?? 0)
  }

  /** The segment that is being filled. */
  get segment(): Segment | undefined {
    return this.#current
  }

  entries(id: GroupId, entries: readonly LogEntry[]): void {
    const last = entries.at(-1)
    if (!last) return
    const first = entries[0]!.index
    assert(last.index === first + entries.length - 1, 'entries of one record are consecutive')
    const known = this.#groups.get(id)
    assert(
      first <= (known?.lastIndex ?? 0) + 1 || known?.isDamaged === true,
      'entries follow those that the log holds of the group, or the boundary that was appended before',
    )
    for (let from = 0; from < entries.length; ) {
      const to = this.#fitting(entries, from)
      const group = this.#touch(id)
      this.#encoder.entries(group, entries, from, to)
      group.lastIndex = Math.max(entries[to - 1]!.index, group.boundaryIndex)
      if (group.highestInBatch < group.lastIndex) group.highestInBatch = group.lastIndex
      from = to
    }
  }

  hardState(id: GroupId, { term, vote }: HardState): void {
    const group = this.#touch(id)
    group.term = term
    group.vote = vote
    this.#encoder.hardState(group)
  }

  boundary(id: GroupId, { index, term }: LogBoundary, forgetsAbove: boolean): void {
    const group = this.#touch(id)
    assert(index >= group.boundaryIndex, 'a boundary never goes back')
    group.boundaryIndex = index
    group.boundaryTerm = term
    if (forgetsAbove || index > group.lastIndex) group.lastIndex = index
    this.#encoder.boundary(group, forgetsAbove)
  }

  configuration(id: GroupId, configuration: Uint8Array): void {
    const group = this.#touch(id)
    group.configuration = configuration
    this.#encoder.configuration(group)
  }

  removal(id: GroupId): void {
    if (!this.#groups.has(id)) return
    const group = this.#touch(id)
    group.isRemoved = true
    this.#encoder.removal(group)
    this.#groups.delete(id)
    this.#removed.set(id, group)
  }

  /** Takes off the next batch, if its number is at most `through`. */
  next(through: number): ClosedBatch | undefined {
    const full = this.#full[0]
    if (full) return full.number <= through ? this.#full.shift() : undefined
    return this.lastBatch > this.#lastClosed && this.#lastClosed < through ? this.close() : undefined
  }

  /** Ends the batch that is being filled, be it empty, and gives it its place. */
  close(): ClosedBatch {
    const encoder = this.#encoder
    const number = ++this.#lastClosed
    const born = this.#born
    const { identity, segmentBytes, nextSegment, rarely } = this.#options
    const chunks: Uint8Array[] = []
    const before = this.#current
    let segment = before
    if (!segment || segment.position + encoder.bytes > segmentBytes || rarely('log.newSegment')) {
      segment = this.#current = nextSegment()
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

  /** The batch is written: its memory can be used again. */
  release({ encoder }: ClosedBatch): void {
    encoder.reset()
    if (this.#idleEncoders.length < idleEncodersMax) this.#idleEncoders.push(encoder)
  }

  /** Forgets what is full and not taken. */
  clear(): void {
    this.#full.length = 0
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
      if (state.touchedIn === 0) this.#options.firstRecord(id)
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
      if (bytes > this.#options.batchBytesMax) break
    }
    if (to > from) return to
    if (this.#encoder.isEmpty) return from + 1
    this.#full.push(this.close())
    return this.#fitting(entries, from)
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
}
