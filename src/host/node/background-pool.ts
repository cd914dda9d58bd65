/** Node's own default. */
const threadsDefault = 4

/** Threads of the pool that background reading and writing never takes: they are the log's. */
const reservedThreads = 2

type Task = (finished: () => void) => void

/** Reads: a client may wait for them. Changes: writes, syncs and all that is done to names; a sync may take very long. */
export type TaskKind = 'read' | 'change'

/**
 * Holds back file operations other than the log's, so that a durable write never waits behind them for a thread of libuv's
 * pool.
 *
 * Invariants:
 * 1. `reservedThreads` stay free.
 * 2. Where there are threads for two, changes never have them all, and reads go before changes: no read waits for a sync.
 */
export class BackgroundPool {
  readonly #slots: number
  readonly #changesMax: number
  #busy = 0
  #changes = 0
  readonly #waitingReads: Task[] = []
  readonly #waitingChanges: Task[] = []

  constructor(threads = Number(process.env.UV_THREADPOOL_SIZE ?? threadsDefault)) {
    this.#slots = Math.max(1, (Number.isInteger(threads) ? threads : threadsDefault) - reservedThreads)
    this.#changesMax = Math.max(1, this.#slots - 1)
  }

  /** Starts `task` when a thread is free for it; the task calls `finished` when its thread is free again. */
  run(kind: TaskKind, task: Task): void {
    ;(kind === 'read' ? this.#waitingReads : this.#waitingChanges).push(task)
    this.#start()
  }

  #start(): void {
    while (this.#busy < this.#slots) {
      const read = this.#waitingReads.shift()
      const task = read ?? (this.#changes < this.#changesMax ? this.#waitingChanges.shift() : undefined)
      if (!task) return
      const change = read ? 0 : 1
      this.#busy++
      this.#changes += change
      task(() => {
        this.#busy--
        this.#changes -= change
        this.#start()
      })
    }
  }
}
