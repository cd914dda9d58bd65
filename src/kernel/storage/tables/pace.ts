import type { Clock } from '#kernel/base/host.ts'

/** Work in the background gives the loop back after this time. */
const sliceMs = 0.5
/** The clock is looked at once per so many rows. */
const rowsPerCheck = 64
/** And after so many rows whatever the clock says: in virtual time it stands still during a slice. */
const sliceRowsMax = 4096

/** Cuts background work into slices that leave the event loop free in between. */
export class Pace {
  readonly #clock: Clock
  #startedMs = 0
  #rows = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** After anything was awaited. */
  begin(): void {
    this.#startedMs = this.#clock.monotonicMs()
    this.#rows = 0
  }

  /** Call it once per row (or work of about that size). @returns whether the slice is over. */
  isOver(): boolean {
    this.#rows++
    if (this.#rows % rowsPerCheck !== 0) return false
    return this.#rows >= sliceRowsMax || this.#clock.monotonicMs() - this.#startedMs >= sliceMs
  }

  /** Lets the loop run, then begins the next slice. */
  pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.timer(0, () => {
        this.begin()
        resolve()
      })
    })
  }
}
