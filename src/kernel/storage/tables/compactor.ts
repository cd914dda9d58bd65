import { UnumError } from '#kernel/base/errors.ts'
import type { CompactionTask, TreeLimits } from './compaction.ts'
import { chooseCompaction, pressureOf } from './compaction.ts'
import type { TreeFiles } from './tree-files.ts'

/** From this pressure on, which already slows writes down, compaction takes all the time that there is. */
const pressingFrom = 0.75

/**
 * Keeps the levels of one tree within their limits, one compaction at a time. After a failure it waits for the next
 * `wake`: on a full disk, trying again at once would change nothing.
 */
export class Compactor {
  readonly #files: TreeFiles
  readonly #limits: TreeLimits
  readonly #failed: (error: UnumError) => void
  #running: Promise<void> | undefined

  constructor(files: TreeFiles, limits: TreeLimits, failed: (error: UnumError) => void) {
    this.#files = files
    this.#limits = limits
    this.#failed = failed
  }

  /** Call it when the version has changed. */
  wake(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  async #run(): Promise<void> {
    try {
      for (let task = this.#next(); task !== undefined; task = this.#next()) await this.#compact(task)
    } catch (error) {
      if (!(error instanceof UnumError)) throw error
      if (error.code !== 'STOPPED') this.#failed(error)
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
