import { randomUUID } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMemoryHost, InProcessNetwork, MemoryDisk, memoryPrefix } from '#host/memory/index.ts'
import { createNodeHost } from '#host/node/index.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Host } from '#kernel/base/host.ts'
import { startNode } from '#node/node.ts'
import type { Member, NodeSettings, NodeStatus, RunningNode } from '#node/node-types.ts'
import { services } from '#node/services.ts'
import { defaultSettings } from '#node/settings.ts'

export interface StartOptions {
  /** How many nodes, in this process: 1 to 7. Default 1. */
  readonly nodes?: number
  /**
   * A folder for the nodes' data, which is then durable and found again by the next start. Without it (the default) all data
   * is **in memory only**: it survives `stopNode` and `startNode`, and ends with this object.
   */
  readonly data?: string
  /** Into how many shards each key space is cut when the cluster is formed. Default 1. */
  readonly shards?: number
  readonly settings?: Partial<NodeSettings>
}

/** A cluster inside this process, whose endpoints are real: any client can connect to them over loopback. */
export interface Unum extends AsyncDisposable {
  /**
   * Where a protocol is reached: `127.0.0.1:49152`, of the first running node or of the one named.
   * @throws UnumError `CONFIGURATION_INVALID`: no such protocol or node, or the node is stopped.
   */
  endpoint(protocol: string, node?: string): string
  /** Names in order: `n1`, `n2`, … */
  readonly nodes: readonly string[]
  status(node?: string): NodeStatus
  /** Orderly. Its data stays. A start that is under way is broken off: it rejects with `STOPPED`. */
  stopNode(name: string): Promise<void>
  /** On the same ports as before. */
  startNode(name: string): Promise<void>
  /** Nothing passes between a node of `a` and one of `b` until `heal`. Clients still reach all of them. */
  partition(a: readonly string[], b: readonly string[]): void
  heal(): void
  /** Stops all nodes; also by `await using`. Idempotent. */
  stop(): Promise<void>
}

/**
 * Starts a cluster in this process.
 *
 * ```ts
 * await using unum = await startUnum({ nodes: 3 })
 * const [host, port] = unum.endpoint('redis').split(':')
 * ```
 * @throws UnumError `CONFIGURATION_INVALID`, `CLUSTER_MISMATCH`, `DISK_FAILED`, …
 */
export async function startUnum(options: StartOptions = {}): Promise<Unum> {
  const { nodes = 1 } = options
  if (!Number.isInteger(nodes) || nodes < 1 || nodes > 7) {
    throw new UnumError('CONFIGURATION_INVALID', `Cannot start ${nodes} nodes: from 1 to 7 are possible`)
  }
  const cluster = new InProcessCluster(options, nodes)
  try {
    await Promise.all(cluster.nodes.map((name) => cluster.startNode(name)))
    cluster.formed()
  } catch (error) {
    await cluster.stop()
    throw error
  }
  return cluster
}

interface LocalNode {
  readonly member: Member
  readonly disk: MemoryDisk
  running: RunningNode | undefined
  /** A start that is under way, and how to break it off. */
  starting: { readonly done: Promise<void>; readonly controller: AbortController } | undefined
  /** Releases what its host holds. */
  release: () => Promise<void>
  /** Ports chosen at the first start. */
  ports: Record<string, number>
}

class InProcessCluster implements Unum {
  readonly nodes: readonly string[]
  readonly #options: StartOptions
  readonly #clusterId: string
  /** The data belongs to a cluster already: a node without any has lost it. */
  #isFormed: boolean
  readonly #links = new InProcessNetwork()
  readonly #locals = new Map<string, LocalNode>()

