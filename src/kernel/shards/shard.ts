import type { Clock } from '#kernel/base/host.ts'
import type { Configuration } from '#kernel/consensus/configuration.ts'
import type { Group, StateMachine } from '#kernel/consensus/group.ts'
import type { Log } from '#kernel/handles/service.ts'
import type { LogBoundary, LogEntry } from '#kernel/storage/log/node-log-types.ts'
import type { Tree, TreeSnapshot } from '#kernel/storage/tables/tree.ts'
import { type LeaderLimits, ShardLeader } from './leader.ts'
import { ShardState } from './shard-state.ts'

export interface ShardOptions {
  readonly clock: Clock
  readonly log: Log
  readonly limits: ShardLimits
  readonly tree: Tree
  readonly hooks: ShardHooks
}

export interface ShardLimits extends LeaderLimits {
  /** Rows in memory beyond which they are flushed to files. */
  readonly memoryTableBytes: number
  /** How long a gateway that has gone silent is remembered, in the log's own time. */
  readonly retentionUs: number
}

export interface ShardHooks {
  /** The group wants to be looked at when this turn ends. */
  touch(group: Group): void
  /** Rows up to `boundary` are in durable files. */
  flushed(group: Group, boundary: LogBoundary): void
  /** Leader, term or readiness of the group may have changed. */
  changed(group: Group): void
  /** Entries were applied. */
  applied(): void
  /** Rows can no longer be written: the node must stop. */
  failed(error: Error): void
}

/** A replica of a shard: its state, what it does while it leads, and when its rows go to files. */
export class Shard implements StateMachine {
  readonly state: ShardState
  readonly leader: ShardLeader
  readonly #options: ShardOptions
  #group: Group | undefined
  #isFlushing = false
  /** Logs are kept one flush longer than needed, for followers that are a little behind. */
  #previousFlush: LogBoundary = { index: 0, term: 0 }

  constructor(options: ShardOptions) {
    this.#options = options
    this.state = new ShardState(options.tree, options.limits.retentionUs)
    this.leader = new ShardLeader({ state: this.state, clock: options.clock, limits: options.limits, log: options.log })
  }

  /** The configuration in the flushed state; undefined where nothing was flushed yet. */
  recover(): Configuration | undefined {
    return this.state.index === 0 ? undefined : this.state.readMeta()
  }

  attach(group: Group): void {
    this.#group = group
    this.leader.onWork = () => this.#options.hooks.touch(group)
    this.#previousFlush = { index: this.state.index, term: this.state.term }
  }

  propose(group: Group): void {
    this.leader.propose(group)
  }

  apply(entry: LogEntry): void {
    this.state.apply(entry, this.leader.listener(entry))
    this.leader.entryApplied(entry)
  }

  applied(group: Group): void {
    this.leader.deliver()
    this.#options.hooks.applied()
    const { memoryTableBytes } = this.#options.limits
    const isLarge = this.state.tree.unflushedBytes > memoryTableBytes || group.raft.log.bytes > 4 * memoryTableBytes
    if (isLarge && !this.#isFlushing) void this.flush()
  }

  changed(group: Group): void {
    this.leader.changed(group)
    this.#options.hooks.changed(group)
  }

  /** Writes the rows as they are now to files, and lets go of the log before the flush before. */
  async flush(): Promise<void> {
    const group = this.#group!
    const { index, term } = this.state
    this.#isFlushing = true
    try {
      const meta = this.state.writeMeta(group.raft.configurationAt(index))
      await this.state.tree.flush({ index, term, meta })
      this.#options.hooks.flushed(group, this.#previousFlush)
      this.#previousFlush = { index, term }
    } catch (error) {
      this.#options.hooks.failed(error as Error)
    } finally {
      this.#isFlushing = false
    }
  }

  snapshot(): TreeSnapshot {
    return this.state.tree.snapshot()
  }
}
