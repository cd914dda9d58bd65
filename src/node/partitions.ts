import { UnumError } from '#kernel/base/errors.ts'
import type { Host, Timer } from '#kernel/base/host.ts'
import { simpleConfiguration } from '#kernel/consensus/configuration.ts'
import type { ConsensusDriver } from '#kernel/consensus/driver.ts'
import type { Group } from '#kernel/consensus/group.ts'
import type { PartitionRow, TopicRow } from '#kernel/directory/topics.ts'
import type { Log } from '#kernel/handles/service.ts'
import { Partition } from '#kernel/logs/partition.ts'
import type { PartitionLog } from '#kernel/logs/partition-log.ts'
import { openPartitionLog, receivePartitionLog } from '#kernel/logs/partition-store.ts'
import { type TopicLimits, topicLimits } from '#kernel/logs/topic-limits.ts'
import type { NodeLog } from '#kernel/storage/log/node-log-types.ts'

export interface PartitionsOptions {
  readonly host: Host
  readonly self: number
  readonly driver: ConsensusDriver
  readonly nodeLog: NodeLog
  readonly log: Log
  /** Of all partitions together: above it the largest goes to its segments. */
  readonly unflushedBytesMax: number
  /** How often all records are checked; 0: only when they are read. */
  readonly scrubMs: number
  readonly campaign: (group: Group) => void
  readonly failed: (error: Error) => void
}

/** A replica of a partition on this node. */
interface Open {
  readonly topic: string
  readonly index: number
  readonly group: number
  /** Undefined while it is being opened, or where it cannot be. */
  partition: Partition | undefined
}

const settleMs = 60_000
const budgetMs = 50
const retentionMs = 10_000
const limits = { inFlightBytesMax: 32 << 20, entryBytesMax: 1 << 20 }

/** The replicas of partitions on this node: opened and removed as the directory says. */
export class Partitions {
  readonly #options: PartitionsOptions
  readonly #open = new Map<number, Open>()
  #topics: ReadonlyMap<string, TopicLimits> = new Map()
  #wanted: ReadonlyMap<number, { readonly topic: string; readonly index: number; readonly row: PartitionRow }> =
    new Map()
  #reconciling: Promise<void> | undefined
  #isClosed = false
  #isScrubbing = false
  /** How often records were found damaged. */
  damages = 0
  #timers: Timer[] = []
  #watchers = new Set<() => void>()

