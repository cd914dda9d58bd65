import { Simulation } from '#host/simulated/index.ts'
import { startNode } from '#node/node.ts'
import type { NodeSettings, RunningNode } from '#node/node-types.ts'
import { defaultSettings } from '#node/settings.ts'
import { kafka } from '../index.ts'
import { apis } from '../protocol/apis.ts'
import { buildBatch, recordsOf } from '../protocol/records/index.ts'
import { KafkaClient } from './kafka-client.ts'

/** Three simulated brokers, and what tests ask them. */
export class KafkaCluster {
  readonly simulation: Simulation
  readonly names = ['n1', 'n2', 'n3']
  readonly nodes = new Map<string, RunningNode>()
  readonly #settings: Partial<NodeSettings>
  readonly #clients = new Map<number, KafkaClient>()
  /** What the nodes have told as errors: bugs. */
  readonly errors: string[] = []

  constructor(seed: number, settings: Partial<NodeSettings> = {}) {
    this.simulation = new Simulation({ seed })
    this.#settings = settings
  }

  settle<T>(promise: Promise<T>): Promise<T> {
    return this.simulation.complete(promise)
  }

  async start(name: string, isNew = true): Promise<void> {
    const machine = this.simulation.machine(name)
    const members = this.names.map((each) => ({ name: each, zone: 'a', peer: { host: each, port: 7800 } }))
    const error = (fields: object, text: string) => void this.errors.push(`${text} ${JSON.stringify(fields)}`)
    const log = { info() {}, warn() {}, error }
    const node = await startNode({
      ...{ host: isNew ? machine.host : machine.restart(), name, members, services: [kafka], log },
      bootstrap: { clusterId: 'c', shards: 1 },
      listen: { kafka: { host: name, port: 9092 } },
      settings: { ...defaultSettings, ...this.#settings },
    })
    this.nodes.set(name, node)
  }

  async startAll(): Promise<void> {
    await this.settle(Promise.all(this.names.map((name) => this.start(name))))
    await this.simulation.run({ forMs: 300 })
  }

  kill(id: number): void {
    this.simulation.machine(this.names[id - 1]!).kill()
    this.nodes.delete(this.names[id - 1]!)
    this.#clients.delete(id)
  }

  /** A connection to a broker, made anew where it has broken. */
  client(id: number): KafkaClient {
    const known = this.#clients.get(id)
    if (known && !known.isClosed) return known
    const { network } = this.simulation.machine('client').host
    const client = new KafkaClient(network, { host: this.names[id - 1]!, port: 9092 })
    this.#clients.set(id, client)
    return client
  }

  async create(name: string, partitions = 1): Promise<number> {
    const topic = { name, numPartitions: partitions, replicationFactor: 3, assignments: [], configs: [] }
    const { topics } = await this.settle(this.client(1).ask(apis.CreateTopics, { topics: [topic] }))
    return topics[0]!.errorCode
  }

  /** The broker that leads a partition, asked of those that run, until there is one. */
  async leader(topic: string, partition = 0): Promise<number> {
    for (;;) {
      for (const name of this.nodes.keys()) {
        const id = this.names.indexOf(name) + 1
        const { topics } = await this.settle(this.client(id).ask(apis.Metadata, { topics: [{ name: topic }] }))
        const leader = topics[0]!.partitions[partition]?.leaderId ?? -1
        if (leader > 0 && this.nodes.has(this.names[leader - 1]!)) return leader
      }
      await this.simulation.run({ forMs: 50 })
    }
  }

  async produce(
    id: number,
    topic: string,
    values: readonly string[],
    options: { partition?: number; version?: number; acks?: number; timeoutMs?: number } = {},
  ) {
    const { partition = 0, version = 9, acks = -1, timeoutMs = 1000 } = options
    const records = buildBatch(values.map((value) => ({ value: bytesOf(value), timestamp: 1000 })))
    const topicData = [{ name: topic, partitionData: [{ index: partition, records }] }]
    const answer = await this.client(id).ask(apis.Produce, { acks, timeoutMs, topicData }, version)
    return answer.responses[0]!.partitionResponses[0]!
  }

  async fetch(
    id: number,
    topic: string,
    offset: number,
    options: { partition?: number; maxWaitMs?: number; minBytes?: number; maxBytes?: number; version?: number } = {},
  ) {
    const { partition = 0, maxWaitMs = 0, minBytes = 1, maxBytes = 1 << 20, version = 12 } = options
    const partitions = [{ partition, fetchOffset: offset, partitionMaxBytes: maxBytes }]
    const topics = [{ topic, partitions }]
    const answer = await this.client(id).ask(apis.Fetch, { maxWaitMs, minBytes, maxBytes, topics }, version)
    const found = answer.responses[0]!.partitions[0]!
    const records = [...recordsOf(found.records ?? new Uint8Array(0))]
    return { ...found, values: records.filter((record) => record.offset >= offset).map(({ value }) => textOf(value)) }
  }
}

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array | null) => (bytes === null ? '' : new TextDecoder().decode(bytes))
