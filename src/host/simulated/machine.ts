import { assert } from '#kernel/base/errors.ts'
import type { Host, Random } from '#kernel/base/host.ts'
import type { Rarely } from '#kernel/base/rarely.ts'
import { DiskFaults, type DiskMoment, type FailureChances, neverFails } from '../core/disk-faults.ts'
import { DiskImage } from '../core/disk-image.ts'
import { type DiskTiming, ImageDisk } from '../core/image-disk.ts'
import type { Scheduler } from '../core/scheduler.ts'
import type { WireMachine, WireNetwork } from '../core/wire-network.ts'
import type { FaultPoints } from './fault-points.ts'
import type { FaultCounts } from './faults.ts'
import { MachineClock } from './machine-clock.ts'
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
  readonly faultPoints: FaultPoints
  /** Lets the process run what it holds, soon. */
  readonly wake: (process: SimulatedProcess) => void
}

/** A machine of the simulation: a disk that stays, and one process at a time that may be paused, killed and started again. */
export class Machine {
  readonly name: string
  readonly #parts: MachineParts
  readonly #image = new DiskImage(true)
  readonly #faultRandom: Random
  readonly #clock: MachineClock
  readonly #diskFaults: DiskFaults
  readonly #rarely: Rarely
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
    this.#diskFaults = new DiskFaults(parts.random.child('disk faults'), parts.faults)
    this.#clock = new MachineClock(parts.clock, parts.random.child('clock'), parts.scheduler.nowUs)
    this.#rarely = parts.faultPoints.on(parts.random.child('fault points'))
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
    this.#clock.resume()
    this.#parts.wake(process)
  }

  /** Stops the machine with its monotonic clock, as closing a laptop or pausing a virtual machine does; the wall clock goes on. */
  suspend(): void {
    if (!this.#process.alive || this.#process.paused) return
    this.#process.paused = true
    this.#clock.suspend()
    this.#parts.faults.suspensions++
  }

  /** Sets the wall clock `byMs` ahead, or back. */
  jumpClock(byMs: number): void {
    this.#clock.jump(byMs)
    this.#parts.faults.clockJumps++
  }

  /** From now on so many requests to the disk fail; none without `chances`. */
  failDisk(chances: FailureChances = neverFails): void {
    this.#diskFaults.chances = chances
  }

  /** Calls `reached` once, at the next request that `moment` is about; instead of what was to be called before. */
  atDiskRequest(moment: DiskMoment | undefined, reached: () => void = () => {}): void {
    this.#diskFaults.watcher = moment && { moment, reached }
  }

  /** From now on the disk has room for `bytes` more than it holds; as much as is wanted without `bytes`. */
  limitDisk(bytes = Number.POSITIVE_INFINITY): void {
    this.#diskFaults.capacityBytes = this.#image.bytes + bytes
  }

  /**
   * Damages bytes at rest in one of the files that `matches` names: a flipped bit, a lost or a misdirected write. What a process could not
   * tell from a write that was cut short is spared: the two newest durable writes.
   * @returns what was done, for people; undefined where there was nothing to damage
   */
  rot(matches: (path: string) => boolean): string | undefined {
    const rot = this.#image.rot(this.#faultRandom, matches)
    if (!rot) return undefined
    this.#parts.faults.rotten++
    return `${rot.kind} at ${rot.position} of ${rot.path}`
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
    this.#clock.powerOn(this.#faultRandom)
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
    this.#clock.resume()
    this.#disk.crash(this.#faultRandom)
    this.#image.abandonWrites()
  }

  #boot(): { readonly process: SimulatedProcess; readonly disk: ImageDisk; readonly host: Host } {
    const { scheduler, runtime, network, wireMachine, random } = this.#parts
    const process = new SimulatedProcess(wireMachine.index)
    const disk = new ImageDisk(this.#image, this.#diskTiming, scheduler, process, this.#diskFaults)
    const host = simulatedHost(process, runtime, {
      clock: this.#clock,
      network: network.networkOf(wireMachine, process),
      disk,
      random: random.child(`process ${this.#incarnation++}`),
      rarely: this.#rarely,
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
