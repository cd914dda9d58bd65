import { ByteReader } from '#kernel/base/byte-reader.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Clock } from '#kernel/base/host.ts'
import { type Configuration, readConfiguration } from '#kernel/consensus/configuration.ts'
import type { Group, StateMachine } from '#kernel/consensus/group.ts'
import { encodeConfiguration, entryKinds } from '#kernel/consensus/raft.ts'
import type { Log } from '#kernel/handles/service.ts'
import type { SnapshotReceiver } from '#kernel/storage/generations.ts'
import type { LogBoundary, LogEntry } from '#kernel/storage/log/node-log-types.ts'
import type { TreeSnapshot } from '#kernel/storage/tables/tree.ts'
import { entryTypes, readStart } from './entry.ts'
import { PartitionLeader } from './partition-leader.ts'
import type { PartitionLog } from './partition-log.ts'
import { isSegmentOld, startByRetention } from './retention.ts'
import type { TopicLimits } from './topic-limits.ts'

export interface PartitionHooks {
  /** Look at the group when the turn ends. */
  touch(group: Group): void
  /** The log may be let go up to `boundary`. */
  flushed(group: Group, boundary: LogBoundary): void
  /** Role, term, leader or readiness may have changed. */
  changed(group: Group): void
  damaged(group: Group, error: Error): void
  failed(error: Error): void
}

export interface PartitionOptions {
  readonly clock: Clock
  readonly log: Log
  readonly hooks: PartitionHooks
  readonly store: PartitionLog
  readonly receive: () => Promise<SnapshotReceiver>
  /** The files of a received snapshot have taken the place of the old ones: opens them. */
  readonly reopen: () => Promise<PartitionLog>
  readonly limits: { readonly inFlightBytesMax: number; readonly entryBytesMax: number }
}

const fullDiskRetryMs = 1000

/**
 * A replica of a partition: a group whose log is the partition. Every committed batch becomes part of the segments, in the order of the
 * group's log; where nothing but batches takes offsets, these have no holes.
 */
export class Partition implements StateMachine {
  readonly leader: PartitionLeader
  store: PartitionLog
  readonly #options: PartitionOptions
  readonly #watchers = new Set<() => void>()
  #group: Group | undefined
  #applied: LogBoundary
  /** What the log in memory holds on to: entries after the flush before the last, for followers that are a little behind. */
  #previousFlush: LogBoundary & { readonly nextOffset: number }
  #flushing: Promise<void> | undefined
  #isClosed = false

  constructor(options: PartitionOptions) {
    this.#options = options
    this.store = options.store
    this.#applied = this.store.flushed
    this.#previousFlush = { ...this.store.flushed, nextOffset: this.store.nextOffset }
    this.leader = new PartitionLeader({
      clock: options.clock,
      limits: options.limits,
      store: () => this.store,
      touch: () => this.#group && options.hooks.touch(this.#group),
    })
  }

  /** Offset behind the last committed record: nobody sees more. */
  get highWatermark(): number {
    return this.store.nextOffset
  }

  get group(): Group | undefined {
    return this.#group
  }

  recover(): Configuration | undefined {
    const { configuration } = this.store
    return configuration.length === 0 ? undefined : readConfiguration(new ByteReader(configuration))
  }

  attach(group: Group): void {
    this.#group = group
    this.leader.changed(group)
  }

  /** The segments cannot be written for now, or can again. */
  diskFull(isFull: boolean): void {
    this.leader.isDiskFull = isFull
  }

  /** Calls `watcher` whenever the high watermark, the log's start or the leader may have changed. @returns what ends it */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  propose(group: Group): void {
    this.leader.propose(group)
  }

  apply(entry: LogEntry): void {
    const { store } = this
    this.#applied = { index: entry.index, term: entry.term }
    store.epochs.note(entry.term, store.nextOffset)
    if (entry.kind === entryKinds.command) {
      if (entry.data[0] === entryTypes.batches) store.append(entry.data, 1, entry.data.length)
      else store.moveStart(readStart(entry.data))
    }
    this.leader.applied(entry)
  }

  applied(): void {
    this.store.write()
    this.leader.deliver()
    this.#tellWatchers()
  }

  changed(group: Group): void {
    if (this.leader.changed(group)) this.#tellWatchers()
    this.#options.hooks.changed(group)
  }

