import { ByteReader } from '#kernel/base/byte-reader.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Host, Timer } from '#kernel/base/host.ts'
import { readConfiguration, simpleConfiguration } from '#kernel/consensus/configuration.ts'
import type { ConsensusDriver } from '#kernel/consensus/driver.ts'
import type { Group } from '#kernel/consensus/group.ts'
import type { Log } from '#kernel/handles/service.ts'
import { Shard, type ShardLimits } from '#kernel/shards/shard.ts'
import type { NodeLog } from '#kernel/storage/log/node-log-types.ts'
import { createTreeStore, type Tree, type TreeStore } from '#kernel/storage/tables/index.ts'

export interface ReplicasOptions {
  readonly host: Host
  readonly driver: ConsensusDriver
  readonly nodeLog: NodeLog
  readonly limits: ShardLimits
  readonly blockCacheBytes: number
  /** How often all tables are checked; 0: never. */
  readonly scrubMs: number
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
/**
 * How often shards with few such rows are, while the log is large: they hold on to old segments, and those with many write them to
 * files by themselves.
 */
const settleSoonMs = 5_000
/** The log is large with so many times `memoryTableBytes`. */
const largeLogFactor = 8

/** The replicas on this node: opens them with what log and tables hold. */
export class Replicas {
  readonly #options: ReplicasOptions
  readonly #trees: TreeStore
  readonly #open = new Map<number, Replica>()
  #timer: Timer | undefined
  #looks = 0
  #isLogFull = false
  #scrub: Timer | undefined
  #isClosed = false
  /** How often tables were found damaged. */
  damages = 0

  constructor(options: ReplicasOptions) {
    const { host, limits, blockCacheBytes } = options
    this.#options = options
    this.#trees = createTreeStore({
      disk: host.disk,
      clock: host.clock,
      cacheBytes: blockCacheBytes,
      limits: { level1BytesMax: 2 * limits.memoryTableBytes, fileBytesMax: Math.ceil(limits.memoryTableBytes / 4) },
      rarely: host.rarely,
      compactionFailed: (home, error) => {
        const replica = this.#open.get(Number(home.slice('groups/'.length)))
        if (replica && error.code === 'DATA_DAMAGED') this.damaged(replica.group, error)
        else if (error.code === 'DISK_FULL') this.#options.log.warn({ home, code: error.code }, error.message)
        else this.#options.failed(error)
      },
    })
  }

  start(): void {
    this.#settleLater()
    this.#scrubLater()
  }

  #settleLater(): void {
    const { host, nodeLog, limits } = this.#options
    this.#timer = host.clock.timer(settleSoonMs, () => {
      const isDue = ++this.#looks % (settleMs / settleSoonMs) === 0
      if (isDue || nodeLog.bytes > largeLogFactor * limits.memoryTableBytes) {
        for (const { shard } of this.#open.values()) if (isDue || shard.isQuiet) shard.settle()
      }
      this.#settleLater()
    })
  }

  /**
   * Now and then all tables are read, one shard after the other, in the time that others leave: rot that nobody meets in years would
   * spread over the replicas until none is whole.
   */
  #scrubLater(): void {
    const { host, scrubMs } = this.#options
    if (scrubMs === 0 || this.#isClosed) return
    this.#scrub = host.clock.timer(scrubMs, () => void this.#scrubAll().then(() => this.#scrubLater()))
  }

  async #scrubAll(): Promise<void> {
    for (const { shard } of [...this.#open.values()]) if (!this.#isClosed) await shard.verify()
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
        `Cannot open group ${id}: its log has lost records that were once synced, so this replica may not vote any more; this version cannot replace it: the other nodes go on without it`,
      )
    }
    const home = `groups/${id}`
    const { tree, isLost } = await this.#openTree(home, voters.length > 1)
    if (!recovered && (isLost || tree.flushed.index > 0)) {
      await tree.close()
      throw new UnumError(
        'DATA_DAMAGED',
        `Cannot open group ${id}: it has rows, and the log knows nothing of it: the log was lost, and with it votes that this replica gave; this version cannot replace it: the other nodes go on without it`,
      )
    }
    // Rows that end before the log begins are lost, now or in an earlier life that did not get them back. A log that goes back to the
    // beginning gives them again.
    const lacksState = (recovered?.boundary.index ?? 0) > tree.flushed.index
    if (lacksState && voters.length === 1) {
      await tree.close()
      throw new UnumError(
        'DATA_DAMAGED',
        `Cannot open group ${id}: its rows end before its log begins, and no other node has them`,
      )
    }
    const shard: Shard = new Shard({
      clock: host.clock,
      random: host.random.child(`group ${id}`),
      log,
      limits,
      rarely: host.rarely,
      tree,
      receive: () => this.#trees.receive(home),
      reopen: () => this.#trees.open(home),
      hooks: {
        touch: (group) => driver.touch(group),
        flushed: (group, boundary) => driver.flushed(group, boundary),
        changed: this.#options.changed,
        applied: onApplied,
        damaged: (group, error) => this.damaged(group, error),
        failed: this.#options.failed,
      },
    })
    const configuration =
      shard.recover() ??
      (recovered && recovered.configuration.length > 0
        ? readConfiguration(new ByteReader(recovered.configuration))
        : simpleConfiguration(voters))
    const { index, term } = tree.flushed
    const group = driver.add({ id, machine: shard, configuration, flushed: { index, term }, lacksState })
    shard.attach(group)
    if (this.#isLogFull) shard.diskFull('log', true)
    const replica = { shard, group }
    this.#open.set(id, replica)
    return replica
  }

  /** Damaged rows are given up where another replica has them. @throws UnumError `DATA_DAMAGED` where none has */
  async #openTree(home: string, hasOthers: boolean): Promise<{ readonly tree: Tree; readonly isLost: boolean }> {
    try {
      return { tree: await this.#trees.open(home), isLost: false }
    } catch (error) {
      if (!hasOthers || !(error instanceof UnumError) || error.code !== 'DATA_DAMAGED') throw error
      this.#options.log.error({ home, code: error.code }, `The rows are fetched from another node: ${error.message}`)
      this.damages++
      await this.#trees.remove(home)
      return { tree: await this.#trees.open(home), isLost: true }
    }
  }

  /** The group's rows on disk are damaged: they are fetched from another node, or the node stops. */
  damaged(group: Group, error: Error): void {
    if (group.lacksState) return
    this.damages++
    const hasOthers = group.raft.configuration.voters.length > 1
    this.#options.log.error({ group: group.id, error: String(error) }, 'Rows are damaged')
    if (hasOthers) this.#options.driver.lost(group)
    else this.#options.failed(error)
  }

  /** The disk has no room for the log, or has again. */
  logFull(isFull: boolean): void {
    const { log } = this.#options
    if (isFull !== this.#isLogFull) {
      if (isFull)
        log.warn({ code: 'DISK_FULL' }, 'The disk is full: nothing more can be acknowledged here until it has room')
      else log.info({}, 'The disk has room again')
    }
    this.#isLogFull = isFull
    for (const { shard } of this.#open.values()) shard.diskFull('log', isFull)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#scrub?.cancel()
    for (const { shard } of this.#open.values()) await shard.close()
  }
}
