import type { Arguments } from '#kernel/base/arguments.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import type { Clock, Connection, ProcessUsage, Random } from '#kernel/base/host.ts'
import type { EvaluatorSpec } from '#kernel/shards/evaluation.ts'
import type { Topics } from './topics.ts'

/**
 * What a node knows of a service: one value (docs/architecture.md "The house").
 */
export interface Service {
  readonly name: string
  readonly listeners: readonly ListenerSpec[]
  readonly spaces: readonly SpaceSpec[]
  readonly evaluators: readonly EvaluatorSpec[]
  readonly background?: readonly BackgroundSpec[]
}

export function defineService(service: Service): Service {
  return service
}

export interface ListenerSpec {
  /** Name of the endpoint in the ready line: `redis`. */
  readonly protocol: string
  readonly defaultPort: number
  /** Takes over a connection that was accepted: sets its handler. */
  readonly open: (connection: Connection, context: ServiceContext) => void
}

/** An ordered key space. Its shards hold ranges of keys that begin with the space's prefix. */
export interface SpaceSpec {
  readonly name: string
  /**
   * How many equal parts of two-byte numbers (0 to `slotCount` - 1) a key begins with; the space can be cut between them when
   * it is created. Later splits cut at any key.
   */
  readonly slotCount: number
}

/** Work that an evaluator does now and then at the leader of every shard of a space. */
export interface BackgroundSpec {
  readonly space: string
  /** With its version: it runs where it is, whatever other nodes know. */
  readonly evaluator: string
  readonly everyMs: number
  /** Called at the leader before each run: undefined skips it. `round` counts runs since this leadership began. */
  readonly args: (round: number, counter: (name: string) => number) => Arguments | undefined
}

/** What a service may use: nothing else. */
export interface ServiceContext {
  readonly clock: Clock
  readonly random: Random
  readonly gateway: Gateway
  readonly cluster: ClusterView
  readonly topics: Topics
  readonly limits: {
    readonly clientMemoryBytesMax: number
    readonly valueBytesMax: number
    readonly clientsMax: number
  }
  /** As `Host.usage`. */
  usage(): ProcessUsage | undefined
  /** Structured log lines; never per request. */
  readonly log: Log
}

export interface Log {
  info(fields: Record<string, unknown>, message: string): void
  warn(fields: Record<string, unknown>, message: string): void
  error(fields: Record<string, unknown>, message: string): void
}

/** Routes evaluations to the leaders of the shards that own their keys. */
export interface Gateway {
  /** A client connection's place in the order of things: its requests to one shard take effect in the order given. */
  openSession(): Session
  /**
   * The whole name, with its version, of what `submit` runs for `evaluator`: the newest version that all nodes run. Undefined: there
   * is none. For services that put names of evaluators into arguments of others.
   */
  newest(evaluator: string): string | undefined
}

export interface Session {
  /**
   * Runs an evaluator on the shard that owns `slot` of `space`.
   *
   * A `read` that can be answered at once (leader here, lease valid, nothing of this session in flight there) writes its reply
   * to `reply` and returns true; `args` need not outlive the call then.
   * Otherwise it returns false, has copied what it needs of `args`, and `pending` is told the outcome, once, later.
   * `slot` undefined: the whole space; only where it is one shard, else `pending.failed('CROSS_SHARD')`.
   */
  submit(request: Submission, reply: ByteWriter, pending: PendingReply): boolean
  /** No more replies are wanted: the client is gone. What was submitted may still take effect. */
  close(): void
}

export interface Submission {
  readonly space: string
  readonly slot: number | undefined
  /** The slots of all keys, where there are several: not in one shard means `CROSS_SHARD`. */
  readonly slots?: readonly number[] | undefined
  /** Without its version: the newest one that all nodes run is chosen. */
  readonly evaluator: string
  readonly args: Arguments
}

export interface PendingReply {
  /** `bytes` must not be changed and may be kept. */
  replied(bytes: Uint8Array): void
  /**
   * `CROSS_SHARD`: not done. `UNAVAILABLE`: certainly not done (no leader within the time allowed, busy). `UNKNOWN`: it may
   * or may not have been done: the connection must be closed, since clients take an error for "not done". `INTERNAL`: not
   * done, a bug. `TOO_LARGE`: not done. `DISK_FULL`: not done, the leader's disk has no room.
   * `UNSUPPORTED`: not done, some node of the cluster is of a version that does not know the evaluator.
   */
  failed(reason: FailureReason): void
}

export type FailureReason =
  | 'CROSS_SHARD'
  | 'UNAVAILABLE'
  | 'UNKNOWN'
  | 'INTERNAL'
  | 'TOO_LARGE'
  | 'DISK_FULL'
  | 'UNSUPPORTED'

/** The cached directory, for protocols that tell clients where things are. */
export interface ClusterView {
  readonly clusterId: string
  readonly nodeName: string
  readonly nodeId: number
  /** A stable id of this node: 40 hex digits. */
  nodes(): readonly {
    readonly name: string
    readonly id: number
    readonly zone: string
    readonly endpoints: Readonly<Record<string, string>>
    readonly alive: boolean
  }[]
  /** Which slots each shard of a space holds and the name of its leader, if known; in order, covering all slots. */
  shards(space: string): readonly {
    readonly firstSlot: number
    readonly lastSlot: number
    readonly leader: string | undefined
    readonly replicas: readonly string[]
  }[]
  /** Facts for INFO and the like. */
  facts(): Readonly<Record<string, string | number>>
}
