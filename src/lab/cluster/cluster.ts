import type { Simulation } from '#host/simulated/index.ts'
import type { Address } from '#kernel/base/host.ts'
import type { NodeSettings } from '#node/node-types.ts'
import type { NodeProgram } from './cluster-node.ts'
import { ClusterNode } from './cluster-node.ts'
import { Links } from './links.ts'
import type { Release } from './releases.ts'
import type { Notes } from './trace.ts'

export interface ClusterOptions {
  readonly simulation: Simulation
  readonly nodeCount: number
  readonly shards: number
  readonly settings: NodeSettings
  /** Nodes begin with one that is drawn. */
  readonly releases: readonly Release[]
  readonly program: NodeProgram
  readonly notes: Notes | undefined
  readonly anomaly: (text: string) => void
}

const redisPort = 6379
const kafkaPort = 9092
const peerPort = 7000

/** Nodes `n1`, `n2`, … on machines of these names. */
export class Cluster {
  readonly simulation: Simulation
  readonly nodes: readonly ClusterNode[]
  readonly links: Links
  readonly #damaged = new Set<ClusterNode>()

  constructor(options: ClusterOptions) {
    this.simulation = options.simulation
    this.links = new Links(options.simulation)
    const members = Array.from({ length: options.nodeCount }, (_, index) => ({
      name: `n${index + 1}`,
      zone: String.fromCharCode(0x61 + index),
      peer: { host: `n${index + 1}`, port: peerPort },
    }))
    const random = options.simulation.random.child('releases')
    this.nodes = members.map(
      ({ name }) =>
        new ClusterNode({
          machine: options.simulation.machine(name),
          releases: options.releases,
          release: random.below(options.releases.length),
          program: options.program,
          notes: options.notes,
          anomaly: options.anomaly,
          later: (delayMs, action) => options.simulation.at(delayMs, action),
          options: {
            name,
            members,
            bootstrap: { clusterId: 'lab', shards: options.shards },
            listen: { redis: { host: name, port: redisPort }, kafka: { host: name, port: kafkaPort } },
            settings: options.settings,
          },
        }),
    )
  }

  get names(): string[] {
    return this.nodes.map((node) => node.name)
  }

  get addresses(): Address[] {
    return this.nodes.map((node) => node.redis)
  }

  /** Those that have not lost for good what they had. */
  get whole(): readonly ClusterNode[] {
    return this.nodes.filter((node) => !node.isLost)
  }

  /** Where each replica stands, a line for each. */
  standings(): string[] {
    return this.nodes.flatMap(({ name, running }) =>
      running === undefined
        ? [`${name} does not run`]
        : [...running.status().shards, ...running.status().partitions].map((s) => `${name} ${JSON.stringify(s)}`),
    )
  }

  /**
   * Whether `node` may lose what it has synced: so may fewer than half, and always the same ones.
   */
  mayDamage(node: ClusterNode): boolean {
    const damagedMax = Math.floor((this.nodes.length - 1) / 2)
    if (!this.#damaged.has(node) && this.#damaged.size < damagedMax) this.#damaged.add(node)
    return this.#damaged.has(node)
  }

  start(): void {
    for (const node of this.nodes) node.start()
  }

  /** Every process runs, every program is started; links are the faults' own affair. */
  revive(): void {
    for (const node of this.nodes) {
      node.resume()
      node.restart()
    }
  }
}
