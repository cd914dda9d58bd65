import { emptyBytes } from '#kernel/base/bytes.ts'
import type { GroupId } from './node-log-types.ts'

/**
 * What the log remembers of one incarnation of a group, as of the last record queued or read: enough to describe it at
 * the opening of a segment and to know which segments it still needs. A group that is removed and comes again is
 * another object, whose sequence goes on where the first one's ended.
 */
export class GroupState {
  readonly id: GroupId
  /** Of the group's last record. */
  sequence: number
  term = 0
  vote = 0
  boundaryIndex = 0
  boundaryTerm = 0
  /** The boundary's index where there is no entry above it. */
  lastIndex = 0
  configuration: Uint8Array = emptyBytes
  /** Has lost records: stays so until the group is removed. */
  isDamaged = false
  isRemoved = false
  /** An opening has told of the removal. */
  isRemovalTold = false
  /** Highest index of its entries in the batch that is being filled; 0 for none. */
  highestInBatch = 0
  /** Highest index of its entries in the segment that is being filled; 0 for none. */
  highestInSegment = 0
  /** Number of the last batch with a record of the group. */
  touchedIn = 0
  /** Number of the last batch that repeats the group's sequence. */
  witnessedIn = 0

  /** @param sequence Of the last record of an earlier incarnation; 0 where none is known. */
  constructor(id: GroupId, sequence: number) {
    this.id = id
    this.sequence = sequence
  }

  /** An entry of the group up to `index`, of those that the log still holds, is needed to recover it. */
  needs(index: number): boolean {
    return !this.isRemoved && this.boundaryIndex < Math.min(index, this.lastIndex)
  }
}
