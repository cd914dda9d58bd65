/**
 * What the log's batches say, one after the other, and what is missing between them.
 *
 * Batch n is written only after batch n - 1 is synced. So any header with the number n, also that of a batch whose body
 * is torn, proves that all batches below n were once durable: those that were not read are damage, and a bad batch that
 * no header proves synced is the torn tail. Which groups a missing batch had records of is said by
 *
 * 1. the sequence of the group's next record, the witness of a later batch, or an opening: exactly;
 * 2. where none of them reaches back to it: every group that nothing later confirms is taken for damaged, and if the
 *    count of groups that came into being shows that one is not even known by name, the log cannot be used.
 */

import { ByteReader } from '#kernel/base/byte-reader.ts'
import { copyBytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { GroupState } from './group-state.ts'
import type { GroupId, RecoveredGroup } from './node-log-types.ts'
import { recordKinds } from './record-kinds.ts'
import { ReplayedGroup } from './replayed-group.ts'

/** Batches that were once synced and cannot be read any more. */
export interface LostBatches {
  readonly first: number
  readonly last: number
}

/**
 * The groups' boundaries as an opening further on states them: entries at and below need not be kept on the way there.
 */
export interface Floors {
  /** Number of the batch with that opening: groups that come into being after it have no floor. */
  readonly batch: number
  readonly boundaries: ReadonlyMap<GroupId, number>
}

export const noFloors: Floors = { batch: 0, boundaries: new Map() }

export class Replay {
  /** Groups, also those removed not long ago: their sequence goes on if they come again. */
  readonly groups = new Map<GroupId, ReplayedGroup>()
  /** In order; ranges that touch are one. */
  readonly lost: LostBatches[] = []
  /** Number of the next batch; undefined before anything is known. */
  expected: number | undefined
  /** How many groups have come into being. */
  born = 0
  /** A group is damaged of which no opening says so yet. */
  foundDamage = false
  /** Number of groups that have come into being, as the newest header says. */
  #bornBySaying = 0
  /** What of `lost` no witness covers yet. */
  #unwitnessed: LostBatches[] = []
  /** An opening was read: since then all groups are known but for those that lost batches bore. */
  #isOpened = false
  readonly #floors: Floors

  constructor(floors: Floors) {
    this.#floors = floors
  }

  /**
   * A header proves that all batches below `number` were synced.
   * @throws UnumError `DATA_DAMAGED` for a number that was there before
   */
  proveSyncedBelow(number: number, born: number): void {
    const expected = this.expected ?? number
    if (number < expected) {
      throw new UnumError(
        'DATA_DAMAGED',
        `Cannot read the node log: batch ${number} comes after batch ${expected - 1}: its files are of different times`,
      )
    }
    if (number > expected) {
      const last = number - 1
      this.#unwitnessed.push({ first: expected, last })
      const before = this.lost.at(-1)?.last === expected - 1 ? this.lost.pop()! : undefined
      this.lost.push({ first: before?.first ?? expected, last })
    }
    this.expected = number
    this.#bornBySaying = born
  }

  /**
   * Takes the records of batch `number`, which has just been proved to be the next. @throws UnumError `DATA_DAMAGED`
   */
  apply(number: number, body: Uint8Array): void {
    const reader = new ByteReader(body)
    while (reader.remaining > 0) {
      const kind = reader.uint8()
      if (kind === recordKinds.witness) this.#readWitness(number, reader)
      else if (kind === recordKinds.opening) this.#readOpening(number, reader)
      else this.#readRecord(kind, this.#touch(reader.varint(), reader.varint(), number), reader)
    }
    this.expected = number + 1
  }

  /** Groups with entries in the segment that ends here, and the highest index of each. */
  endSegment(): { readonly group: GroupState; readonly highest: number }[] {
    const pins = []
    for (const { state } of this.groups.values()) {
      if (state.highestInSegment > 0) pins.push({ group: state, highest: state.highestInSegment })
      state.highestInSegment = 0
    }
    return pins
  }

  /** The live groups. @throws UnumError `DATA_DAMAGED` where one must be missing whose name nothing tells */
  finish(): Map<GroupId, RecoveredGroup> {
    let unwitnessed = 0
    for (const { last } of this.#unwitnessed) unwitnessed = Math.max(unwitnessed, last)
    // Without an opening nothing tells of quiet groups. But a log whose very first batch is torn has lost nothing.
    const isOpeningLost = !this.#isOpened && (this.expected ?? 1) > 1
    if ((unwitnessed > 0 || isOpeningLost) && this.born !== this.#bornBySaying) {
      const lost = `Cannot use the node log: it has lost ${describeLost(this.lost)}`
      const groups = `${this.#bornBySaying} groups were once here, of which ${this.born} are known by name`
      throw new UnumError('DATA_DAMAGED', `${lost}. ${groups}. This node must be rebuilt from the others`)
    }
    const recovered = new Map<GroupId, RecoveredGroup>()
    for (const [id, group] of this.groups) {
      if (group.state.isRemoved) continue
      if (group.confirmedIn < unwitnessed) group.doubt()
      const wasDamaged = group.state.isDamaged
      recovered.set(id, group.finish())
      if (group.state.isDamaged !== wasDamaged) this.foundDamage = true
    }
    return recovered
  }

  #readRecord(kind: number, group: ReplayedGroup, reader: ByteReader): void {
    const { state } = group
    switch (kind) {
      case recordKinds.entries:
        group.readEntries(reader.varint(), reader.varint(), reader)
        return
      case recordKinds.hardState:
        state.term = reader.varint()
        state.vote = reader.varint()
        return
      case recordKinds.boundary:
        group.moveBoundary(reader.varint(), reader.varint(), reader.uint8() === 1)
        return
      case recordKinds.configuration:
        state.configuration = copyBytes(reader.block())
        return
      case recordKinds.removal:
        group.remove()
        return
      default:
        throw new UnumError('DATA_DAMAGED', `Cannot read the node log: a record of unknown kind ${kind}`)
    }
  }

  /** The group of a record, with its sequence checked and noted. */
  #touch(id: GroupId, sequence: number, number: number): ReplayedGroup {
    let group = this.groups.get(id)
    if (sequence === 1) group = this.#bear(id, 0, number)
    else if (!group || group.state.isRemoved) group = this.#bear(id, group?.state.sequence ?? 0, number)
    if (sequence !== group.state.sequence + 1) group.doubt()
    group.state.sequence = sequence
    group.confirmedIn = number
    return group
  }

  #bear(id: GroupId, sequence: number, number: number): ReplayedGroup {
    this.groups.get(id)?.remove() // its removal was lost, if it was not removed
    const { batch, boundaries } = this.#floors
    const group = new ReplayedGroup(id, sequence, number <= batch ? (boundaries.get(id) ?? 0) : 0)
    this.groups.set(id, group)
    this.born++
    return group
  }

  #readWitness(number: number, reader: ByteReader): void {
    const firstBatch = reader.varint()
    for (let left = reader.varint(); left > 0; left--) {
      const id = reader.varint()
      const isRemoved = reader.uint8() === 1
      const sequence = reader.varint()
      let group = this.groups.get(id)
      const isKnown = group && group.state.sequence === sequence && group.state.isRemoved === isRemoved
      if (!group || (group.state.isRemoved && !isKnown)) group = this.#bear(id, 0, number)
      group.confirmedIn = number
      if (isKnown) continue
      group.doubt()
      group.state.sequence = sequence
      if (isRemoved) group.remove()
    }
    this.#unwitnessed = this.#unwitnessed.flatMap(({ first, last }) =>
      first < firstBatch ? [{ first, last: Math.min(last, firstBatch - 1) }] : [],
    )
  }

  #readOpening(number: number, reader: ByteReader): void {
    const born = reader.varint()
    const told = new Set<GroupId>()
    for (let left = reader.varint(); left > 0; left--) {
      const id = reader.varint()
      told.add(id)
      const group = this.groups.get(id) ?? this.#bear(id, 0, number)
      group.state.sequence = reader.varint()
      group.remove()
    }
    for (let left = reader.varint(); left > 0; left--) {
      const id = reader.varint()
      told.add(id)
      const known = this.groups.get(id)
      const group = known && !known.state.isRemoved ? known : this.#bear(id, 0, number)
      group.confirmedIn = number
      const sequence = reader.varint()
      if (sequence !== group.state.sequence) group.doubt()
      group.state.sequence = sequence
      this.#readDescription(group, reader)
    }
    // Others were removed before the last opening: if one of them comes again, its sequence starts anew.
    for (const [id, group] of this.groups) {
      if (told.has(id)) continue
      group.remove()
      this.groups.delete(id)
    }
    this.#unwitnessed = []
    this.#isOpened = true
    this.born = born
  }

  #readDescription(group: ReplayedGroup, reader: ByteReader): void {
    const { state } = group
    if (reader.uint8() === 1) state.isDamaged = true
    state.term = reader.varint()
    state.vote = reader.varint()
    state.boundaryIndex = reader.varint()
    state.boundaryTerm = reader.varint()
    group.described(reader.varint())
    state.configuration = copyBytes(reader.block())
  }
}

function describeLost(lost: readonly LostBatches[]): string {
  const ranges = lost.map(({ first, last }) => (first === last ? `batch ${first}` : `batches ${first} to ${last}`))
  return ranges.length === 0 ? 'its first batches' : ranges.join(', ')
}

/** @throws UnumError `DATA_DAMAGED` */
export function readFloors(batch: number, body: Uint8Array): Floors {
  const replay = new Replay(noFloors)
  const boundaries = new Map<GroupId, number>()
  replay.apply(batch, body)
  for (const [id, { state }] of replay.groups) if (!state.isRemoved) boundaries.set(id, state.boundaryIndex)
  return { batch, boundaries }
}
