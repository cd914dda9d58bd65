import type { Clock } from '#kernel/base/host.ts'

/** What has something to do once at the end of a turn. */
export interface Flushable {
  flush(): void
}

/** Gathers what was touched in a turn and flushes each once at its end, in the order of the first touch. */
export class TurnEnd {
  readonly #clock: Clock
  #touched: Flushable[] = []
  #isDeferred = false
  readonly #run = () => {
    this.#isDeferred = false
    this.flush()
  }

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** More than once in a turn does no harm. */
  add(flushable: Flushable): void {
    this.#touched.push(flushable)
    if (this.#isDeferred) return
    this.#isDeferred = true
    this.#clock.defer(this.#run)
  }

  /** Now instead of at the turn's end. */
  flush(): void {
    const touched = this.#touched
    if (touched.length === 0) return
    this.#touched = []
    for (const flushable of touched) flushable.flush()
  }
}
