/**
 * One incarnation of a group while the log is read.
 *
 * A record's sequence that does not follow the one before, or a witness that names a later one, shows that records are
 * missing: any of their kinds, so everything known of the group is in doubt. What is read afterwards takes doubts away
 * again:
 *
 * 1. A record of entries from index f on supersedes all that was there: only entries below f are in doubt.
 * 2. An opening states hard state, configuration, boundary and last index anew: what is in doubt then is entries up to
 *    the last.
 * 3. Entries at and below the boundary are not needed: doubts about them are none.
 *
 * A group with a doubt left at the end is damaged. So a missing segment that nobody needs any more harms nobody.
 */

import type { ByteReader } from '#kernel/base/byte-reader.ts'
import { copyBytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { GroupState } from './group-state.ts'
import type { GroupId, LogEntry, RecoveredGroup } from './node-log-types.ts'

const everything = Number.MAX_SAFE_INTEGER

export class ReplayedGroup {
  readonly state: GroupState
  /** Number of the last batch that confirmed the group's sequence. */
  confirmedIn = 0
  /** Consecutive; what lies at or below `#floor` is left out. */
  #entries: LogEntry[] = []
  /** Entries at or below it are known to be needed no more, from an opening further on. */
  readonly #floor: number
  #doubtsDescription = false
  /** Entries at or below it are in doubt. */
  #doubtedThrough = 0

  constructor(id: GroupId, sequence: number, floor: number) {
    this.state = new GroupState(id, sequence)
    this.#floor = floor
  }

  /** Records are missing. */
  doubt(): void {
    this.#doubtsDescription = true
    this.#doubtedThrough = everything
  }

  /** Reads the entries of a record from `first` on. @throws UnumError `DATA_DAMAGED` */
  readEntries(first: number, count: number, reader: ByteReader): void {
    if (!Number.isSafeInteger(first + count)) {
      throw new UnumError('DATA_DAMAGED', `A record has ${count} entries from ${first} on: beyond 2^53 - 1`)
    }
    const { state } = this
    if (first > state.lastIndex + 1) this.#doubtedThrough = first - 1
    else this.#doubtedThrough = Math.min(this.#doubtedThrough, first - 1)
    this.#cutFrom(first)
    const unneeded = Math.max(this.#floor, state.boundaryIndex)
    for (let index = first; index < first + count; index++) {
      const term = reader.varint()
      const kind = reader.uint8()
      const data = reader.block()
      if (index <= unneeded) continue
      const before = this.#entries.at(-1)?.index
      if (before !== undefined && index !== before + 1) this.#entries = [] // those between are missing
      this.#entries.push({ index, term, kind, data: copyBytes(data) })
    }
    const last = first + count - 1
    state.lastIndex = Math.max(last, state.boundaryIndex)
    state.highestInSegment = Math.max(state.highestInSegment, last)
  }

  moveBoundary(index: number, term: number, forgetsAbove: boolean): void {
    const { state } = this
    state.boundaryIndex = index
    state.boundaryTerm = term
    if (forgetsAbove) this.#doubtedThrough = Math.min(this.#doubtedThrough, index)
    if (forgetsAbove || index > state.lastIndex) {
      state.lastIndex = index
      this.#entries = []
    } else {
      this.#dropThrough(index)
    }
  }

  remove(): void {
    this.state.isRemoved = true
    this.#entries = []
  }

  /**
   * An opening has written the description of `state`, with the sequence it should have, and says how far the log
   * reaches.
   */
  described(lastIndex: number): void {
    const { state } = this
    this.#doubtsDescription = false
    this.#doubtedThrough = Math.min(this.#doubtedThrough, lastIndex)
    if (lastIndex !== state.lastIndex) this.#doubtedThrough = lastIndex
    state.lastIndex = lastIndex
    this.#dropThrough(state.boundaryIndex)
    this.#cutFrom(lastIndex + 1)
    if (this.#entries.length > 0 && this.#entries.at(-1)!.index < lastIndex) this.#entries = []
  }

  /** What the log holds of the group; settles whether it is damaged. */
  finish(): RecoveredGroup {
    const { state } = this
    this.#dropThrough(state.boundaryIndex) // the floor is at most the boundary by now
    const isGapless = (this.#entries[0]?.index ?? state.lastIndex + 1) === state.boundaryIndex + 1
    const isDoubted = this.#doubtsDescription || this.#doubtedThrough > state.boundaryIndex
    if (isDoubted || !isGapless) state.isDamaged = true
    return {
      id: state.id,
      hardState: { term: state.term, vote: state.vote },
      boundary: { index: state.boundaryIndex, term: state.boundaryTerm },
      entries: isGapless ? this.#entries : [],
      configuration: state.configuration,
      damaged: state.isDamaged,
    }
  }

  #cutFrom(index: number): void {
    const first = this.#entries[0]?.index
    if (first === undefined) return
    if (index <= first) this.#entries = []
    else if (index - first < this.#entries.length) this.#entries.length = index - first
  }

  #dropThrough(index: number): void {
    const first = this.#entries[0]?.index
    if (first === undefined || index < first) return
    if (index - first + 1 >= this.#entries.length) this.#entries = []
    else this.#entries.splice(0, index - first + 1)
  }
}
