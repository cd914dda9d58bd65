import type { Clock, Timer } from '#kernel/base/host.ts'

/** Time that passes when a test says so. */
export class ManualClock implements Clock {
  #nowMs = 1000
  wallOffsetMs = 1_700_000_000_000
  #timers: { readonly atMs: number; readonly callback: () => void }[] = []
  #deferred: (() => void)[] = []

  monotonicMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return this.#nowMs + this.wallOffsetMs
  }

  timer(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, callback }
    this.#timers.push(timer)
    return { cancel: () => void (this.#timers = this.#timers.filter((known) => known !== timer)) }
  }

  defer(callback: () => void): void {
    this.#deferred.push(callback)
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.timer(delayMs, resolve))
  }

  /** Runs what was deferred, then what is due. */
  advance(ms: number): void {
    for (const callback of this.#deferred.splice(0)) callback()
    this.#nowMs += ms
    const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs)
    this.#timers = this.#timers.filter(({ atMs }) => atMs > this.#nowMs)
    for (const { callback } of due) callback()
  }
}
