/**
 * How often a sync on the loop may take how long: a twentieth of them above a millisecond, a thousandth above five, and `debtMax` more
 * for bad luck. As measured here a sync includes waiting for a busy processor, which would keep the loop waiting anyway.
 */
const limits = [
  { aboveMs: 1, oneIn: 20, debtMax: 10 },
  { aboveMs: 5, oneIn: 1000, debtMax: 3 },
] as const

/** One this slow is enough to leave the loop: a third of a heartbeat. */
const unbearableMs = 20

/** Syncs on the pool that are looked at before the loop is tried, the first time and after it was left. */
const firstTrial = 64
const laterTrial = 1024

/** Of a trial this part must be below the first limit. Seen from the pool a sync takes longer than it does: the answer waits for the loop. */
const trialFastPart = 0.75

/**
 * Decides where the next sync runs: on the event loop, which saves two thread hops (a third of the processor time of a lone write),
 * only while syncs are short beside a heartbeat; otherwise on the thread pool.
 */
export class SyncSpeed {
  #onLoop = false
  #trialLeft = firstTrial
  #trialLength = firstTrial
  #trialFast = 0
  readonly #debts = limits.map(() => 0)

  get onLoop(): boolean {
    return this.#onLoop
  }

  /** A write with its sync took so long, where `onLoop` said. */
  took(durationMs: number): void {
    if (this.#onLoop) this.#tookOnLoop(durationMs)
    else this.#tookOnPool(durationMs)
  }

  #tookOnLoop(durationMs: number): void {
    let isBearable = durationMs < unbearableMs
    for (let i = 0; i < limits.length; i++) {
      const { aboveMs, oneIn, debtMax } = limits[i]!
      const debt = this.#debts[i]!
      this.#debts[i] = durationMs > aboveMs ? debt + 1 : Math.max(0, debt - 1 / oneIn)
      if (this.#debts[i]! > debtMax) isBearable = false
    }
    if (isBearable) return
    this.#onLoop = false
    this.#startTrial(laterTrial)
  }

  #tookOnPool(durationMs: number): void {
    if (durationMs < limits[0].aboveMs) this.#trialFast++
    if (--this.#trialLeft > 0) return
    if (this.#trialFast >= this.#trialLength * trialFastPart) {
      this.#onLoop = true
      this.#debts.fill(0)
    } else this.#startTrial(laterTrial)
  }

  #startTrial(length: number): void {
    this.#trialLength = length
    this.#trialLeft = length
    this.#trialFast = 0
  }
}
