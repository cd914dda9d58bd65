import { assert } from '#kernel/base/errors.ts'
import type { Host, Random } from '#kernel/base/host.ts'
import { DiskImage } from '../core/disk-image.ts'
import { type DiskTiming, ImageDisk } from '../core/image-disk.ts'
import type { Scheduler } from '../core/scheduler.ts'
import type { WireMachine, WireNetwork } from '../core/wire-network.ts'
import type { FaultCounts } from './faults.ts'
import type { ClockOptions } from './options.ts'
import { type Runtime, SimulatedProcess, simulatedHost } from './process.ts'

/** What the simulation gives each of its machines. */
export interface MachineParts {
  readonly scheduler: Scheduler
  readonly runtime: Runtime
  readonly network: WireNetwork
  readonly wireMachine: WireMachine
  readonly diskTiming: DiskTiming
  readonly clock: ClockOptions
  readonly random: Random
  readonly faults: FaultCounts
  /** Lets the process run what it holds, soon. */
  readonly wake: (process: SimulatedProcess) => void
}

/** A machine of the simulation: a disk that stays, and one process at a time that may be paused, killed and started again. */
export class Machine {
  readonly name: string
  readonly #parts: MachineParts
  readonly #image = new DiskImage(true)
  readonly #faultRandom: Random
  readonly #wallOffsetMs: number
  #monotonicOffsetMs: number
  readonly #diskTiming: DiskTiming
  #diskFactor = 1
  #incarnation = 0
  #process: SimulatedProcess
  #disk: ImageDisk
  #host: Host

  constructor(name: string, parts: MachineParts) {
    this.name = name
    this.#parts = parts
    this.#faultRandom = parts.random.child('faults')
    this.#diskTiming = multiplied(parts.diskTiming, () => this.#diskFactor)
    const clockRandom = parts.random.child('clock')
    this.#wallOffsetMs = (clockRandom.float() * 2 - 1) * parts.clock.wallOffsetMs
    this.#monotonicOffsetMs = clockRandom.below(1_000_000)
    const { process, disk, host } = this.#boot()
    this.#process = process
    this.#disk = disk
    this.#host = host
  }

  /** Of the process that runs now, or ran last. */
  get host(): Host {
    return this.#host
  }

  get isAlive(): boolean {
    return this.#process.alive
  }

  get isPaused(): boolean {
    return this.#process.paused
  }

  /** Bytes of all files. */
  get diskBytes(): number {
    return this.#image.bytes
  }

  /** Stops the process (SIGSTOP): what comes due for it waits, its clocks, its system and its disk go on. */
  pause(): void {
    if (!this.#process.alive || this.#process.paused) return
    this.#process.paused = true
    this.#parts.faults.pauses++
  }

  resume(): void {
    const process = this.#process
    if (!process.paused) return
    process.paused = false
    this.#parts.wake(process)
  }

  /** From now on every request to the disk takes `factor` times as long: 1 or more. */
  slowDisk(factor: number): void {
    this.#diskFactor = factor
    if (factor > 1) this.#parts.faults.slowDisks++
  }

  /** From now on what this machine sends and is sent takes `factor` times as long on its way: 1 or more. */
  slowNetwork(factor: number): void {
    this.#parts.wireMachine.delayFactor = factor
    if (factor > 1) this.#parts.faults.slowNetworks++
  }

  /** Ends the process at once (SIGKILL). What it wrote stays; its system closes its connections and ports. */
  kill(): void {
    if (!this.#process.alive) return
    this.#parts.faults.kills++
    this.#endProcess()
    this.#parts.network.processDied(this.#parts.wireMachine)
  }

  /**
   * Takes the power away: keeps what is synced and any subset of what is not, by sector and by name, and says nothing to anybody.
   * The process is dead; `restart` turns the power on again.
   */
  powerLoss(): void {
    if (!this.#parts.wireMachine.isUp) return
    const { faults, network, wireMachine } = this.#parts
    faults.powerLosses++
    this.#endProcess()
    network.machineDied(wireMachine)
    const lost = this.#image.losePower(this.#faultRandom)
    faults.sectorsLost += lost.sectors
    faults.namesLost += lost.names
    this.#monotonicOffsetMs = this.#faultRandom.below(1_000_000)
  }

  /** Starts a new process on the same disk, after `kill` or `powerLoss`. */
  restart(): Host {
    assert(!this.#process.alive, `${this.name} is restarted only after it died`)
    const { process, disk, host } = this.#boot()
    this.#process = process
    this.#disk = disk
    this.#host = host
    if (!this.#parts.wireMachine.isUp) {
      this.#parts.wireMachine.isUp = true
      this.#parts.network.pathsChanged()
    }
    return host
  }

  #endProcess(): void {
    this.#process.alive = false
    this.#process.paused = false
    this.#process.held = []
    this.#disk.crash(this.#faultRandom)
    this.#image.abandonWrites()
  }

  #boot(): { readonly process: SimulatedProcess; readonly disk: ImageDisk; readonly host: Host } {
    const { scheduler, runtime, network, wireMachine, clock, random } = this.#parts
    const process = new SimulatedProcess(wireMachine.index)
    const disk = new ImageDisk(this.#image, this.#diskTiming, scheduler, process)
    const host = simulatedHost(process, runtime, {
      monotonicOffsetMs: this.#monotonicOffsetMs,
      wallStartMs: clock.wallStartMs + this.#wallOffsetMs,
      network: network.networkOf(wireMachine, process),
      disk,
      random: random.child(`process ${this.#incarnation++}`),
    })
    return { process, disk, host }
  }
}

function multiplied(timing: DiskTiming, factor: () => number): DiskTiming {
  const times = (us: number) => Math.round(us * factor())
  return {
    parallel: timing.parallel,
    readUs: (bytes) => times(timing.readUs(bytes)),
    writeUs: (bytes) => times(timing.writeUs(bytes)),
    syncUs: () => times(timing.syncUs()),
    directoryUs: () => times(timing.directoryUs()),
  }
}
