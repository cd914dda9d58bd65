/**
 * Child processes that never outlive the benchmark: each has a process group of its own, and whatever is left of those
 * groups is killed when this process ends, however it ends (but for `kill -9`).
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

export interface ChildOptions {
  readonly cwd?: string
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>
  /** Each complete line of stdout, as it arrives. */
  readonly onLine?: (line: string) => void
}

const stderrKept = 4000
const killedMsMax = 5000

/** Kills a process (positive) or a group (negative); one that is gone is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It is gone already.
  }
}

const lastResorts = new Set<() => void>()
let isWatching = false

/** Has `kill` called when this process ends; returns what takes that back. `kill` must be synchronous. */
export function onEnd(kill: () => void): () => void {
  if (!isWatching) {
    isWatching = true
    process.on('exit', () => {
      for (const last of lastResorts) last()
    })
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => process.exit(130))
  }
  lastResorts.add(kill)
  return () => lastResorts.delete(kill)
}

export class Child implements AsyncDisposable {
  readonly pid: number
  /** Resolves with the exit code, or 128 where a signal ended it. Never rejects. */
  readonly ended: Promise<number>
  stdout = ''
  stderr = ''
  readonly #name: string
  readonly #forget: () => void
  #lineStart = 0

  constructor(command: string, args: readonly string[], options: ChildOptions = {}) {
    this.#name = command.split('/').at(-1)!
    const process_: ChildProcess = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.pid = process_.pid ?? 0
    this.#forget = onEnd(() => this.#killGroup())
    process_.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text
      if (options.onLine) this.#lines(options.onLine)
    })
    process_.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.stderr = (this.stderr + text).slice(-stderrKept)
    })
    this.ended = new Promise((resolve) => {
      process_.on('error', (error) => {
        this.stderr += error.message
        resolve(127)
      })
      process_.on('close', (code) => resolve(code ?? 128))
    })
  }

  /**
   * Waits for its end.
   * @throws Error where it ends with another code than 0, or takes longer; it is killed then
   */
  async finish(withinMs: number): Promise<string> {
    const code = await Promise.race([this.ended, sleep(withinMs, undefined, { ref: false })])
    if (code === undefined) {
      await this.stop('SIGKILL')
      throw new Error(`${this.#name} did not end within ${withinMs} ms${this.#said}`)
    }
    this.#forget()
    if (code !== 0) throw new Error(`${this.#name} ended with ${code}${this.#said}`)
    return this.stdout
  }

  /**
   * The first line of stdout that `read` makes something of.
   * @throws Error where it ends before, or takes longer
   */
  async firstLine<T>(read: (line: string) => T | undefined, withinMs: number): Promise<T> {
    const untilMs = performance.now() + withinMs
    let hasEnded = false
    void this.ended.then(() => {
      hasEnded = true
    })
    for (;;) {
      for (const line of this.stdout.split('\n').slice(0, -1)) {
        const found = read(line)
        if (found !== undefined) return found
      }
      if (hasEnded) throw new Error(`${this.#name} ended too early${this.#said}`)
      if (performance.now() > untilMs) throw new Error(`${this.#name} was not ready in ${withinMs} ms${this.#said}`)
      await sleep(1)
    }
  }

  /** Asks it to end, and kills its whole group `withinMs` later or when it has ended. Resolves when it is gone. */
  async stop(name: NodeJS.Signals = 'SIGTERM', withinMs = 10_000): Promise<void> {
    signal(this.pid, name)
    await Promise.race([this.ended, sleep(withinMs, undefined, { ref: false })])
    this.#killGroup()
    await Promise.race([this.ended, sleep(killedMsMax, undefined, { ref: false })])
    this.#forget()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  get #said(): string {
    const text = this.stderr.trim().slice(-800)
    return text === '' ? '' : `: ${text}`
  }

  #killGroup(): void {
    if (this.pid > 0) signal(-this.pid, 'SIGKILL')
  }

  #lines(onLine: (line: string) => void): void {
    for (;;) {
      const end = this.stdout.indexOf('\n', this.#lineStart)
      if (end < 0) return
      const line = this.stdout.slice(this.#lineStart, end)
      this.#lineStart = end + 1
      onLine(line)
    }
  }
}

/** Runs a command to its end and returns its stdout. */
export function run(
  command: string,
  args: readonly string[],
  withinMs: number,
  options?: ChildOptions,
): Promise<string> {
  return new Child(command, args, options).finish(withinMs)
}
