/** Rounds of one turn before the event loop is let go on with other things. */
const roundsMax = 16

/**
 * The end of a turn of the event loop: after all sockets that could be read were read, before the next wait (Node's check phase).
 *
 * Invariants:
 * 1. A round runs deferred callbacks, then hands what was written to the system, then does blocking work: so what must leave before
 *    this process blocks in a sync has left.
 * 2. What a round adds runs in the next round of the same turn, so that a reply that waits for a sync on the loop leaves in the turn of
 *    its request.
 */
export class Turn {
  #deferred: (() => void)[] = []
  #flushes: (() => void)[] = []
  #blocking: (() => void)[] = []
  #scheduled = false
  readonly #run = () => this.#end()

  defer(callback: () => void): void {
    this.#deferred.push(callback)
    this.#schedule()
  }

  /** Runs `flush` when all that is deferred has run; whoever asks sees to it that it does so once. */
  flush(flush: () => void): void {
    this.#flushes.push(flush)
    this.#schedule()
  }

  /** Runs `work`, which may block the loop, after everything written was handed to the system. */
  block(work: () => void): void {
    this.#blocking.push(work)
    this.#schedule()
  }

  /** Sees to it that this turn has an end, whether or not anything is added to it. */
  atEndOnce(): void {
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#run)
  }

  #end(): void {
    let callbacks: (() => void)[] = []
    let at = 0
    try {
      for (let round = 0; round < roundsMax && this.#isBusy; round++) {
        for (callbacks = this.#takeDeferred(), at = 0; at < callbacks.length; at++) callbacks[at]!()
        for (callbacks = this.#takeFlushes(), at = 0; at < callbacks.length; at++) callbacks[at]!()
        for (callbacks = this.#takeBlocking(), at = 0; at < callbacks.length; at++) callbacks[at]!()
      }
    } finally {
      // A callback that threw does not take the rest with it, should the program survive that.
      if (at < callbacks.length) this.#deferred.unshift(...callbacks.slice(at + 1))
      this.#scheduled = false
      if (this.#isBusy) this.#schedule()
    }
  }

  get #isBusy(): boolean {
    return this.#deferred.length > 0 || this.#flushes.length > 0 || this.#blocking.length > 0
  }

  #takeDeferred(): (() => void)[] {
    const taken = this.#deferred
    if (taken.length > 0) this.#deferred = []
    return taken
  }

  #takeFlushes(): (() => void)[] {
    const taken = this.#flushes
    if (taken.length > 0) this.#flushes = []
    return taken
  }

  #takeBlocking(): (() => void)[] {
    const taken = this.#blocking
    if (taken.length > 0) this.#blocking = []
    return taken
  }
}

/** The event loop has one end of turn, however many hosts it carries. */
export const turn = new Turn()
