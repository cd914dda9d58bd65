import type { Clock, Timer } from '#kernel/base/host.ts'
import type { Turn } from './turn.ts'

/** The longest delay that `setTimeout` keeps; it takes a longer one for none. */
const timeoutMsMax = 0x7fff_ffff

export class NodeClock implements Clock {
  readonly #turn: Turn

  constructor(turn: Turn) {
    this.#turn = turn
  }

  monotonicMs(): number {
    return performance.now()
  }

  wallMs(): number {
    return Date.now()
  }

  timer(delayMs: number, callback: () => void): Timer {
    return delayMs > 0 ? new NodeTimer(delayMs, callback) : new NextTurnTimer(this.#turn, callback)
  }

  defer(callback: () => void): void {
    this.#turn.defer(callback)
  }

  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => void this.timer(delayMs, resolve))
  }
}

/** `setTimeout` counts whole milliseconds of a clock read once per turn, and so may come up to two early: then it is set anew. */
class NodeTimer implements Timer {
  readonly #dueMs: number
  readonly #callback: () => void
  #timeout: ReturnType<typeof setTimeout>

  constructor(delayMs: number, callback: () => void) {
    this.#dueMs = performance.now() + delayMs
    this.#callback = callback
    this.#timeout = this.#arm(delayMs)
  }

  cancel(): void {
    clearTimeout(this.#timeout)
  }

  #arm(delayMs: number): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.#fire(), Math.min(Math.ceil(delayMs), timeoutMsMax))
  }

  #fire(): void {
    const leftMs = this.#dueMs - performance.now()
    if (leftMs > 0) this.#timeout = this.#arm(leftMs)
    else this.#callback()
  }
}

/** Without a delay: not the millisecond that `setTimeout` makes of it, but right after the end of this turn. */
class NextTurnTimer implements Timer {
  readonly #immediate: ReturnType<typeof setImmediate>

  constructor(turn: Turn, callback: () => void) {
    turn.atEndOnce() // before the callback, also of what is yet to be deferred in this turn
    this.#immediate = setImmediate(callback)
  }

  cancel(): void {
    clearImmediate(this.#immediate)
  }
}
