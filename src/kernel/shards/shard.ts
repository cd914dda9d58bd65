import { UnumError } from '#kernel/base/errors.ts'
import type { Clock, Random } from '#kernel/base/host.ts'
import { never, type Rarely } from '#kernel/base/rarely.ts'
import type { Configuration } from '#kernel/consensus/configuration.ts'
import type { Group, StateMachine } from '#kernel/consensus/group.ts'
import type { Log } from '#kernel/handles/service.ts'
import type { SnapshotReceiver } from '#kernel/storage/generations.ts'
import type { LogBoundary, LogEntry } from '#kernel/storage/log/node-log-types.ts'
import type { Tree, TreeSnapshot } from '#kernel/storage/tables/tree.ts'
import { type LeaderLimits, ShardLeader } from './leader.ts'
import { ShardState } from './shard-state.ts'
import { digestState, type StateDigest } from './state-digest.ts'

export interface ShardOptions {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly limits: ShardLimits
  readonly rarely?: Rarely
  readonly tree: Tree
  /** Opens the tree that was received in the place of the present one, which is closed. */
  /** Where the files of a snapshot are put. */
  readonly receive: () => Promise<SnapshotReceiver>
  readonly reopen: () => Promise<Tree>
  readonly hooks: ShardHooks
}

export interface ShardLimits extends LeaderLimits {
  /** Rows in memory beyond which they are flushed to files, at the latest. */
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
  /** The group's rows on disk are damaged. */
  damaged(group: Group, error: Error): void
  /** Rows can no longer be written: the node must stop. */
  failed(error: Error): void
}

/**
 * Where a flush begins is drawn from the upper part of what may gather: otherwise all replicas of a shard, which hold the same, would
 * flush at the same time, and none be free to answer fast.
 */
const flushPartMin = 0.7
const quietPart = 1 / 16

/** How long a flush waits after it found the disk full. */
const fullDiskRetryMs = 1000

/** How often a leader without room offers its shard to another: perhaps none has any. */
const offerMs = 1000

/** A replica of a shard: its state, what it does while it leads, and when its rows go to files. */
export class Shard implements StateMachine {
  /** Replaced when a snapshot is taken in. */
  state: ShardState
  leader: ShardLeader
  readonly #options: ShardOptions
  readonly #rarely: Rarely
  #group: Group | undefined
  #flushing: Promise<void> | undefined
  #flushAtBytes: number
  #isClosed = false
  /** For what of it the disk has no room. */
  readonly #withoutRoom = new Set<'log' | 'tables'>()
  #offeredMs = Number.NEGATIVE_INFINITY
  /** Logs are kept one flush longer than needed, for followers that are a little behind. */
  #previousFlush: LogBoundary = { index: 0, term: 0 }

  constructor(options: ShardOptions) {
    this.#options = options
    this.#rarely = options.rarely ?? never
    this.#flushAtBytes = this.#drawFlush()
    this.state = this.#newState(options.tree)
    this.leader = this.#newLeader()
  }

  #newState(tree: Tree): ShardState {
    return new ShardState(tree, this.#options.limits.retentionUs)
  }

  /** The disk has no room for the log, or for tables, or has again. */
  diskFull(what: 'log' | 'tables', isFull: boolean): void {
    if (isFull) this.#withoutRoom.add(what)
    else this.#withoutRoom.delete(what)
    this.#tellLeader()
    if (what === 'log') this.#group!.raft.cannotWrite = isFull
    this.leader.changed(this.#group!)
    this.#options.hooks.touch(this.#group!)
  }

  /** A leader that can take no more writes offers the shard to another replica, whose disk may have room. */
  #offer(): void {
    const { clock, random } = this.#options
    const { successors } = this.#group!.raft
    if (successors.length === 0 || clock.monotonicMs() - this.#offeredMs < offerMs) return
    this.#offeredMs = clock.monotonicMs()
    this.leader.transferTo(successors[random.below(successors.length)]!)
  }

  #tellLeader(): void {
    this.leader.isDiskFull = this.#withoutRoom.size > 0
  }

  #newLeader(): ShardLeader {
    const { clock, limits, log } = this.#options
    const leader = new ShardLeader({
      state: this.state,
      clock,
      limits,
      log,
      rarely: this.#rarely,
      stuck: () => this.#offer(),
      damaged: (error) => {
        if (this.#group) this.#options.hooks.damaged(this.#group, error)
      },
    })
    leader.onWork = () => {
      if (this.#group) this.#options.hooks.touch(this.#group)
    }
    return leader
  }

  /** The configuration in the flushed state; undefined where nothing was flushed yet. */
  recover(): Configuration | undefined {
    return this.state.index === 0 ? undefined : this.state.readMeta()
  }

  attach(group: Group): void {
    this.#group = group
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
    this.#flushWhatIsLarge(group)
  }

  #flushWhatIsLarge(group: Group): void {
    const isLarge = this.state.tree.unflushedBytes > this.#flushAtBytes || group.raft.log.bytes > 2 * this.#flushAtBytes
    if (!this.#flushing && (isLarge || this.#rarely('shard.flush'))) void this.flush()
  }

  #drawFlush(): number {
    const { random, limits } = this.#options
    return limits.memoryTableBytes * (flushPartMin + (1 - flushPartMin) * random.float())
  }

