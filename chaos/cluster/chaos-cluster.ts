import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { formatAddress } from '#cli/address.ts'
import type { NodeConfig } from '#cli/node/node-config.ts'
import type { NodeStatus } from '#node/node-types.ts'
import type { ChaosNetwork, Endpoint } from '../network/chaos-network.ts'
import { clientsPlace } from '../network/chaos-network.ts'
import { PowerSupply } from '../power/power-supply.ts'
import { ChaosNode } from './chaos-node.ts'
import type { Disks } from './disks.ts'
import { Excuses } from './excuses.ts'

export interface ChaosClusterOptions {
  readonly names: readonly string[]
  readonly network: ChaosNetwork
  readonly disks: Disks
  readonly note: (text: string) => void
  /** Told what no node may do. */
  readonly violation: (text: string) => void
}

const shards = 1
const zones = 'abcdefg'
/** As `unum up` does it. */
const restartDelayMs = 1000
const askMsMax = 1000

/** The nodes, each started as `unum up` would start it, and started again as it would when one ends by itself. */
export class ChaosCluster {
  readonly nodes: readonly ChaosNode[]
  readonly excuses = new Excuses()
  /** How often a node ended by itself for a reason that it had. */
  excusedEnds = 0
  readonly #options: ChaosClusterOptions
  readonly #clusterId = randomBytes(16).toString('hex')
  /** Nodes that have a reason to stay down. */
  readonly #out = new Set<string>()
  readonly #restarts = new Set<NodeJS.Timeout>()
  #isFormed = false
  #isOver = false

  constructor(options: ChaosClusterOptions) {
    this.#options = options
    this.nodes = options.names.map((name) => {
      const config = () => this.#config(name)
      const launcher = options.network.launcher(name)
      const power = new PowerSupply({
        data: `${config().folder}/data`,
        journal: join(options.disks.spareFolder, `${name}.journal`),
        syncMs: [1, 4],
        isLying: false,
        kept: join(options.disks.folderOf(name), 'kept'),
      })
      return new ChaosNode({ config, launcher, power, ended: (said, livedMs) => this.#ended(name, said, livedMs) })
    })
  }

  get names(): readonly string[] {
    return this.#options.names
  }

  node(name: string): ChaosNode {
    return this.nodes.find((node) => node.name === name)!
  }

  /** Starts all for the first time. @throws Error where they do not become ready */
  async form(withinMs: number): Promise<void> {
    for (const node of this.nodes) node.start()
    if (!(await this.whenReady(this.names, withinMs))) throw new Error(`no cluster was formed in ${withinMs} ms`)
    this.#isFormed = true
  }

  /** Holds a node down, whoever would start it, until what is returned is called. */
  holdOut(name: string): () => void {
    this.#out.add(name)
    return () => void this.#out.delete(name)
  }

  /** Every process runs that has no reason to be down. */
  revive(): void {
    for (const node of this.nodes) {
      node.resume()
      if (!this.#out.has(node.name)) node.start()
    }
  }

  /** Whether all these are ready in time. */
  async whenReady(names: readonly string[], withinMs: number): Promise<boolean> {
    const untilMs = performance.now() + withinMs
    for (const name of names) {
      while (!(await this.isReady(name))) {
        if (this.#isOver || performance.now() > untilMs) return false
        await sleep(50)
      }
    }
    return true
  }

  /** It knows a leader for every shard. */
  async isReady(name: string): Promise<boolean> {
    return (await this.#ask(name, '/readyz'))?.ok === true
  }

  /** The node that says that it leads the keys; of two, the one in the later term. */
  async leader(): Promise<string | undefined> {
    const answers = await Promise.all(this.names.map((name) => this.#shardOf(name)))
    const leaders = answers.filter((answer) => answer?.role === 'leader').sort((a, b) => b!.term - a!.term)
    return leaders[0]?.name
  }

  async stop(): Promise<void> {
    this.#isOver = true
    for (const timer of this.#restarts) clearTimeout(timer)
    await Promise.all(this.nodes.map((node) => node.stop()))
  }

  async #shardOf(name: string) {
    const status = (await (await this.#ask(name, '/api/status'))?.json().catch(() => undefined)) as
      | NodeStatus
      | undefined
    const shard = status?.shards.find(({ space }) => space === 'redis')
    return shard && { name, role: shard.role, term: shard.term }
  }

  #ask(name: string, path: string): Promise<Response | undefined> {
    const { network } = this.#options
    const address = formatAddress(network.reach(clientsPlace, name, 'admin'))
    return fetch(`http://${address}${path}`, { signal: AbortSignal.timeout(askMsMax) }).catch(() => undefined)
  }

  #config(name: string): NodeConfig {
    const { names, network, disks } = this.#options
    const own = (endpoint: Endpoint) => network.listenAt(name, endpoint)
    return {
      name,
      clusterId: this.#clusterId,
      ...(this.#isFormed ? {} : { shards }),
      folder: `${disks.folderOf(name)}/node`,
      members: names.map((member, i) => ({
        name: member,
        zone: zones[i]!,
        peer: member === name ? own('peer') : network.reach(name, member, 'peer'),
      })),
      listen: { redis: own('redis'), admin: own('admin') },
    }
  }

  #ended(name: string, said: string, livedMs: number): void {
    const { note, violation } = this.#options
    const shown = /^unum: .*$/m.exec(said)?.[0] ?? (said.split('\n').at(-1) || 'without a word')
    if (this.#isOver) return
    note(`${name} has ended by itself: ${shown}`)
    if (this.excuses.cover(name, said, livedMs)) this.excusedEnds++
    else violation(`${name} ended by itself: ${said || 'without a word'}`)
    const timer = setTimeout(() => {
      this.#restarts.delete(timer)
      if (!this.#out.has(name)) this.node(name).start()
    }, restartDelayMs)
    this.#restarts.add(timer)
  }
}