  constructor(options: StartOptions, count: number) {
    this.#options = options
    const formed = options.data === undefined ? undefined : readFormed(options.data)
    this.#clusterId = formed ?? randomUUID()
    this.#isFormed = formed !== undefined
    this.nodes = Array.from({ length: count }, (_, i) => `n${i + 1}`)
    for (const name of this.nodes) {
      const peer = { host: memoryPrefix + name, port: 7800 }
      const member = { name, zone: String.fromCharCode(96 + Number(name.slice(1))), peer }
      this.#locals.set(name, {
        member,
        disk: new MemoryDisk(),
        running: undefined,
        starting: undefined,
        release: async () => {},
        ports: {},
      })
    }
  }

  /** All nodes have their part of the cluster: from now on one without data is refused. */
  formed(): void {
    this.#isFormed = true
    const { data } = this.#options
    if (data !== undefined) writeFileSync(join(data, formedFile), `${this.#clusterId}\n`)
  }

  endpoint(protocol: string, node?: string): string {
    const local = node === undefined ? this.#firstRunning() : this.#local(node)
    const address = local?.running?.endpoints[protocol]
    if (!address) {
      const which = node === undefined ? 'a running node' : `node ${node}`
      throw new UnumError('CONFIGURATION_INVALID', `Cannot find an endpoint for "${protocol}" at ${which}`)
    }
    return `${address.host}:${address.port}`
  }

  status(node?: string): NodeStatus {
    const local = node === undefined ? this.#firstRunning() : this.#local(node)
    if (!local?.running) throw new UnumError('CONFIGURATION_INVALID', `Cannot tell the status: no such node is running`)
    return local.running.status()
  }

  async startNode(name: string): Promise<void> {
    const local = this.#local(name)
    if (local.running) return
    if (!local.starting) {
      const controller = new AbortController()
      const done = this.#start(name, local, controller.signal).finally(() => {
        local.starting = undefined
      })
      local.starting = { done, controller }
    }
    await local.starting.done
  }

  async #start(name: string, local: LocalNode, signal: AbortSignal): Promise<void> {
    const { host, close } = this.#openHost(name, local.disk)
    const joined = this.#links.join(name, host)
    local.release = async () => {
      joined.leave()
      await close()
    }
    const listen: Record<string, { host: string; port: number }> = {}
    for (const { protocol } of services.flatMap((service) => service.listeners)) {
      listen[protocol] = { host: '127.0.0.1', port: local.ports[protocol] ?? 0 }
    }
    try {
      local.running = await startNode({
        host: joined.host,
        name,
        members: [...this.#locals.values()].map(({ member }) => member),
        clusterId: this.#clusterId,
        bootstrap: this.#isFormed ? undefined : { clusterId: this.#clusterId, shards: this.#options.shards ?? 1 },
        services,
        listen,
        settings: { ...defaultSettings, ...this.#options.settings },
        log: quiet,
        signal,
      })
    } catch (error) {
      await local.release()
      throw error
    }
    for (const [protocol, { port }] of Object.entries(local.running.endpoints)) local.ports[protocol] = port
  }

  async stopNode(name: string): Promise<void> {
    const local = this.#local(name)
    if (local.starting) {
      local.starting.controller.abort()
      await local.starting.done.catch(() => {})
    }
    const { running } = local
    if (!running) return
    local.running = undefined
    await running.stop()
    await local.release()
  }

  partition(a: readonly string[], b: readonly string[]): void {
    for (const name of [...a, ...b]) this.#local(name)
    this.#links.partition(a, b)
  }

  heal(): void {
    this.#links.heal()
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map((name) => this.stopNode(name)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  #openHost(name: string, disk: MemoryDisk): { readonly host: Host; close(): Promise<void> } {
    const { data } = this.#options
    const host = data === undefined ? createMemoryHost({ disk }) : createNodeHost({ root: `${data}/${name}` })
    return { host, close: () => host.close() }
  }

  #local(name: string): LocalNode {
    const local = this.#locals.get(name)
    if (!local) {
      throw new UnumError('CONFIGURATION_INVALID', `No node is called "${name}": there are ${this.nodes.join(', ')}`)
    }
    return local
  }

  #firstRunning(): LocalNode | undefined {
    return [...this.#locals.values()].find(({ running }) => running)
  }
}

/** Nothing is logged inside a program: what goes wrong is thrown. */
const quiet = { info() {}, warn() {}, error() {} }

/** Holds the cluster's id, once all its nodes have started. */
const formedFile = 'cluster'

function readFormed(data: string): string | undefined {
  try {
    return readFileSync(join(data, formedFile), 'utf8').trim()
  } catch {
    return undefined
  }
}
