import type { Address, Host } from '#kernel/base/host.ts'
import type { Log, Service } from '#kernel/handles/service.ts'
import type { ProtocolVersions } from '#kernel/transport/index.ts'

/** One node: host, kernel and the services that are switched on. `startNode` in `node.ts` takes this. */
export interface NodeOptions {
  readonly host: Host
  /** Of one of `members`. */
  readonly name: string
  /** The cluster's nodes, the same list on each; fixed at the first start. 1 to 7. */
  readonly members: readonly Member[]
  /**
   * Set at the first start of every member: forms the cluster if the disk is empty. A disk that holds a cluster is always
   * opened as it is.
   */
  readonly bootstrap: { readonly clusterId: string; readonly shards: number } | undefined
  /** Data of another cluster is refused. Needed where `bootstrap` does not say it any more. */
  readonly clusterId?: string
  readonly services: readonly Service[]
  /** Of the protocol between nodes. Default: those that this program speaks. */
  readonly protocolVersions?: ProtocolVersions
  /** Where each protocol listens, by `ListenerSpec.protocol`; a protocol without an address is not opened. */
  readonly listen: Readonly<Record<string, Address>>
  /** Endpoints outside this node's services that the directory lists with them, by name: `admin`. */
  readonly advertise?: Readonly<Record<string, string>>
  readonly settings: NodeSettings
  readonly log: Log
  /** Breaks off a start that is under way: `startNode` then rejects with `STOPPED`, and leaves nothing open. */
  readonly signal?: AbortSignal
  /** The node has stopped itself, for a reason that only a restart or an operator can change. */
  readonly failed?: (error: Error) => void
}

export interface Member {
  /** `n1`: letters, digits and `-`, up to 63. */
  readonly name: string
  readonly zone: string
  /** For the other nodes. */
  readonly peer: Address
}

/** Defaults in `settings.ts`. All times in milliseconds, all sizes in bytes. */
export interface NodeSettings {
  readonly heartbeatMs: number
  readonly electionTimeoutMs: number
  /** How far two clocks may drift apart during one election timeout, as a fraction: shortens the lease. */
  readonly clockDriftMax: number
  /** Reads of a leader: under its lease, or confirmed by a round to a majority for each (trusts no clock). */
  readonly reads: 'lease' | 'read-index'
  readonly appendsInFlightMax: number
  /** Entries of a shard that are proposed and not yet applied. */
  readonly proposalsInFlightMax: number
  /** A further entry of a shard is proposed only so long after the one before, if that is still under way. */
  readonly proposalPaceMs: number
  /** How long an entry may wait for calls that seem to be on their way. */
  readonly gatherMsMax: number
  readonly appendBytesMax: number
  /** A group that nobody has used for so long sends no heartbeats until somebody does; 0: it always does. */
  readonly restAfterMs: number
  readonly memoryTableBytes: number
  readonly blockCacheBytes: number
  readonly logSegmentBytes: number
  /** All tables are read and checked once in so long; 0: only when they are used. */
  readonly scrubMs: number
  /** How long a gateway holds a request while there is no leader. */
  readonly requestHoldMs: number
  readonly clientsMax: number
  readonly clientMemoryBytesMax: number
  readonly valueBytesMax: number
}

export interface RunningNode {
  readonly name: string
  readonly clusterId: string
  /** By protocol, with the ports that were chosen. */
  readonly endpoints: Readonly<Record<string, Address>>
  status(): NodeStatus
  /**
   * Reads all of the state of a shard or partition here: replicas with the same index have the same digest.
   * @returns undefined where this node has no such group, its state here is damaged (then it is fetched again), or entries are applied in
   *   quick succession.
   */
  digest(group: number): Promise<{ readonly index: number; readonly digest: string } | undefined>
  /** Orderly: hands over leadership, closes clients, syncs. */
  stop(): Promise<void>
}

export interface NodeStatus {
  readonly node: string
  readonly clusterId: string
  readonly nodes: readonly {
    readonly name: string
    readonly zone: string
    readonly alive: boolean
    readonly endpoints: Readonly<Record<string, string>>
  }[]
  readonly shards: readonly ShardStatus[]
  /** Those with a replica here that is open. */
  readonly partitions: readonly PartitionStatus[]
  readonly disk: {
    readonly logBytes: number
    readonly tableBytes: number
    /** How often, since the start, a shard's tables were found damaged. */
    readonly damages: number
  }
}

/** A replica of a group on this node. */
export interface ReplicaStatus {
  readonly group: number
  /** This node's part in it. */
  readonly role: 'leader' | 'follower' | 'candidate'
  readonly leader: string | undefined
  readonly term: number
  readonly commitIndex: number
  readonly appliedIndex: number
  readonly flushedIndex: number
}

export interface PartitionStatus extends ReplicaStatus {
  readonly topic: string
  readonly partition: number
  readonly startOffset: number
  /** Behind the last record. */
  readonly endOffset: number
}

export interface ShardStatus extends ReplicaStatus {
  readonly space: string
  readonly firstSlot: number
  readonly lastSlot: number
  /** At the leader: entries that each other replica lacks. */
  readonly lag: Readonly<Record<string, number>> | undefined
}
