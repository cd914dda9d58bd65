import type { Clock } from '#kernel/base/host.ts'

const tickMs = 100

interface Deadline {
  readonly endMs: number
  readonly expire: () => void
}

/** What must have an answer in time, for requests that come by the thousand: one timer for all, and only while there are any. */
export class Deadlines {
  readonly #clock: Clock
  readonly #pending = new Set<Deadline>()
  #isTicking = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `expire` when `ms` are over, or a little later. @returns what takes that back */
  add(ms: number, expire: () => void): () => void {
    const deadline = { endMs: this.#clock.monotonicMs() + ms, expire }
    this.#pending.add(deadline)
    if (!this.#isTicking) this.#tickLater()
    return () => void this.#pending.delete(deadline)
  }

  #tickLater(): void {
    this.#isTicking = true
    this.#clock.timer(tickMs, () => {
      this.#isTicking = false
      const nowMs = this.#clock.monotonicMs()
      for (const deadline of this.#pending) {
        if (nowMs < deadline.endMs) continue
        this.#pending.delete(deadline)
        deadline.expire()
      }
      if (this.#pending.size > 0) this.#tickLater()
    })
  }
}
