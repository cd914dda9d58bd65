import type { BatchEncoder } from './batch-encoder.ts'
import type { GroupState } from './group-state.ts'
import type { GroupId } from './node-log-types.ts'

/**
 * How far back a batch says which groups had records: so many batches, and no further ones above so many groups in all.
 */
const batchesMax = 16
const groupsMax = 64

/**
 * Who had records in the last batches. Each batch repeats it for those before, so that it is known exactly which groups
 * lost records with a batch that becomes unreadable, also those that have none later on. A page of the disk may hold
 * several small batches: so it goes back further than one.
 */
export class Witness {
  #touched: GroupState[] = []
  /** The oldest first. */
  readonly #before: GroupState[][] = []
  readonly #stated: GroupState[] = []

  /** The group has its first record in the batch that is being filled. */
  touched(group: GroupState): void {
    this.#touched.push(group)
  }

  /** Those of the batch that is being filled. */
  get groups(): readonly GroupState[] {
    return this.#touched
  }

  /** @param removed of each removed group the last incarnation, which alone is stated */
  write(encoder: BatchEncoder, number: number, removed: ReadonlyMap<GroupId, GroupState>): void {
    const stated = this.#stated
    stated.length = 0
    let firstBatch = number
    let count = 0
    for (let i = this.#before.length - 1; i >= 0; i--) {
      const groups = this.#before[i]!
      count += groups.length
      if (count > groupsMax && firstBatch < number) break
      firstBatch--
      for (const group of groups) {
        if (group.touchedIn === number || group.witnessedIn === number) continue // its record or this witness says it
        if (group.isRemoved && removed.get(group.id) !== group) continue // came again later, or long gone
        group.witnessedIn = number
        stated.push(group)
      }
    }
    encoder.witness(firstBatch, stated)
  }

  /** The batch that was being filled is closed. */
  next(): void {
    const reused = this.#before.length < batchesMax ? [] : this.#before.shift()!
    reused.length = 0
    this.#before.push(this.#touched)
    this.#touched = reused
  }
}
