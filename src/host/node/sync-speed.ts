/** A sync at or above this would be felt as a stall of everything else on the loop. */
const slowMs = 1

/** One this slow is enough to leave the loop. */
const unbearableMs = 20

/** Of syncs on the loop one in so many may be slow (p99.9). */
const fastPerSlow = 1_000

/** Slow syncs beyond that rate that are borne before the loop is left. */
const slowDebtMax = 2

/** Syncs on the pool that are looked at before the loop is tried, the first time and after it was left. */
const firstTrial = 64
const laterTrial = 8_192

/** Of a trial this part must be fast. Seen from the pool a sync takes longer than it does (the answer waits for the loop). */
const trialFastPart = 0.9

/**
 * Decides where the next sync runs: on the event loop, which is quicker by two thread hops, only while the recent p99.9 of
 * a sync is below a millisecond; otherwise on the thread pool.
 */
export class SyncSpeed {
  #onLoop = false
  #trialLeft = firstTrial
  #trialLength = firstTrial
  #trialFast = 0
  #slowDebt = 0

  get onLoop(): boolean {
    return this.#onLoop
  }

  /** A write with its sync took so long, where `onLoop` said. */
  took(durationMs: number): void {
    if (this.#onLoop) this.#tookOnLoop(durationMs)
    else this.#tookOnPool(durationMs)
  }

  #tookOnLoop(durationMs: number): void {
    if (durationMs < slowMs) {
      if (this.#slowDebt > 0) this.#slowDebt = Math.max(0, this.#slowDebt - 1 / fastPerSlow)
      return
    }
    this.#slowDebt++
    if (this.#slowDebt > slowDebtMax || durationMs >= unbearableMs) {
      this.#onLoop = false
      this.#startTrial(laterTrial)
    }
  }

  #tookOnPool(durationMs: number): void {
    if (durationMs < slowMs) this.#trialFast++
    if (--this.#trialLeft > 0) return
    if (this.#trialFast >= this.#trialLength * trialFastPart) {
      this.#onLoop = true
      this.#slowDebt = 0
    } else this.#startTrial(laterTrial)
  }

  #startTrial(length: number): void {
    this.#trialLength = length
    this.#trialLeft = length
    this.#trialFast = 0
  }
}
