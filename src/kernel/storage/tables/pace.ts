import type { Clock } from '#kernel/base/host.ts'

/** Work in the background gives the loop back after this time, so that with what follows it stays under a millisecond. */
const sliceMs = 0.7
/** The clock is looked at once per so many rows. */
const rowsPerCheck = 64
/** And after so many rows whatever the clock says: in virtual time it stands still during a slice. */
const sliceRowsMax = 4096

/**
 * The part of the event loop's time that slices may take together while nobody waits for them to end. It grows with the square of
 * their urgency, to all that others leave.
 */
const shareMin = 1 / 8

/** What flushes and compactions of all trees of a node have used of the event loop. */
export interface LoopUse {
  /** When the slices so far are made up for by time in which none ran. */
  paidMs: number
}

export interface PaceOptions {
  readonly clock: Clock
  /** One for all trees of a node. */
  readonly use: LoopUse
  /** How soon somebody will wait for the work to end, 0 to 1. */
  readonly urgency: () => number
}

/** Cuts background work into slices, with time in between for those who have something to do with the event loop. */
export class Pace {
  readonly #clock: Clock
  readonly #use: LoopUse
  readonly #urgency: () => number
  #startedMs = 0
  #rows = 0

  constructor({ clock, use, urgency }: PaceOptions) {
    this.#clock = clock
    this.#use = use
    this.#urgency = urgency
  }

  /** Begins a slice when those before it are made up for, near enough, and everything else that there is to do had its turn. */
  async begin(): Promise<void> {
    const waitMs = this.#use.paidMs - this.#clock.monotonicMs()
    await this.#clock.sleep(waitMs > sliceMs / 2 ? waitMs : 0)
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

  /** Ends a slice: before anything else is awaited. */
  end(): void {
    const nowMs = this.#clock.monotonicMs()
    const urgency = Math.min(1, this.#urgency())
    const share = shareMin + (1 - shareMin) * urgency * urgency
    this.#use.paidMs = Math.max(this.#use.paidMs, nowMs) + (nowMs - this.#startedMs) * (1 / share - 1)
  }

  /** Between two slices. */
  async pause(): Promise<void> {
    this.end()
    await this.begin()
  }
}
