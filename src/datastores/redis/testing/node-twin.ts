import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Clock, Connection, ConnectionHandler, ProcessUsage } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import type { ClusterView, ServiceContext } from '#kernel/handles/service.ts'
import { noTopics } from '#kernel/handles/testing/no-topics.ts'
import { redis } from '../index.ts'
import { GatewayTwin } from './gateway-twin.ts'

/** A node with nothing but the Redis service: its connections, turns and time are made by the test. */
export class NodeTwin {
  readonly gateway: GatewayTwin
  readonly context: ServiceContext
  readonly logged: string[] = []
  /** Milliseconds on both clocks. */
  nowMs = 1_700_000_000_000
  /** What the host says of the process. */
  usage: ProcessUsage | undefined
  #deferred: (() => void)[] = []

  constructor(options: { readonly shardCount?: number; readonly limits?: Partial<ServiceContext['limits']> } = {}) {
    const defer = (callback: () => void) => void this.#deferred.push(callback)
    this.gateway = new GatewayTwin({ evaluators: redis.evaluators, shardCount: options.shardCount ?? 1, defer })
    const clock: Clock = {
      monotonicMs: () => this.nowMs,
      wallMs: () => this.nowMs,
      defer,
      timer: () => ({ cancel: () => {} }),
      sleep: () => Promise.reject(new Error('connections do not sleep')),
    }
    const log = (_fields: unknown, message: string) => void this.logged.push(message)
    this.context = {
      clock,
      random: createRandom('node twin'),
      gateway: this.gateway,
      cluster: this.#cluster(),
      topics: noTopics,
      limits: { clientMemoryBytesMax: 64 << 20, valueBytesMax: 8 << 20, clientsMax: 1000, ...options.limits },
      usage: () => this.usage,
      log: { info: log, warn: log, error: log },
    }
  }

  #cluster(): ClusterView {
    return {
      clusterId: 'c1',
      nodeName: 'n1',
      nodeId: 1,
      nodes: () => [
        { name: 'n1', id: 1, zone: 'a', endpoints: { redis: '127.0.0.1:6379' }, alive: true },
        { name: 'n2', id: 2, zone: 'a', endpoints: { redis: '127.0.0.1:6380' }, alive: true },
        { name: 'n3', id: 3, zone: 'a', endpoints: { redis: '127.0.0.1:6381' }, alive: false },
      ],
      shards: () =>
        this.gateway.shards.map(({ firstSlot, lastSlot }, i) => ({
          firstSlot,
          lastSlot,
          leader: i % 2 === 0 ? 'n1' : 'n2',
          replicas: ['n1', 'n2', 'n3'],
        })),
      facts: () => ({ unum_version: '0.1.0' }),
    }
  }

  connect(): ConnectionTwin {
    const connection = new ConnectionTwin()
    redis.listeners[0]!.open(connection, this.context)
    return connection
  }

  /** Ends the turn, and those that follow from it. */
  endTurn(): void {
    while (this.#deferred.length > 0) {
      const callbacks = this.#deferred
      this.#deferred = []
      for (const callback of callbacks) callback()
    }
  }

  /** Sends to `connection`, ends the turn and returns what came back. */
  exchange(connection: ConnectionTwin, ...commands: readonly (readonly (string | number)[])[]): string {
    connection.send(commands.map((words) => encodeCommand(words)).join(''))
    this.endTurn()
    return connection.received()
  }

  advanceMs(durationMs: number): void {
    this.nowMs += durationMs
    for (const { evaluation } of this.gateway.shards) evaluation.timestampUs += durationMs * 1000
  }
}

/** The service's side of a connection; the client's side is the test. One character per byte. */
export class ConnectionTwin implements Connection {
  handler: ConnectionHandler = { data: () => {}, closed: () => {} }
  readonly peer = '127.0.0.1:50000'
  /** The client does not read: what is written stays queued. */
  stuck = false
  queuedBytes = 0
  paused = false
  state: 'open' | 'ended' | 'destroyed' = 'open'
  writes = 0
  #received: string[] = []

  write(bytes: Uint8Array): void {
    if (this.state !== 'open') return
    this.writes++
    this.#received.push(latin1Text(bytes))
    if (this.stuck) this.queuedBytes += bytes.length
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  end(): void {
    this.#close('ended')
  }

  destroy(): void {
    this.#close('destroyed')
  }

  #close(state: 'ended' | 'destroyed'): void {
    if (this.state === 'open') this.state = state
  }

  // The client's side

  send(text: string): void {
    const chunk = latin1Bytes(text)
    this.handler.data(chunk)
    chunk.fill(0x7e)
  }

  received(): string {
    const text = this.#received.join('')
    this.#received = []
    return text
  }

  /** The client reads again. */
  unstick(): void {
    this.stuck = false
    this.queuedBytes = 0
    this.handler.drained?.()
  }
}

export function encodeCommand(words: readonly (string | number)[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${String(word).length}\r\n${word}\r\n`).join('')}`
}
