import type { Machine } from '#host/simulated/index.ts'
import { type ErrorCode, UnumError } from '#kernel/base/errors.ts'
import type { Address } from '#kernel/base/host.ts'
import type { Log } from '#kernel/handles/service.ts'
import type { NodeOptions, RunningNode } from '#node/node-types.ts'
import type { Release } from './releases.ts'
import type { Notes } from './trace.ts'

/** What runs on a node's machine: `startNode`, or a stand-in in tests. */
export type NodeProgram = (options: NodeOptions) => Promise<RunningNode>

export interface ClusterNodeOptions {
  readonly machine: Machine
  readonly program: NodeProgram
  /** All but what belongs to one incarnation. */
  readonly options: Omit<NodeOptions, 'host' | 'log' | 'failed' | keyof Release>
  readonly releases: readonly Release[]
  /** Of them, the one that it begins with. */
  readonly release: number
  readonly notes: Notes | undefined
  /** Something a node must never do; for people. */
  readonly anomaly: (text: string) => void
  /** Runs `action` in so much simulated time. */
  readonly later: (delayMs: number, action: () => void) => void
}

/** What a node may stop for, or not start for, where its disk has failed it. */
const diskCodes: ReadonlySet<ErrorCode> = new Set(['DISK_FAILED', 'DISK_FULL', 'DATA_DAMAGED'] as const)

/** How long after it has ended by itself a node is started again. */
const restartMs = 500

/** A node's machine, and the program on it: started, stopped, killed and started again. */
export class ClusterNode {
  readonly name: string
  readonly machine: Machine
  readonly #options: ClusterNodeOptions
  #running: RunningNode | undefined
  #incarnation = 0
  #release: number
  /** It has been ready once: its disk holds the cluster, and it is not told again how to form one. */
  #wasReady = false
  #stopping = false
  /** Its disk has failed it: it may say so, and stop. */
  isTroubled = false
  /** What it needs to start may be damaged for good. */
  mayBeLost = false
  #isLost = false

  constructor(options: ClusterNodeOptions) {
    this.name = options.options.name
    this.machine = options.machine
    this.#options = options
    this.#release = options.release
  }

  /** Ready to serve, and not asked to stop. */
  get running(): RunningNode | undefined {
    return this.#stopping ? undefined : this.#running
  }

  /** It has said that it cannot come back: the others go on without it. */
  get isLost(): boolean {
    return this.#isLost
  }

  get isAlive(): boolean {
    return this.machine.isAlive
  }

  get redis(): Address {
    return this.#options.options.listen.redis!
  }

  get kafka(): Address {
    return this.#options.options.listen.kafka!
  }

  /** Starts the program on a machine whose process is alive and empty. */
  start(): void {
    const { program, options, releases } = this.#options
    const incarnation = ++this.#incarnation
    this.#stopping = false
    this.#note(this.#release === 0 ? 'starts' : `starts as release ${this.#release}`)
    program({
      ...options,
      ...releases[this.#release]!,
      bootstrap: this.#wasReady ? undefined : options.bootstrap,
      host: this.machine.host,
      log: this.#log(),
      failed: this.#ended('stopped itself'),
    }).then((running) => {
      if (incarnation !== this.#incarnation) return
      this.#running = running
      this.#wasReady = true
      this.#note('is ready')
    }, this.#ended('could not start'))
  }

  kill(): void {
    if (!this.machine.isAlive) return
    this.#end('killed')
    this.machine.kill()
  }

  powerLoss(): void {
    this.#end('lost power')
    this.machine.powerLoss()
  }

  /** Starts the program again if the machine's process is dead. */
  restart(): void {
    if (this.machine.isAlive || this.#isLost) return
    this.machine.restart()
    this.start()
  }

  /** Asks the program to stop in order, and ends its process when it has. */
  stop(): void {
    const running = this.running
    if (running === undefined) return
    const incarnation = this.#incarnation
    this.#stopping = true
    this.#note('stops')
    running.stop().then(() => {
      if (incarnation !== this.#incarnation) return
      this.#end('stopped')
      this.machine.kill()
    }, this.#ended('could not stop'))
  }

  /** From its next start on it is of another version, the next or the one before. @returns whether there is another */
  changeRelease(): boolean {
    const { releases } = this.#options
    this.#release = (this.#release + 1) % releases.length
    return releases.length > 1
  }

  pause(): void {
    this.#note('paused')
    this.machine.pause()
  }

  resume(): void {
    if (!this.machine.isPaused) return
    this.#note('resumed')
    this.machine.resume()
  }

  /** The machine stands still together with its monotonic clock; `resume` ends it. */
  suspend(): void {
    this.#note('suspended')
    this.machine.suspend()
  }

  /**
   * The present incarnation has ended by itself (nothing of one that is gone is heeded). Where its disk gave it a reason it is started
   * again after a while, unless it says that it never can be; else it is reported.
   */
  #ended(what: string): (error: Error) => void {
    const incarnation = this.#incarnation
    return (error) => {
      if (incarnation !== this.#incarnation) return
      const code = error instanceof UnumError ? error.code : undefined
      const isFinal = code === 'DATA_DAMAGED' && what === 'could not start'
      if (!this.isTroubled || code === undefined || !diskCodes.has(code) || (isFinal && !this.mayBeLost)) {
        this.#options.anomaly(`${this.name} ${what}: ${error.stack ?? error}`)
        return
      }
      this.#isLost = isFinal
      this.#end(`${what}: ${error.message}`)
      this.machine.kill()
      const ended = this.#incarnation
      // Somebody else may have started it, and stopped it again, by then.
      this.#options.later(restartMs, () => {
        if (this.#incarnation === ended) this.restart()
      })
    }
  }

  #end(how: string): void {
    this.#incarnation++
    this.#running = undefined
    this.#stopping = false
    this.#note(how)
  }

  #note(text: string): void {
    this.#options.notes?.(this.name, text)
  }

  #log(): Log {
    const { notes, anomaly } = this.#options
    const note = (level: string) => (fields: Record<string, unknown>, message: string) =>
      notes?.(this.name, `${level} ${message} ${describe(fields)}`)
    return {
      info: note('info:'),
      warn: note('warn:'),
      error: (fields, message) => {
        note('error:')(fields, message)
        if (!this.isTroubled) anomaly(`${this.name} logged an error: ${message} ${describe(fields)}`)
      },
    }
  }
}

function describe(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value instanceof Error ? (value.stack ?? value) : JSON.stringify(value)}`)
    .join(' ')
}
