import type { Simulation } from '#host/simulated/index.ts'
import type { Address } from '#kernel/base/host.ts'
import { apis } from '#messaging/kafka/protocol/apis.ts'
import { errorCode } from '#messaging/kafka/protocol/error-codes.ts'
import { ClusterClient } from './cluster-client.ts'
import { TopicConsumer } from './consumer.ts'
import { FinalReader } from './final-reader.ts'
import { GroupMember } from './group-member.ts'
import { TopicProducer } from './producer.ts'
import type { TopicPartition } from './reader.ts'
import type { TopicHistory } from './topic-history.ts'
import type { TopicProfile } from './topic-profile.ts'

/** A node as its Kafka clients see it. */
export interface BrokerSite {
  readonly name: string
  readonly kafka: Address
  /** Where its clients run. */
  readonly clientMachine: string
}

export interface TopicLoadOptions {
  readonly simulation: Simulation
  readonly sites: readonly BrokerSite[]
  readonly profile: TopicProfile
  readonly history: TopicHistory
}

interface Runner {
  start(): void
  finish(): void
  readonly isFinished: boolean
}

const retryMs = 20
/** Long enough for a large answer over a slow link. */
const finalTimeoutMs = 5_000

/** The topics of a run and all of their clients. */
export class TopicLoad {
  readonly #options: TopicLoadOptions
  readonly #partitions: readonly TopicPartition[]
  readonly #runners: readonly Runner[]
  isCreated = false