  changed(group: Group): void {
    this.leader.changed(group)
    this.#options.hooks.changed(group)
  }

  /** Writes the rows as they are now to files, and lets go of the log before the flush before. One at a time. */
  flush(): Promise<void> {
    if (this.#group?.lacksState || this.#group?.isInstalling) return Promise.resolve()
    this.#flushing ??= this.#flush().then((canGoOn) => {
      this.#flushing = undefined
      if (!canGoOn || this.#isClosed) return
      // More may have gathered meanwhile, and calls may wait for the room that there is now.
      this.#flushWhatIsLarge(this.#group!)
      this.leader.deliver()
    })
    return this.#flushing
  }

  /** Whether it has next to nothing in memory that no file holds yet. */
  get isQuiet(): boolean {
    return this.state.tree.unflushedBytes < this.#flushAtBytes * quietPart
  }

  /**
   * Called now and then: moves what has stayed in the log to files, so that a shard with little to do holds no old segment of the
   * node log.
   */
  settle(): void {
    const { index, tree } = this.state
    if (this.#flushing || !this.#group) return
    if (index > tree.flushed.index) void this.flush()
    else this.#options.hooks.flushed(this.#group, this.#previousFlush)
  }

  /** @returns whether another flush may follow */
  async #flush(): Promise<boolean> {
    const { hooks, clock, log } = this.#options
    const group = this.#group!
    const { index, term, tree } = this.state
    try {
      const meta = this.state.writeMeta(group.raft.configurationAt(index))
      await tree.flush({ index, term, meta })
      if (this.#withoutRoom.has('tables')) this.diskFull('tables', false)
      hooks.flushed(group, this.#rarely('shard.forgetLog') ? { index, term } : this.#previousFlush)
      this.#previousFlush = { index, term }
      this.#flushAtBytes = this.#drawFlush()
    } catch (error) {
      const code = error instanceof UnumError ? error.code : undefined
      if (code !== 'DISK_FULL') {
        if (code === 'DATA_DAMAGED') hooks.damaged(group, error as Error)
        else hooks.failed(error as Error)
        return false
      }
      log.warn({ group: group.id, code }, `Rows stay in memory until the disk has room: ${(error as Error).message}`)
      this.diskFull('tables', true)
      await clock.sleep(fullDiskRetryMs)
    }
    return true
  }

  receive(): Promise<SnapshotReceiver> {
    return this.#options.receive()
  }

  async install(): Promise<Configuration> {
    await this.#flushing
    try {
      await this.state.tree.close()
      this.state = this.#newState(await this.#options.reopen())
      this.leader = this.#newLeader()
      this.#tellLeader()
      const configuration = this.state.readMeta()
      this.#previousFlush = { index: this.state.index, term: this.state.term }
      this.#options.hooks.applied()
      return configuration
    } catch (error) {
      this.#options.hooks.failed(error as Error)
      throw error
    }
  }

  /** Ends a flush that is under way, and closes the rows' files. Nothing is applied after it. */
  async close(): Promise<void> {
    this.#isClosed = true
    await this.#flushing
    await this.state.tree.close()
  }

  async verify(): Promise<void> {
    const { state } = this
    await this.#giveUpWhereDamaged(state, () => state.tree.verify())
  }

  /** Of the state as it is; undefined where there is none, or entries are applied in quick succession. */
  async digest(): Promise<StateDigest | undefined> {
    const { state } = this
    const group = this.#group!
    if (group.lacksState || group.isInstalling) return undefined
    return this.#giveUpWhereDamaged(state, () => digestState(state, group.raft.configurationAt(state.index)))
  }

  async #giveUpWhereDamaged<T>(state: ShardState, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read()
    } catch (error) {
      if (!(error instanceof UnumError)) throw error
      const { log, hooks } = this.#options
      if (error.code === 'DATA_DAMAGED' && state === this.state) hooks.damaged(this.#group!, error)
      else if (error.code !== 'STOPPED') log.warn({ code: error.code }, `Rows could not be checked: ${error.message}`)
      return undefined
    }
  }

  snapshot(): TreeSnapshot {
    return this.state.tree.snapshot()
  }
}
