import { ByteReader } from '#kernel/base/byte-reader.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Host, Timer } from '#kernel/base/host.ts'
import { readConfiguration, simpleConfiguration } from '#kernel/consensus/configuration.ts'
import type { ConsensusDriver } from '#kernel/consensus/driver.ts'
import type { Group } from '#kernel/consensus/group.ts'
import type { Log } from '#kernel/handles/service.ts'
import { Shard, type ShardLimits } from '#kernel/shards/shard.ts'
import type { NodeLog } from '#kernel/storage/log/node-log-types.ts'
import { createTreeStore, type SnapshotReceiver, type TreeStore } from '#kernel/storage/tables/index.ts'

export interface ReplicasOptions {
  readonly host: Host
  readonly driver: ConsensusDriver
  readonly nodeLog: NodeLog
  readonly limits: ShardLimits
  readonly blockCacheBytes: number
  readonly log: Log
  readonly changed: (group: Group) => void
  readonly failed: (error: Error) => void
}

export interface Replica {
  readonly shard: Shard
  readonly group: Group
}

/** How often rows that are only in the log are looked for. */
const settleMs = 60_000

/** The replicas on this node: opens them with what log and tables hold. */
export class Replicas {
  readonly #options: ReplicasOptions
  readonly #trees: TreeStore
  readonly #open = new Map<number, Replica>()
  #timer: Timer | undefined

  constructor(options: ReplicasOptions) {
    const { host, blockCacheBytes } = options
    this.#options = options
    this.#trees = createTreeStore({
      disk: host.disk,
      clock: host.clock,
      cacheBytes: blockCacheBytes,
      compactionFailed: (home, error) => this.#options.log.error({ home, code: error.code }, error.message),
    })
  }

  start(): void {
    this.#timer = this.#options.host.clock.timer(settleMs, () => {
      for (const { shard } of this.#open.values()) shard.settle()
      this.start()
    })
  }

  get(group: number): Replica | undefined {
    return this.#open.get(group)
  }

  [Symbol.iterator](): Iterator<Replica> {
    return this.#open.values()
  }

  /**
   * Opens the replica of a group; `voters` are those of a group that is new.
   * @throws UnumError `DATA_DAMAGED`: the group's log has lost what was once synced.
   */
  async open(id: number, voters: readonly number[], onApplied: () => void = () => {}): Promise<Replica> {
    const { host, driver, nodeLog, limits, log } = this.#options
    const recovered = nodeLog.recovered.get(id)
    if (recovered?.damaged) {
      throw new UnumError(
        'DATA_DAMAGED',
        `Cannot open group ${id}: its log has lost records that were once synced, so this replica may not vote any more; give the node a new, empty disk as a new node`,
      )
    }
    const tree = await this.#trees.open(`groups/${id}`)
    const shard: Shard = new Shard({
      clock: host.clock,
      log,
      limits,
      tree,
      reopen: () => this.#trees.open(`groups/${id}`),
      hooks: {
        touch: (group) => driver.touch(group),
        flushed: (group, boundary) => driver.flushed(group, boundary),
        changed: this.#options.changed,
        applied: onApplied,
        failed: this.#options.failed,
      },
    })
    const configuration =
      shard.recover() ??
      (recovered && recovered.configuration.length > 0
        ? readConfiguration(new ByteReader(recovered.configuration))
        : simpleConfiguration(voters))
    const { index, term } = tree.flushed
    const group = driver.add({ id, machine: shard, configuration, flushed: { index, term } })
    shard.attach(group)
    const replica = { shard, group }
    this.#open.set(id, replica)
    return replica
  }

  /** Where the files of a snapshot of the group are put. */
  receive(group: Group): Promise<SnapshotReceiver> {
    return this.#trees.receive(`groups/${group.id}`)
  }

  async close(): Promise<void> {
    this.#timer?.cancel()
    for (const { shard } of this.#open.values()) await shard.close()
  }
}
