import type { Clock } from '#kernel/base/host.ts'

/** Work in the background gives the loop back after this time, so that with what follows it stays under a millisecond. */
const sliceMs = 0.7
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
    return this.#rows % rowsPerCheck === 0 && this.#isSpent()
  }

  /** The same after work of the size of many rows. */
  isOverAfter(rows: number): boolean {
    this.#rows += rows
    return this.#isSpent()
  }

  #isSpent(): boolean {
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
