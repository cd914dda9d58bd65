import type { Address, Clock, Network, Random } from '#kernel/base/host.ts'
import { apis } from '#messaging/kafka/protocol/apis.ts'
import { BrokerConnection } from './broker-connection.ts'
import type { PartitionName } from './topic-history.ts'
import { partitionName } from './topic-history.ts'

export interface TopicClientOptions {
  readonly clock: Clock
  readonly network: Network
  readonly random: Random
  /** The brokers' listeners, the one that is asked first in front. */
  readonly brokers: readonly Address[]
  readonly timeoutMs: number
}

export interface Leader {
  readonly address: Address
  readonly epoch: number
}

/** What all Kafka clients have: connections, made when they are needed, and what they know of who leads. */
export class ClusterClient {
  readonly options: TopicClientOptions
  readonly #connections = new Map<string, BrokerConnection>()
  readonly #leaders = new Map<PartitionName, Leader>()

  constructor(options: TopicClientOptions) {
    this.options = options
  }

  connection(address: Address): BrokerConnection {
    const key = `${address.host}:${address.port}`
    const known = this.#connections.get(key)
    if (known && !known.isClosed) return known
    const connection = new BrokerConnection({ ...this.options, address })
    this.#connections.set(key, connection)
    return connection
  }

  /** One of the brokers, the first more often than the others. */
  anyBroker(): Address {
    const { brokers, random } = this.options
    return random.below(2) === 0 ? brokers[0]! : brokers[random.below(brokers.length)]!
  }

  leader(partition: PartitionName): Leader | undefined {
    return this.#leaders.get(partition)
  }

  /** Asks a broker who leads. What is older than what is known is not heeded (KIP-320). @returns whether there was an answer */
  async refresh(topics: readonly string[], broker = this.anyBroker()): Promise<boolean> {
    const answer = await this.connection(broker).ask(apis.Metadata, { topics: topics.map((name) => ({ name })) })
    if (!answer) return false
    const brokers = new Map(answer.brokers.map(({ nodeId, host, port }) => [nodeId, { host, port }]))
    for (const { name, partitions } of answer.topics) {
      for (const { partitionIndex, leaderId, leaderEpoch } of partitions) {
        const partition = partitionName(name!, partitionIndex)
        const address = brokers.get(leaderId)
        const known = this.#leaders.get(partition)
        if (address && leaderEpoch >= (known?.epoch ?? -1)) {
          this.#leaders.set(partition, { address, epoch: leaderEpoch })
        }
      }
    }
    return true
  }

  sleep(meanMs: number): Promise<void> {
    const { clock, random } = this.options
    return clock.sleep(2 * meanMs * random.float())
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.destroy()
  }
}
