import type { Machine } from '#host/simulated/index.ts'
import type { Address } from '#kernel/base/host.ts'
import type { Log } from '#kernel/handles/service.ts'
import type { NodeOptions, RunningNode } from '#node/node-types.ts'
import type { Notes } from './trace.ts'

/** What runs on a node's machine: `startNode`, or a stand-in in tests. */
export type NodeProgram = (options: NodeOptions) => Promise<RunningNode>

export interface ClusterNodeOptions {
  readonly machine: Machine
  readonly program: NodeProgram
  /** All but what belongs to one incarnation. */
  readonly options: Omit<NodeOptions, 'host' | 'log' | 'failed'>
  readonly notes: Notes | undefined
  /** Something a node must never do; for people. */
  readonly anomaly: (text: string) => void
}

/** A node's machine, and the program on it: started, stopped, killed and started again. */
export class ClusterNode {
  readonly name: string
  readonly machine: Machine
  readonly #options: ClusterNodeOptions
  #running: RunningNode | undefined
  #incarnation = 0
  /** It has been ready once: its disk holds the cluster, and it is not told again how to form one. */
  #wasReady = false
  #stopping = false

  constructor(options: ClusterNodeOptions) {
    this.name = options.options.name
    this.machine = options.machine
    this.#options = options
  }

  /** Ready to serve, and not asked to stop. */
  get running(): RunningNode | undefined {
    return this.#stopping ? undefined : this.#running
  }

  get isAlive(): boolean {
    return this.machine.isAlive
  }

  get redis(): Address {
    return this.#options.options.listen.redis!
  }

  /** Starts the program on a machine whose process is alive and empty. */
  start(): void {
    const { program, options } = this.#options
    const incarnation = ++this.#incarnation
    this.#stopping = false
    this.#note('starts')
    program({
      ...options,
      bootstrap: this.#wasReady ? undefined : options.bootstrap,
      host: this.machine.host,
      log: this.#log(),
      failed: this.#failed('stopped itself'),
    }).then((running) => {
      if (incarnation !== this.#incarnation) return
      this.#running = running
      this.#wasReady = true
      this.#note('is ready')
    }, this.#failed('could not start'))
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
    if (this.machine.isAlive) return
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
    }, this.#failed('could not stop'))
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

  /** Reports what the present incarnation must not do, and nothing of one that is gone. */
  #failed(what: string): (error: Error) => void {
    const incarnation = this.#incarnation
    return (error) => {
      if (incarnation === this.#incarnation) this.#options.anomaly(`${this.name} ${what}: ${error.stack ?? error}`)
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
        anomaly(`${this.name} logged an error: ${message} ${describe(fields)}`)
      },
    }
  }
}

function describe(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value instanceof Error ? (value.stack ?? value) : JSON.stringify(value)}`)
    .join(' ')
}
