/** From which offset on the batches of a leader epoch are; epochs and offsets rise. */
export interface EpochStart {
  readonly epoch: number
  readonly startOffset: number
}

/** A partition's leader epochs (terms of its group) and where each began, for clients that ask where histories part (KIP-101, KIP-279). */
export class LeaderEpochs {
  #starts: EpochStart[]

  constructor(starts: readonly EpochStart[] = []) {
    this.#starts = [...starts]
  }

  get starts(): readonly EpochStart[] {
    return this.#starts
  }

  /** The newest epoch with anything; -1: none. */
  get latest(): number {
    return this.#starts.at(-1)?.epoch ?? -1
  }

  /** The entries of `epoch` begin at `startOffset`, unless that is known. */
  note(epoch: number, startOffset: number): void {
    if (epoch > this.latest) this.#starts.push({ epoch, startOffset })
  }

  /**
   * The largest epoch up to `epoch`, and the offset behind its last record: where a log that ends in `epoch` agrees with this one at
   * most. @returns undefined where nothing is as old
   */
  endOf(epoch: number, nextOffset: number): { readonly epoch: number; readonly endOffset: number } | undefined {
    const after = this.#starts.findIndex((start) => start.epoch > epoch)
    const found = after < 0 ? this.#starts.at(-1) : this.#starts[after - 1]
    if (!found) return undefined
    return { epoch: found.epoch, endOffset: after < 0 ? nextOffset : this.#starts[after]!.startOffset }
  }

  /** The epoch that the record at `offset` is of; -1 where none is known. */
  at(offset: number): number {
    let epoch = -1
    for (const start of this.#starts) {
      if (start.startOffset > offset) break
      epoch = start.epoch
    }
    return epoch
  }

  /** What lies below `startOffset` is gone: of the epochs there only the last is kept, from there on. */
  cutBelow(startOffset: number): void {
    const first = this.#starts.findLastIndex((start) => start.startOffset <= startOffset)
    if (first < 0) return
    const [kept, ...others] = this.#starts.slice(first)
    this.#starts = [{ epoch: kept!.epoch, startOffset }, ...others]
  }
}
