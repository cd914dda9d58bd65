import { assert } from '#kernel/base/errors.ts'
import type { Random } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import type { EventKind, Scheduler } from '../core/scheduler.ts'
import { eventKinds } from '../core/scheduler.ts'
import { WireNetwork } from '../core/wire-network.ts'
import { type Drain, findSynchronousDrain, hop } from './drain.ts'
import { EventQueue, type SimulatedEvent } from './event-queue.ts'
import { FaultPoints } from './fault-points.ts'
import { type FaultCounts, noFaults } from './faults.ts'
import { Machine } from './machine.ts'
import type { ClockOptions, DiskOptions, NetworkOptions, SimulationOptions } from './options.ts'
import { simulationDefaults } from './options.ts'
import type { Runtime, SimulatedProcess } from './process.ts'
import { diskTiming, drawUs, simulatedWire } from './timing.ts'
import { Trace } from './trace.ts'

export interface RunOptions {
  /** Looked at before each event: true ends the run. */
  readonly until?: () => boolean
  /** Virtual milliseconds from now on. Without it the run goes on until nothing is left to happen. */
  readonly forMs?: number
}

/** Why a run ended: `until` said so, its time was over, or nothing was left to happen. */
export type RunEnd = 'until' | 'time' | 'idle'

/** Events between two hops that let the program around the simulation breathe; without influence on the run. */
const eventsPerBreath = 16_384

/** More rounds of deferred callbacks than this in one turn are an endless loop in which virtual time stands still. */
const turnRoundsMax = 10_000

/**
 * Many machines in virtual time: one queue of events, one seed that decides everything.
 *
 * Invariants:
 * 1. An event runs callbacks of at most one process; then all promise continuations, then what that turn deferred, until
 *    nothing of either is left; only then comes the next event. What comes due for a process that is busy with its last turn, or paused,
 *    waits and becomes one turn.
 * 2. Time moves only between events.
 * 3. Nothing here depends on how fast the run is, nor on what runs it.
 */
export class Simulation {
  readonly random: Random
  readonly network: WireNetwork
  readonly faults: FaultCounts = noFaults()
  readonly faultPoints: FaultPoints
  readonly #diskOptions: DiskOptions
  readonly #clockOptions: ClockOptions
  readonly #timerRandom: Random
  readonly #turnRandom: Random
  readonly #machines = new Map<string, Machine>()
  readonly #queue = new EventQueue()
  readonly #trace = new Trace()
  readonly #scheduler: Scheduler & Runtime
  #nowUs = 0
  #events = 0
  #drain: Drain | undefined
  #drainSought = false
  /** Code of a process or of the harness ran since microtasks were last drained. */
  #codeRan = false
  #turnEnd: { readonly process: SimulatedProcess; readonly callback: () => void }[] = []
  #turnRounds = 0
  /** Whose turn it is. */
  #turnOf: SimulatedProcess | undefined
  #running = false

