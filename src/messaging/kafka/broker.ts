import type { ServiceContext } from '#kernel/handles/service.ts'
import type { PartitionView, TopicView } from '#kernel/handles/topics.ts'
import { Deadlines } from './deadlines.ts'
import { Coordinator } from './groups/coordinator.ts'
import { parseUuid, uuidText, zeroUuid } from './protocol/uuid.ts'

/** A broker as clients are told of it. */
export interface BrokerAddress {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly rack: string | null
}

/** This node as a Kafka broker: what its handlers have in common. */
export class Broker {
  readonly context: ServiceContext
  readonly groups: Coordinator
  readonly deadlines: Deadlines

  constructor(context: ServiceContext) {
    this.context = context
    this.groups = new Coordinator(context)
    this.deadlines = new Deadlines(context.clock)
  }

  get nodeId(): number {
    return this.context.cluster.nodeId
  }

  /** Those that listen for Kafka clients, in the order of their ids. */
  get brokers(): BrokerAddress[] {
    return this.context.cluster.nodes().flatMap(({ id, zone, endpoints, alive }) => {
      const address = endpoints.kafka
      if (address === undefined || !alive) return []
      const colon = address.lastIndexOf(':')
      return [{ nodeId: id, host: address.slice(0, colon), port: Number(address.slice(colon + 1)), rack: zone }]
    })
  }

  /** 0: no such node. */
  idOf(name: string | undefined): number {
    return this.context.cluster.nodes().find((node) => node.name === name)?.id ?? 0
  }

  get nodeCount(): number {
    return this.context.cluster.nodes().length
  }

  topic(name: string, id: string = zeroUuid): TopicView | undefined {
    const { topics } = this.context
    return id === zeroUuid ? topics.find(name) : topics.findById(hexOf(id))
  }

  partition(topic: TopicView | undefined, index: number): PartitionView | undefined {
    return topic?.partitions[index]
  }

  /** For a topic that is made: 16 random bytes, as 32 hex digits. */
  newTopicId(): string {
    return [...this.context.random.bytes(16)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  }

  /** Differs from those of all other nodes, and of earlier lives of this one. */
  newProducerId(): number {
    const { random } = this.context
    return this.nodeId * 2 ** 44 + random.uint32() * 2 ** 12 + random.below(2 ** 12)
  }
}

/** 16 characters of a byte each, as the protocol's codec has them. */
export function uuidOfHex(hex: string): string {
  let uuid = ''
  for (let i = 0; i < 32; i += 2) uuid += String.fromCharCode(Number.parseInt(hex.slice(i, i + 2), 16))
  return uuid
}

export function hexOf(uuid: string): string {
  return [...uuid].map((character) => character.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}

export { parseUuid, uuidText }
