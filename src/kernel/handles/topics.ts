import type { Partition } from '#kernel/logs/partition.ts'

/** Topics of the cluster, for the services that speak of them. What is read here is a cache: it may be behind. */
export interface Topics {
  readonly all: Iterable<TopicView>
  find(name: string): TopicView | undefined
  findById(id: string): TopicView | undefined
  /** Adds a topic; `id`: 32 hex digits. When it resolves with `done` this node knows it, and its partitions have leaders. */
  create(request: {
    readonly name: string
    readonly id: string
    readonly partitions: number
    readonly replicationFactor: number
    readonly settings: Readonly<Record<string, string>>
  }): Promise<TopicOutcome>
  remove(name: string): Promise<TopicOutcome>
  /** More partitions, settings (null: no longer set). */
  change(change: {
    readonly name: string
    readonly partitions?: number
    readonly settings?: Readonly<Record<string, string | null>>
  }): Promise<TopicOutcome>
}

export type TopicOutcome = 'done' | 'exists' | 'unknown' | 'too few nodes' | 'fewer' | 'unavailable'

export interface TopicView {
  readonly name: string
  readonly id: string
  readonly settings: Readonly<Record<string, string>>
  readonly partitions: readonly PartitionView[]
}

export interface PartitionView {
  readonly index: number
  /** Ids of nodes. */
  readonly replicas: readonly number[]
  /** Id of the node that leads, as far as this node knows; 0: none. */
  readonly leader: number
  readonly leaderEpoch: number
  /** This node's replica, if it has one that is open. */
  readonly local: Partition | undefined
}
