/**
 * Keeps a cluster's node processes running: starts them, starts those that die again, stops them all.
 *
 * 1. Per node there is at most one process at any time: the next one is started only after the end of the last is known.
 * 2. After `stop` nothing is started any more.
 */
import type { NodeConfig } from '../node/node-config.ts'
import type { Ending, NodeProcess } from './node-process.ts'
import { startNodeProcess } from './node-process.ts'

export interface NodeFacts {
  readonly name: string
  readonly pid: number
  readonly zone: string
  readonly endpoints: Readonly<Record<string, string>>
}

export interface SupervisorEvents {
  /** The cluster answers, for the first time: all nodes are ready, but for those of a formed cluster that stay down. */
  ready(nodes: readonly NodeFacts[]): void
  /** Too many nodes stay down for the cluster to become ready. */
  impossible(): void
  /** A node has ended without being asked to; `restartInMs` undefined: it stays down. */
  nodeEnded(node: NodeFacts, ending: Ending, restartInMs: number | undefined): void
  nodeBack(node: NodeFacts): void
  /** These had their time for an orderly stop and are killed. */
  stopOverdue(names: readonly string[]): void
}

interface Seat {
  readonly config: NodeConfig
  readonly zone: string
  process: NodeProcess | undefined
  endpoints: Readonly<Record<string, string>> | undefined
  /** Of a start that is waited for. */
  timer: NodeJS.Timeout | undefined
  /** How many processes in a row ended soon after their start. */
  earlyEndings: number
  /** Its process has ended and none will be started. */
  isDown: boolean
}

const restartDelayMs = 1000
const restartDelayMsMax = 30_000
/** A process that lived shorter than this does not count as having run. */
const earlyMs = 10_000
/** How long nodes have for an orderly stop. */
const stopMsMax = 5000

export class Supervisor {
  readonly #seats: Seat[]
  readonly #restarts: boolean
  readonly #events: SupervisorEvents
  #isFormed: boolean
  #wasReady = false
  #isStopping = false
  #allEnded = Promise.withResolvers<void>()

  /** `isFormed`: the cluster has been ready before, so a node that finds its disk empty must not begin anew. */
  constructor(
    nodes: readonly NodeConfig[],
    options: { readonly restarts: boolean; readonly isFormed: boolean },
    events: SupervisorEvents,
  ) {
    this.#restarts = options.restarts
    this.#isFormed = options.isFormed
    this.#events = events
    this.#seats = nodes.map((config) => ({
      config,
      zone: config.members.find(({ name }) => name === config.name)!.zone,
      process: undefined,
      endpoints: undefined,
      timer: undefined,
      earlyEndings: 0,
      isDown: false,
    }))
  }

  /** Resolves when no process is left and none will be started. */
  get allEnded(): Promise<void> {
    return this.#allEnded.promise
  }

  /** Those that are not ready yet. */
  get missing(): string[] {
    return this.#seats
      .filter(({ endpoints, isDown }) => endpoints === undefined && !isDown)
      .map(({ config }) => config.name)
  }

  start(): void {
    for (const seat of this.#seats) this.#startNode(seat)
  }

  /** Orderly; whatever is left after some seconds is killed. */
  stop(): void {
    if (this.#isStopping) return
    this.#isStopping = true
    for (const seat of this.#seats) {
      clearTimeout(seat.timer)
      seat.timer = undefined
      seat.process?.kill('SIGTERM')
    }
    setTimeout(() => this.#killOverdue(), stopMsMax).unref()
    this.#settle()
  }

  /** At once: as a power button. */
  kill(): void {
    this.stop()
    for (const { process } of this.#seats) process?.kill('SIGKILL')
  }

  #killOverdue(): void {
    const overdue = this.#seats.filter(({ process }) => process !== undefined)
    if (overdue.length === 0) return
    this.#events.stopOverdue(overdue.map(({ config }) => config.name))
    this.kill()
  }

  #startNode(seat: Seat): void {
    seat.timer = undefined
    const { shards, ...config } = seat.config
    seat.process = startNodeProcess(this.#isFormed || shards === undefined ? config : { ...config, shards }, {
      ready: (endpoints) => this.#nodeReady(seat, endpoints),
      ended: (ending) => this.#nodeEnded(seat, ending),
    })
  }

  #nodeReady(seat: Seat, endpoints: Readonly<Record<string, string>>): void {
    if (this.#isStopping) return
    seat.endpoints = endpoints
    if (this.#wasReady) this.#events.nodeBack(factsOf(seat))
    else this.#lookWhetherReady()
  }

  #nodeEnded(seat: Seat, ending: Ending): void {
    const facts = factsOf(seat)
    const livedMs = performance.now() - seat.process!.startedAtMs
    seat.process = undefined
    seat.endpoints = undefined
    if (!this.#isStopping) {
      seat.earlyEndings = livedMs < earlyMs ? seat.earlyEndings + 1 : 0
      // One early end is a `kill -9` like any other; a row of them is a node that cannot run.
      const delayMs = Math.min(restartDelayMsMax, restartDelayMs * 2 ** Math.max(0, seat.earlyEndings - 3))
      seat.isDown = ending.final || !this.#restarts || !this.#isFormed
      if (!seat.isDown) seat.timer = setTimeout(() => this.#startNode(seat), delayMs)
      this.#events.nodeEnded(facts, ending, seat.isDown ? undefined : delayMs)
      if (!this.#wasReady) this.#lookWhetherReady()
    }
    this.#settle()
  }

  /** A cluster is formed by all of its nodes; one that was formed needs a majority. */
  #lookWhetherReady(): void {
    const up = this.#seats.filter(({ isDown }) => !isDown)
    const least = this.#isFormed ? Math.floor(this.#seats.length / 2) + 1 : this.#seats.length
    if (up.length < least) {
      this.#events.impossible()
    } else if (this.missing.length === 0) {
      this.#wasReady = true
      this.#isFormed = true
      this.#events.ready(up.map(factsOf))
    }
  }

  #settle(): void {
    if (this.#seats.every(({ process, timer }) => process === undefined && timer === undefined)) {
      this.#allEnded.resolve()
    }
  }
}

function factsOf(seat: Seat): NodeFacts {
  return {
    name: seat.config.name,
    pid: seat.process?.pid ?? 0,
    zone: seat.zone,
    endpoints: seat.endpoints ?? {},
  }
}
