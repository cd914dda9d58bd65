/** A connection that has bytes to hand to the system. */
export interface Flushable {
  flush(): void
}

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
  #flushes: Flushable[] = []
  #blocking: (() => void)[] = []
  #scheduled = false
  readonly #run = () => this.#end()

  defer(callback: () => void): void {
    this.#deferred.push(callback)
    this.#schedule()
  }

  /** Calls `connection.flush()` once; the connection sees to it that it is not queued twice. */
  flush(connection: Flushable): void {
    this.#flushes.push(connection)
    this.#schedule()
  }

  /** Runs `work`, which may block the loop, after everything queued was handed to the system. */
  block(work: () => void): void {
    this.#blocking.push(work)
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(this.#run)
  }

  #end(): void {
    for (let round = 0; round < roundsMax && this.#isBusy; round++) {
      this.#each('deferred')
      this.#each('flushes')
      this.#each('blocking')
    }
    this.#scheduled = false
    if (this.#isBusy) this.#schedule()
  }

  get #isBusy(): boolean {
    return this.#deferred.length > 0 || this.#flushes.length > 0 || this.#blocking.length > 0
  }

  #each(stage: 'deferred' | 'flushes' | 'blocking'): void {
    let at = 0
    if (stage === 'flushes') {
      const flushes = this.#flushes
      if (flushes.length === 0) return
      this.#flushes = []
      for (; at < flushes.length; at++) flushes[at]!.flush()
      return
    }
    const callbacks = stage === 'deferred' ? this.#deferred : this.#blocking
    if (callbacks.length === 0) return
    if (stage === 'deferred') this.#deferred = []
    else this.#blocking = []
    try {
      for (; at < callbacks.length; at++) callbacks[at]!()
    } finally {
      // One that threw does not take the others with it, should the program survive it.
      if (at < callbacks.length) {
        const rest = callbacks.slice(at + 1)
        if (stage === 'deferred') this.#deferred = rest.concat(this.#deferred)
        else this.#blocking = rest.concat(this.#blocking)
        this.#scheduled = false
        if (this.#isBusy) this.#schedule()
      }
    }
  }
}
