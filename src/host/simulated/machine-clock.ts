import type { Random } from '#kernel/base/host.ts'
import type { ClockOptions } from './options.ts'

/**
 * The two clocks of a machine, which run on one oscillator: it may be a little fast or slow, as it was made. The wall clock may be set; the
 * monotonic one stands still while the machine is suspended.
 */
export class MachineClock {
  /** Own milliseconds per true one. */
  readonly rate: number
  readonly #nowUs: () => number
  #monotonicStartMs: number
  #wallStartMs: number
  /** True time at which the machine was suspended. */
  #suspendedUs: number | undefined

  constructor(options: ClockOptions, random: Random, nowUs: () => number) {
    this.#nowUs = nowUs
    this.#wallStartMs = options.wallStartMs + (random.float() * 2 - 1) * options.wallOffsetMs
    this.#monotonicStartMs = random.below(1_000_000)
    this.rate = 1 + driftOf(random, options.driftMax)
  }

  monotonicMs(): number {
    return this.#monotonicStartMs + this.#elapsedMs(this.#suspendedUs ?? this.#nowUs())
  }

  wallMs(): number {
    return this.#wallStartMs + this.#elapsedMs(this.#nowUs())
  }

  #elapsedMs(trueUs: number): number {
    return (trueUs / 1000) * this.rate
  }

  /** Somebody sets the wall clock. */
  jump(byMs: number): void {
    this.#wallStartMs += byMs
  }

  suspend(): void {
    this.#suspendedUs ??= this.#nowUs()
  }

  resume(): void {
    if (this.#suspendedUs === undefined) return
    this.#monotonicStartMs -= this.#elapsedMs(this.#nowUs()) - this.#elapsedMs(this.#suspendedUs)
    this.#suspendedUs = undefined
  }

  /** The machine was off: its monotonic clock begins anew. */
  powerOn(random: Random): void {
    this.#suspendedUs = undefined
    this.#monotonicStartMs = random.below(1_000_000) - this.#elapsedMs(this.#nowUs())
  }
}

/** Half of all clocks are as far off as they may be: what is wrong only at the bound is found only there. */
function driftOf(random: Random, driftMax: number): number {
  const direction = random.below(2) === 0 ? 1 : -1
  return direction * driftMax * (random.below(2) === 0 ? 1 : random.float())
}
