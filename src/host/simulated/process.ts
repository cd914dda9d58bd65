import type { Clock, Host, Network, Random, Timer } from '#kernel/base/host.ts'
import type { Rarely } from '#kernel/base/rarely.ts'
import type { ImageDisk } from '../core/image-disk.ts'
import type { Process } from '../core/scheduler.ts'
import type { SimulatedEvent } from './event-queue.ts'
import type { MachineClock } from './machine-clock.ts'

/** What a process needs of the simulation that runs it. */
export interface Runtime {
  nowUs(): number
  timerEvent(process: SimulatedProcess, delayMs: number, callback: () => void): SimulatedEvent
  cancel(event: SimulatedEvent): void
  atTurnEnd(process: Process, callback: () => void): void
}

/** One incarnation of a program on a simulated machine. Once dead it is inert: no callback of it runs, no promise resolves. */
export class SimulatedProcess implements Process {
  readonly machine: number
  alive = true
  paused = false
  /** Until then its event loop is taken by the turn that it ran last. */
  busyUntilUs = 0
  /** Callbacks that came due while it was paused or busy, in order: they become one turn. */
  held: (() => void)[] = []

  constructor(machine: number) {
    this.machine = machine
  }
}

export function simulatedHost(
  process: SimulatedProcess,
  runtime: Runtime,
  parts: {
    readonly clock: MachineClock
    readonly network: Network
    readonly disk: ImageDisk
    readonly random: Random
    readonly rarely: Rarely
  },
): Host {
  const clock: Clock = {
    monotonicMs: () => parts.clock.monotonicMs(),
    wallMs: () => parts.clock.wallMs(),
    timer: (delayMs, callback) => new SimulatedTimer(runtime, process, parts.clock, delayMs, callback),
    defer: (callback) => runtime.atTurnEnd(process, callback),
    sleep: (delayMs) =>
      new Promise((resolve) => void new SimulatedTimer(runtime, process, parts.clock, delayMs, resolve)),
  }
  // What the real process takes says nothing of a simulated one, and differs from run to run.
  return {
    clock,
    network: parts.network,
    disk: parts.disk,
    random: parts.random,
    rarely: parts.rarely,
    usage: () => undefined,
  }
}

/** Waits by the machine's own clock. */
class SimulatedTimer implements Timer {
  readonly #runtime: Runtime
  readonly #process: SimulatedProcess
  readonly #clock: MachineClock
  readonly #dueMs: number
  readonly #callback: () => void
  #event: SimulatedEvent
  #cancelled = false

  constructor(runtime: Runtime, process: SimulatedProcess, clock: MachineClock, delayMs: number, callback: () => void) {
    this.#runtime = runtime
    this.#process = process
    this.#clock = clock
    this.#dueMs = clock.monotonicMs() + delayMs
    this.#callback = callback
    this.#event = this.#wait(delayMs)
  }

  #wait(delayMs: number): SimulatedEvent {
    return this.#runtime.timerEvent(this.#process, delayMs / this.#clock.rate, () => {
      // It may have been cancelled after it fell due in a paused process.
      if (this.#cancelled) return
      // The clock may have stood still meanwhile.
      const leftMs = this.#dueMs - this.#clock.monotonicMs()
      if (leftMs > clockResolutionMs) this.#event = this.#wait(leftMs)
      else this.#callback()
    })
  }

  cancel(): void {
    this.#cancelled = true
    this.#runtime.cancel(this.#event)
  }
}

/** A timer that is so little early is not. */
const clockResolutionMs = 0.001