  constructor(options: PartitionsOptions) {
    this.#options = options
    this.#every(budgetMs, () => this.#keepBudget())
    this.#every(retentionMs, () => {
      for (const { topic, partition } of this.#open.values()) partition?.retain(this.#limitsOf(topic))
    })
    if (options.scrubMs > 0) this.#every(options.scrubMs, () => void this.#scrub())
    this.#every(settleMs, () => {
      for (const { partition } of this.#open.values()) partition?.settle()
    })
  }

  #every(ms: number, act: () => void): void {
    const at = this.#timers.length
    const arm = () => {
      this.#timers[at] = this.#options.host.clock.timer(ms, () => {
        act()
        if (!this.#isClosed) arm()
      })
    }
    arm()
  }

  #limitsOf(topic: string): TopicLimits {
    return this.#topics.get(topic) ?? topicLimits({})
  }

  get self(): number {
    return this.#options.self
  }

  get(group: number): Partition | undefined {
    return this.#open.get(group)?.partition
  }

  [Symbol.iterator](): Iterator<Partition> {
    return [...this.#open.values()].flatMap(({ partition }) => partition ?? []).values()
  }

  /** Called when a partition was opened or is gone. */
  watch(watcher: () => void): void {
    this.#watchers.add(watcher)
  }

  /** The directory has changed. Resolves when what it says is open. */
  reconcile(topics: Iterable<TopicRow>): Promise<void> {
    const limits = new Map<string, TopicLimits>()
    const wanted = new Map<number, { topic: string; index: number; row: PartitionRow }>()
    for (const { name, partitions, settings } of topics) {
      limits.set(name, topicLimits(settings))
      partitions.forEach((row, index) => {
        if (row.replicas.includes(this.#options.self)) wanted.set(row.group, { topic: name, index, row })
      })
    }
    this.#wanted = wanted
    this.#topics = limits
    this.#reconciling ??= this.#reconcile().finally(() => {
      this.#reconciling = undefined
    })
    return this.#reconciling
  }

  async #reconcile(): Promise<void> {
    for (;;) {
      const gone = [...this.#open.values()].filter(({ group }) => !this.#wanted.has(group))
      const missing = [...this.#wanted].filter(([group]) => !this.#open.has(group))
      if ((gone.length === 0 && missing.length === 0) || this.#isClosed) return
      await Promise.all([
        ...gone.map((each) => this.#remove(each)),
        ...missing.map(([, { topic, index, row }]) => this.#add(topic, index, row)),
      ])
      for (const watcher of this.#watchers) watcher()
    }
  }

  async #add(topic: string, index: number, row: PartitionRow): Promise<void> {
    const opened: Open = { topic, index, group: row.group, partition: undefined }
    this.#open.set(row.group, opened)
    try {
      const { partition, group } = await this.#start(topic, row)
      opened.partition = partition
      if (row.replicas[0] === this.#options.self) this.#options.campaign(group)
    } catch (error) {
      // The others go on without this replica; it cannot be replaced yet.
      this.#options.log.error({ topic, partition: index, error: String(error) }, 'A partition cannot be opened')
    }
  }

  async #start(topic: string, row: PartitionRow): Promise<{ readonly partition: Partition; readonly group: Group }> {
    const { host, driver, nodeLog, log } = this.#options
    const { group: id, replicas } = row
    const recovered = nodeLog.recovered.get(id)
    if (recovered?.damaged) throw new UnumError('DATA_DAMAGED', `The log of group ${id} has lost what was synced`)
    const home = `groups/${id}`
    const { store, isLost } = await this.#openStore(topic, home, replicas.length > 1)
    if (!recovered && (isLost || store.flushed.index > 0)) {
      await store.close()
      throw new UnumError(
        'DATA_DAMAGED',
        `There are records of group ${id}, and the log knows nothing of it: the log was lost, and with it votes that this replica gave`,
      )
    }
    const lacksState = isLost || (recovered?.boundary.index ?? 0) > store.flushed.index
    const partition: Partition = new Partition({
      clock: host.clock,
      log,
      store,
      receive: () => receivePartitionLog(home, host.disk),
      reopen: () =>
        openPartitionLog(
          home,
          this.#storeOptions(topic, () => partition),
        ),
      limits,
      hooks: {
        touch: (group) => driver.touch(group),
        flushed: (group, boundary) => driver.flushed(group, boundary),
        changed: () => {},
        damaged: (group, error) => this.#damaged(group, error),
        failed: this.#options.failed,
      },
    })
    const configuration = partition.recover() ?? simpleConfiguration(replicas)
    const group = driver.add({ id, machine: partition, configuration, flushed: store.flushed, lacksState })
    partition.attach(group)
    return { partition, group }
  }

  async #openStore(
    topic: string,
    home: string,
    hasOthers: boolean,
  ): Promise<{ readonly store: PartitionLog; readonly isLost: boolean }> {
    const options = this.#storeOptions(topic, () => undefined)
    try {
      return { store: await openPartitionLog(home, options), isLost: false }
    } catch (error) {
      if (!hasOthers || !(error instanceof UnumError) || error.code !== 'DATA_DAMAGED') throw error
      this.damages++
      this.#options.log.error({ home, code: error.code }, `Records are fetched from another node: ${error.message}`)
      await this.#options.host.disk.removeDirectory(home)
      return { store: await openPartitionLog(home, options), isLost: true }
    }
  }

  /** Records on disk are damaged: they are fetched from another node, where there is one. */
  #damaged(group: Group, error: Error): void {
    const { log, driver } = this.#options
    this.damages++
    log.error({ group: group.id, error: String(error) }, 'Records are damaged')
    if (group.raft.configuration.voters.length > 1) driver.lost(group)
  }

  /** All records are read now and then, as rows of shards are: rot that nobody meets would spread over the replicas. */
  async #scrub(): Promise<void> {
    if (this.#isScrubbing) return
    this.#isScrubbing = true
    for (const partition of [...this]) if (!this.#isClosed) await partition.verify()
    this.#isScrubbing = false
  }

  #storeOptions(topic: string, partition: () => Partition | undefined) {
    const { host, failed } = this.#options
    return {
      disk: host.disk,
      clock: host.clock,
      segmentBytes: () => this.#limitsOf(topic).segmentBytes,
      full: (isFull: boolean) => partition()?.diskFull(isFull),
      failed,
    }
  }

  async #remove({ group: id, partition }: Open): Promise<void> {
    const { driver, nodeLog, host } = this.#options
    driver.remove(id)
    nodeLog.appendRemoval(id)
    this.#open.delete(id)
    await partition?.close()
    await host.disk.removeDirectory(`groups/${id}`)
  }

  /** Records wait in memory and in the log until their segments have them: not too many, over all partitions. */
  #keepBudget(): void {
    const { unflushedBytesMax } = this.#options
    const partitions = [...this]
    let unflushed = partitions.reduce((sum, { store }) => sum + store.unflushedBytes, 0)
    if (unflushed <= unflushedBytesMax) return
    for (const partition of partitions.sort((a, b) => b.store.unflushedBytes - a.store.unflushedBytes)) {
      if (unflushed <= unflushedBytesMax / 2) return
      unflushed -= partition.store.unflushedBytes
      void partition.flush()
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const timer of this.#timers) timer.cancel()
    for (const { partition } of this.#open.values()) await partition?.close()
  }
}
