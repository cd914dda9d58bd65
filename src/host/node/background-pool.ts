/** Node's own default. */
const threadsDefault = 4

/** Threads of the pool that background reading and writing never takes: they are the log's. */
const reservedThreads = 2

type Task = (finished: () => void) => void

/**
 * Holds back file operations other than the log's, so that a durable write never waits behind them for a thread of libuv's
 * pool.
 */
export class BackgroundPool {
  readonly #slots: number
  #busy = 0
  readonly #waiting: Task[] = []

  constructor(threads = Number(process.env.UV_THREADPOOL_SIZE ?? threadsDefault)) {
    this.#slots = Math.max(1, (Number.isInteger(threads) ? threads : threadsDefault) - reservedThreads)
  }

  /** Starts `task` when a thread is free for it; the task calls `finished` when its thread is free again. */
  run(task: Task): void {
    if (this.#busy >= this.#slots) {
      this.#waiting.push(task)
      return
    }
    this.#busy++
    task(() => this.#next())
  }

  #next(): void {
    const task = this.#waiting.shift()
    if (task) task(() => this.#next())
    else this.#busy--
  }
}
