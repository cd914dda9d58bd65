import type { Clock } from '#kernel/base/host.ts'

/**
 * What flushes and compactions of all trees of a node may take of the disk together: so many bytes a second, and so many
 * requests at once, so that they never stand before the log's syncs and clients' reads.
 */
export class IoBudget {
  readonly #clock: Clock
  readonly #bytesPerMs: number
  readonly #requestsMax: number
  #requests = 0
  /** When the bytes granted so far are paid for. */
  #paidMs = 0
  readonly #waiting: (() => void)[] = []

  /** @param options.bytesPerSecond 0 for no limit. */
  constructor(options: { readonly clock: Clock; readonly bytesPerSecond: number; readonly requestsMax: number }) {
    this.#clock = options.clock
    this.#bytesPerMs = options.bytesPerSecond / 1000
    this.#requestsMax = options.requestsMax
  }

  /** Runs `request`, which reads or writes `bytes`, when its turn has come. */
  async run<T>(bytes: number, request: () => Promise<T>): Promise<T> {
    if (this.#requests >= this.#requestsMax) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#requests++
    try {
      if (this.#bytesPerMs > 0) {
        const nowMs = this.#clock.monotonicMs()
        const waitMs = this.#paidMs - nowMs
        this.#paidMs = Math.max(this.#paidMs, nowMs) + bytes / this.#bytesPerMs
        if (waitMs > 0) await this.#clock.sleep(waitMs)
      }
      return await request()
    } finally {
      // The place goes to the next in line, if there is one, without becoming free in between.
      const next = this.#waiting.shift()
      if (next !== undefined) next()
      else this.#requests--
    }
  }
}