  constructor(options: TopicLoadOptions) {
    const { profile } = options
    this.#options = options
    this.#partitions = Array.from({ length: profile.topics }, (_, i) => `t${i + 1}`).flatMap((topic) =>
      Array.from({ length: profile.partitions }, (_, partition) => ({ topic, partition })),
    )
    this.#runners = [...this.#producers(), ...this.#consumers(), ...this.#members()]
  }

  /** Makes the topics, asking until each is there. */
  async create(): Promise<void> {
    const { sites, profile } = this.#options
    const client = this.#client('creator', sites[0]!, profile.timeoutMs)
    const configs = [
      { name: 'segment.bytes', value: String(profile.segmentBytes) },
      { name: 'retention.ms', value: '-1' },
    ]
    // On all nodes: faults may take what fewer than half of them have, which is too much for some of a partition on fewer.
    const replicationFactor = sites.length
    for (const name of new Set(this.#partitions.map(({ topic }) => topic))) {
      const topic = { name, numPartitions: profile.partitions, replicationFactor, assignments: [], configs }
      for (;;) {
        const answer = await client.connection(client.anyBroker()).ask(apis.CreateTopics, { topics: [topic] })
        const code = answer?.topics[0]?.errorCode
        if (code === errorCode.NONE || code === errorCode.TOPIC_ALREADY_EXISTS) break
        await client.sleep(retryMs)
      }
    }
    client.close()
    this.isCreated = true
  }

  start(): void {
    for (const runner of this.#runners) runner.start()
  }

  finish(): void {
    for (const runner of this.#runners) runner.finish()
  }

  get isFinished(): boolean {
    return this.#runners.every((runner) => runner.isFinished)
  }

  /** A record to every partition, with the help of each of `sites`. @returns whether all are acknowledged */
  writeThrough(when: string, sites: readonly BrokerSite[]): () => boolean {
    const producers = sites.flatMap((site) =>
      this.#partitions.map(({ topic, partition }) => {
        const name = `${when}.${site.name}.${topic}.${partition}`
        return this.#producer(
          name,
          this.#from(site, sites),
          { topic, partition },
          { batchesMax: 1, isIdempotent: false },
        )
      }),
    )
    for (const producer of producers) producer.start()
    return () => producers.every((producer) => producer.isFinished)
  }

  /** Reads every partition from its start to its end, as each of `sites` says. @returns whether all is read */
  readThrough(when: string, sites: readonly BrokerSite[]): () => boolean {
    const { history, simulation } = this.#options
    const groups = this.#groups
    const readers = sites.map((site) => {
      const name = `${when}.${site.name}`
      const client = this.#client(name, site, finalTimeoutMs, this.#from(site, sites))
      const nowMs = () => simulation.nowMs
      return new FinalReader({ client, history, name, nowMs, when, partitions: this.#partitions, groups })
    })
    for (const reader of readers) reader.start()
    return () => readers.every((reader) => reader.isFinished)
  }

  get #groups(): readonly string[] {
    return Array.from({ length: this.#options.profile.groups }, (_, i) => `group${i + 1}`)
  }

  #producers(): TopicProducer[] {
    const { sites, profile, simulation } = this.#options
    const random = simulation.random.child('producers')
    return this.#partitions.flatMap((partition) =>
      Array.from({ length: profile.producersPerPartition }, (_, i) => {
        const home = sites[random.below(sites.length)]!
        const name = `p${partition.topic}.${partition.partition}.${i}`
        return this.#producer(name, this.#from(home), partition, { isIdempotent: random.below(4) > 0 })
      }),
    )
  }

  #producer(
    name: string,
    brokers: readonly BrokerSite[],
    { topic, partition }: TopicPartition,
    kind: { readonly isIdempotent: boolean; readonly batchesMax?: number },
  ): TopicProducer {
    const { profile, history, simulation } = this.#options
    const { windowMax, recordsMax, valueBytesMax, thinkMs, timeoutMs } = profile
    return new TopicProducer({
      client: this.#client(name, brokers[0]!, timeoutMs, brokers),
      ...{ history, name, topic, partition, windowMax, recordsMax, valueBytesMax, thinkMs },
      ...{ batchesMax: kind.batchesMax ?? Number.POSITIVE_INFINITY, isIdempotent: kind.isIdempotent },
      nowMs: () => simulation.nowMs,
    })
  }

  #consumers(): TopicConsumer[] {
    const { profile, sites } = this.#options
    return sites.flatMap((site) =>
      Array.from({ length: profile.consumersPerNode }, (_, i) => {
        const name = `c${site.name}.${i}`
        return new TopicConsumer({ ...this.#reading(name, site), partitions: this.#partitions })
      }),
    )
  }

  #members(): GroupMember[] {
    const { profile, sites } = this.#options
    return this.#groups.flatMap((group) =>
      sites.flatMap((site) =>
        Array.from({ length: profile.membersPerNode }, (_, i) => {
          const name = `m${site.name}.${group}.${i}`
          return new GroupMember({ ...this.#reading(name, site), group, partitions: this.#partitions })
        }),
      ),
    )
  }

  #reading(name: string, site: BrokerSite) {
    const { profile, history, simulation } = this.#options
    const brokers = this.#from(site)
    const tellsEpoch = simulation.random.child(`epochs of ${name}`).below(2) === 0
    return {
      ...{ history, name, tellsEpoch, fetchBytesMax: profile.fetchBytesMax, waitMs: profile.fetchWaitMs },
      ...{ thinkMs: 50, client: this.#client(name, site, profile.timeoutMs, brokers), nowMs: () => simulation.nowMs },
    }
  }

  /** All, this one in front. A node without a replica of a partition does not know who leads it: clients ask others too. */
  #from(home: BrokerSite, sites = this.#options.sites): readonly BrokerSite[] {
    return [home, ...sites.filter((site) => site !== home)]
  }

  #client(name: string, home: BrokerSite, timeoutMs: number, sites = this.#options.sites): ClusterClient {
    const { simulation } = this.#options
    const { clock, network } = simulation.machine(home.clientMachine).host
    const random = simulation.random.child(`topics ${name}`)
    return new ClusterClient({ clock, network, random, brokers: sites.map(({ kafka }) => kafka), timeoutMs })
  }
}
