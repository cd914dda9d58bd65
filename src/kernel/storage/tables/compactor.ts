import { UnumError } from '#kernel/base/errors.ts'
import type { Clock, Timer } from '#kernel/base/host.ts'
import type { CompactionTask, TreeLimits } from './compaction.ts'
import { chooseCompaction, pressureOf } from './compaction.ts'
import type { TreeFiles } from './tree-files.ts'

/** From this pressure on, which already slows writes down, compaction takes all the time that there is. */
const pressingFrom = 0.75

/** Room on a full disk does not announce itself, and writers may wait for this compaction, so that no flush wakes it. */
const fullDiskRetryMs = 1000

/** Keeps the levels of one tree within their limits, one compaction at a time. After a failure it waits for the next `wake`. */
export class Compactor {
  readonly #files: TreeFiles
  readonly #limits: TreeLimits
  readonly #failed: (error: UnumError) => void
  readonly #clock: Clock
  #running: Promise<void> | undefined
  #retry: Timer | undefined

  constructor(files: TreeFiles, clock: Clock, limits: TreeLimits, failed: (error: UnumError) => void) {
    this.#files = files
    this.#clock = clock
    this.#limits = limits
    this.#failed = failed
  }

  /** Call it when the version has changed. */
  wake(): void {
    this.#retry?.cancel()
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Call it when the files are stopped. Resolves when nothing runs any more. */
  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running
    this.#retry?.cancel()
  }

  async #run(): Promise<void> {
    try {
      for (let task = this.#next(); task !== undefined; task = this.#next()) await this.#compact(task)
    } catch (error) {
      if (!(error instanceof UnumError)) throw error
      if (error.code === 'STOPPED') return
      if (error.code === 'DISK_FULL') this.#retry = this.#clock.timer(fullDiskRetryMs, () => this.wake())
      this.#failed(error)
    }
  }

  #next(): CompactionTask | undefined {
    return chooseCompaction(this.#files.version, this.#limits)
  }

  async #compact(task: CompactionTask): Promise<void> {
    const files = this.#files
    const { upper, lower, level } = task
    const removed = [...upper, ...lower]
    if (task.isMove) return files.commit({ removed, added: upper, level: level + 1 })
    await files.using(removed, async () => {
      const inputs = level === 0 ? upper.map((table) => files.input([table])) : [files.input(upper)]
      if (lower.length > 0) inputs.push(files.input(lower))
      const added = await files.writeTables({
        inputs,
        older: files.version.below(level + 1),
        fileBytesMax: this.#limits.fileBytesMax,
        cuts: task.cuts,
        urgency: () => pressureOf(files.version, this.#limits) / pressingFrom,
      })
      await files.commit({ removed, added, level: level + 1 })
    })
  }
}