  constructor(options: SimulationOptions) {
    this.random = createRandom(options.seed)
    this.#diskOptions = { ...simulationDefaults.disk, ...options.disk }
    this.#clockOptions = { ...simulationDefaults.clock, ...options.clock }
    this.faultPoints = new FaultPoints(this.random.child('fault points'), options.faultPointChance ?? 0)
    this.#timerRandom = this.random.child('timers')
    this.#turnRandom = this.random.child('turns')
    const networkOptions: NetworkOptions = { ...simulationDefaults.network, ...options.network }
    this.#scheduler = this.#makeScheduler()
    this.network = new WireNetwork(this.#scheduler, simulatedWire(this.random.child('network'), networkOptions))
  }

  /** Virtual milliseconds since the start. */
  get nowMs(): number {
    return this.#nowUs / 1000
  }

  /** Events so far. */
  get events(): number {
    return this.#events
  }

  /** Sixteen hexadecimal digits over all events so far: equal for equal seeds and programs, on every engine. */
  get traceHash(): string {
    return this.#trace.hash
  }

  /** The machine of this name; made, and its process started, when first asked for. Names serve as host names. */
  machine(name: string): Machine {
    const existing = this.#machines.get(name)
    if (existing) return existing
    const random = this.random.child(`machine ${name}`)
    const machine = new Machine(name, {
      scheduler: this.#scheduler,
      runtime: this.#scheduler,
      network: this.network,
      wireMachine: this.network.addMachine(this.#machines.size + 1, name),
      diskTiming: diskTiming(random.child('disk'), this.#diskOptions),
      clock: this.#clockOptions,
      random,
      faults: this.faults,
      faultPoints: this.faultPoints,
      wake: (process) => this.#wakeAt(process, this.#nowUs),
    })
    this.#machines.set(name, machine)
    return machine
  }

  get machines(): readonly Machine[] {
    return [...this.#machines.values()]
  }

  /** Runs code of the harness (a client, a fault) in `delayMs`. */
  at(delayMs: number, action: () => void): void {
    this.#scheduler.after(Math.round(delayMs * 1000), eventKinds.harness, 0, 0, () => {
      this.#codeRan = true
      action()
    })
  }

  /** Cuts what the machines `from` send to the machines `to`. */
  cut(from: readonly string[], to: readonly string[]): void {
    for (const a of from) {
      for (const b of to) {
        if (a === b) continue
        this.network.cut(a, b)
        this.faults.cuts++
      }
    }
  }

  /** Cuts both directions between two groups. */
  partition(a: readonly string[], b: readonly string[]): void {
    this.cut(a, b)
    this.cut(b, a)
  }

  /** All links are whole again. */
  heal(): void {
    this.network.healAll()
  }

  resetConnections(a: string, b: string): void {
    this.faults.resets += this.network.resetConnections(a, b)
  }

  /**
   * Lets time pass. One run at a time.
   * @throws what a callback of a process or of the harness threw
   */
  run(options: RunOptions = {}): Promise<RunEnd> {
    assert(!this.#running, 'a simulation has one run at a time')
    this.#running = true
    // What the harness did since the last run may have settled promises.
    this.#codeRan = true
    const endUs =
      options.forMs === undefined ? Number.POSITIVE_INFINITY : this.#nowUs + Math.round(options.forMs * 1000)
    return new Promise((resolve, reject) => {
      const go = () => {
        let end: RunEnd | undefined
        try {
          end = this.#pump(endUs, options.until)
        } catch (error) {
          this.#running = false
          reject(error)
          return
        }
        if (end === undefined) {
          hop(go)
          return
        }
        this.#running = false
        resolve(end)
      }
      hop(go)
    })
  }

  /**
   * Runs until `promise` is settled, and gives its value.
   * @throws its rejection; an `Error` where it is not settled within `withinMs` of virtual time (default: one minute)
   */
  async complete<T>(promise: Promise<T>, withinMs = 60_000): Promise<T> {
    let settled = false
    const mark = () => {
      settled = true
    }
    promise.then(mark, mark)
    const end = await this.run({ until: () => settled, forMs: withinMs })
    if (end !== 'until') throw new Error(`Not done after ${this.nowMs} ms of virtual time (${end})`)
    return promise
  }

  /** Works until the run ends, or (undefined) until a macrotask hop is needed. */
  #pump(endUs: number, until: (() => boolean) | undefined): RunEnd | undefined {
    if (!this.#drainSought) {
      this.#drainSought = true
      this.#drain = findSynchronousDrain()
    }
    for (let events = 0; events < eventsPerBreath; events++) {
      if (!this.#finishTurn()) return undefined
      if (until?.()) return 'until'
      const nextUs = this.#queue.nextUs
      if (nextUs > endUs) {
        this.#nowUs = endUs
        return 'time'
      }
      const event = this.#queue.pop()
      if (!event) return 'idle'
      this.#nowUs = event.atUs
      this.#events++
      this.#turnRounds = 0
      this.#trace.add(event.atUs, (event.machine << 8) | event.kind, event.digest)
      const action = event.action!
      event.action = undefined
      action()
    }
    return undefined
  }

  /** Drains microtasks and deferred callbacks in turn. False where that needs a hop; then it must be called again. */
  #finishTurn(): boolean {
    while (this.#codeRan || this.#turnEnd.length > 0) {
      if (this.#codeRan) {
        this.#codeRan = false
        if (!this.#drain) return false
        this.#drain()
      }
      if (this.#turnEnd.length === 0) continue
      assert(this.#turnRounds++ < turnRoundsMax, 'deferred callbacks do not defer for ever')
      const deferred = this.#turnEnd
      this.#turnEnd = []
      for (const { process, callback } of deferred) this.#runOrHold(process, callback)
    }
    const process = this.#turnOf
    if (process) {
      this.#turnOf = undefined
      process.busyUntilUs = this.#nowUs + drawUs(this.#turnRandom, this.#clockOptions.turn)
      if (process.held.length > 0) this.#wakeAt(process, process.busyUntilUs)
    }
    return true
  }

  /** A callback that came due outside its process's turn: runs now, or in the turn that comes when the process is free. */
  #enter(process: SimulatedProcess, callback: () => void): void {
    if (!process.alive) return
    if (this.#nowUs >= process.busyUntilUs && process.held.length === 0) {
      this.#runOrHold(process, callback)
      return
    }
    if (process.held.length === 0 && !process.paused) this.#wakeAt(process, process.busyUntilUs)
    process.held.push(callback)
  }

  #runOrHold(process: SimulatedProcess, callback: () => void): void {
    if (!process.alive) return
    if (process.paused) {
      process.held.push(callback)
      return
    }
    this.#codeRan = true
    this.#turnOf = process
    callback()
  }

  /** One turn with everything that the process holds. */
  #wakeAt(process: SimulatedProcess, atUs: number): void {
    this.#scheduler.after(atUs - this.#nowUs, eventKinds.resumed, process.machine, 0, () => {
      if (process.paused) return
      if (this.#nowUs < process.busyUntilUs) {
        this.#wakeAt(process, process.busyUntilUs)
        return
      }
      const held = process.held
      process.held = []
      for (const callback of held) this.#runOrHold(process, callback)
    })
  }

  #makeScheduler(): Scheduler & Runtime {
    const push = (delayUs: number, kind: EventKind, machine: number, digest: number, action: () => void) => {
      const event: SimulatedEvent = { atUs: this.#nowUs + delayUs, kind, machine, digest, action }
      this.#queue.push(event)
      return event
    }
    return {
      nowUs: () => this.#nowUs,
      after: (delayUs, kind, machine, digest, action) => void push(delayUs, kind, machine, digest, action),
      enter: (process, callback) => this.#enter(process as SimulatedProcess, callback),
      atTurnEnd: (process, callback) => {
        if (process.alive) this.#turnEnd.push({ process: process as SimulatedProcess, callback })
      },
      timerEvent: (process, delayMs, callback) => {
        const lateMs = this.#timerRandom.float() * this.#clockOptions.timerLateMs
        const delayUs = Math.ceil((Math.max(0, delayMs) + lateMs) * 1000)
        return push(delayUs, eventKinds.timer, process.machine, 0, () => this.#enter(process, callback))
      },
      cancel: (event) => this.#queue.cancel(event),
    }
  }
}