  #tellWatchers(): void {
    for (const watcher of [...this.#watchers]) watcher()
  }

  /** Makes what is applied durable in the segments, and lets go of the log before the flush before. One at a time. */
  flush(): Promise<void> {
    if (this.#group?.lacksState || this.#group?.isInstalling || this.#isClosed) return Promise.resolve()
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined
    })
    return this.#flushing
  }

  async #flush(): Promise<void> {
    const { hooks, clock, log } = this.#options
    const group = this.#group!
    const { store } = this
    const boundary = this.#applied
    const { nextOffset } = store
    if (boundary.index <= store.flushed.index) return
    try {
      await store.flush(boundary, encodeConfiguration(group.raft.configurationAt(boundary.index)))
    } catch (error) {
      const code = error instanceof UnumError ? error.code : undefined
      if (code === 'STOPPED') return
      if (code === 'DATA_DAMAGED' && group.raft.configuration.voters.length > 1) {
        hooks.damaged(group, error as Error)
        return
      }
      if (code !== 'DISK_FULL') {
        hooks.failed(error as Error)
        return
      }
      log.warn(
        { group: group.id, code },
        `Records stay in the log until the disk has room: ${(error as Error).message}`,
      )
      await clock.sleep(fullDiskRetryMs)
      return
    }
    hooks.flushed(group, this.#previousFlush)
    store.releaseBelow(this.#previousFlush.nextOffset)
    this.#previousFlush = { ...boundary, nextOffset }
  }

  /** Lets go of what is too old or too much; where this replica leads. */
  retain(limits: TopicLimits): void {
    if (!this.leader.isLeading) return
    const { store } = this
    const wallMs = this.#options.clock.wallMs()
    if (isSegmentOld(store, limits, wallMs)) store.roll()
    const start = startByRetention(store, limits, wallMs)
    if (start > store.startOffset) this.leader.moveStart(start)
  }

  /** Called now and then: what has stayed in the log goes to the segments, so that a quiet partition holds on to no old log. */
  settle(): void {
    if (!this.#group) return
    if (this.#applied.index > this.store.flushed.index) void this.flush()
    else {
      this.#options.hooks.flushed(this.#group, this.#previousFlush)
      this.store.releaseBelow(this.#previousFlush.nextOffset)
    }
  }

  snapshot(): TreeSnapshot {
    return this.store.snapshot()
  }

  /** As `PartitionLog.read`; where records are damaged, this replica gives up what it has. */
  async read(offset: number, bytesMax: number): Promise<readonly Uint8Array[]> {
    const { store } = this
    const found = store.read(offset, bytesMax)
    return found instanceof Promise ? this.#givingUp(store, found) : found
  }

  /** Reads all records that are in files: where they are damaged they are fetched from another node. */
  async verify(): Promise<void> {
    const { store } = this
    if (this.#lacksRecords) return
    try {
      await this.#givingUp(store, store.verify())
    } catch (error) {
      if (!(error instanceof UnumError)) throw error
      this.#options.log.warn({ code: error.code }, `Records could not be checked: ${error.message}`)
    }
  }

  /** @returns undefined where they are not whole here, or more are appended meanwhile */
  async digest(): Promise<{ readonly index: number; readonly digest: string } | undefined> {
    const { store } = this
    const { index } = this.#applied
    if (this.#lacksRecords) return undefined
    try {
      const digest = await this.#givingUp(store, store.digest())
      return digest === undefined || this.#applied.index !== index ? undefined : { index, digest }
    } catch (error) {
      if (!(error instanceof UnumError)) throw error
      return undefined
    }
  }

  get #lacksRecords(): boolean {
    return !this.#group || this.#group.lacksState || this.#group.isInstalling || this.#isClosed
  }

  async #givingUp<T>(store: PartitionLog, reading: Promise<T>): Promise<T> {
    try {
      return await reading
    } catch (error) {
      const isDamaged = error instanceof UnumError && error.code === 'DATA_DAMAGED'
      if (isDamaged && store === this.store && !this.#lacksRecords) this.#options.hooks.damaged(this.#group!, error)
      throw error
    }
  }

  receive(): Promise<SnapshotReceiver> {
    return this.#options.receive()
  }

  async install(): Promise<Configuration> {
    await this.#flushing
    await this.store.close()
    this.store = await this.#options.reopen()
    this.#applied = this.store.flushed
    this.#previousFlush = { ...this.store.flushed, nextOffset: this.store.nextOffset }
    this.#tellWatchers()
    return this.recover()!
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.leader.close()
    await this.#flushing
    await this.store.close()
    this.#tellWatchers()
  }
}
