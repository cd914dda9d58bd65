import type { Clock, Host, Network, Random, Timer } from '#kernel/base/host.ts'
import type { ImageDisk } from '../core/image-disk.ts'
import type { Process } from '../core/scheduler.ts'
import type { SimulatedEvent } from './event-queue.ts'

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
    readonly monotonicOffsetMs: number
    readonly wallStartMs: number
    readonly network: Network
    readonly disk: ImageDisk
    readonly random: Random
  },
): Host {
  const clock: Clock = {
    monotonicMs: () => runtime.nowUs() / 1000 + parts.monotonicOffsetMs,
    wallMs: () => runtime.nowUs() / 1000 + parts.wallStartMs,
    timer: (delayMs, callback) => new SimulatedTimer(runtime, process, delayMs, callback),
    defer: (callback) => runtime.atTurnEnd(process, callback),
    sleep: (delayMs) => new Promise((resolve) => void runtime.timerEvent(process, delayMs, resolve)),
  }
  // What the real process takes says nothing of a simulated one, and differs from run to run.
  return { clock, network: parts.network, disk: parts.disk, random: parts.random, usage: () => undefined }
}

class SimulatedTimer implements Timer {
  readonly #runtime: Runtime
  readonly #event: SimulatedEvent
  #cancelled = false

  constructor(runtime: Runtime, process: SimulatedProcess, delayMs: number, callback: () => void) {
    this.#runtime = runtime
    this.#event = runtime.timerEvent(process, delayMs, () => {
      // It may have been cancelled after it fell due in a paused process.
      if (!this.#cancelled) callback()
    })
  }

  cancel(): void {
    this.#cancelled = true
    this.#runtime.cancel(this.#event)
  }
}
