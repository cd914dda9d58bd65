import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { until } from './until.ts'

export interface NodeLine {
  readonly name: string
  readonly pid: number
  readonly endpoints: { readonly redis: string; readonly admin: string }
}

/** A line that `unum up --json` prints after the first. */
export interface EventLine extends NodeLine {
  readonly event: 'ended' | 'back'
  readonly reason?: string
  readonly restartInMs?: number
}

const launcher = join(import.meta.dirname, '../../../bin/unum.js')

/** A real `unum up --json`: what it prints, and the processes that it runs. Ends with the test by `await using`. */
export class ClusterProcess {
  readonly child: ChildProcess
  readonly events: EventLine[] = []
  /** All that came on stderr. */
  errors = ''
  #ready: readonly NodeLine[] | undefined
  readonly #pids = new Map<string, number>()

  constructor(data: string, ...flags: readonly string[]) {
    const args = [launcher, 'up', '--json', '--ports', 'auto', '--data', data, ...flags]
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.child.stderr!.on('data', (chunk) => {
      this.errors += chunk
    })
    createInterface({ input: this.child.stdout! }).on('line', (line) => this.#take(JSON.parse(line)))
  }

  static async start(data: string, ...flags: readonly string[]): Promise<ClusterProcess> {
    const cluster = new ClusterProcess(data, ...flags)
    await cluster.ready()
    return cluster
  }

  #take(line: { readonly ready?: true; readonly nodes?: readonly NodeLine[] } & EventLine): void {
    if (line.ready) {
      this.#ready = line.nodes
      for (const { name, pid } of line.nodes!) this.#pids.set(name, pid)
      return
    }
    this.events.push(line)
    if (line.event === 'back') this.#pids.set(line.name, line.pid)
  }

  /** The nodes as they were when the cluster became ready. */
  ready(): Promise<readonly NodeLine[]> {
    return until(`the cluster to be ready (${this.errors})`, () => {
      assert.ok(this.isRunning, `unum up ended: ${this.errors}`)
      return this.#ready
    })
  }

  get nodes(): readonly NodeLine[] {
    return this.#ready!
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null
  }

  /** Of the process that runs the node now. */
  pidOf(name: string): number {
    return this.#pids.get(name)!
  }

  endpoint(name: string): string {
    return this.nodes.find((node) => node.name === name)!.endpoints.redis
  }

  eventsOf(name: string, event: EventLine['event']): readonly EventLine[] {
    return this.events.filter((line) => line.name === name && line.event === event)
  }

  /** Who leads the first shard of keys, as a node that answers knows it. */
  leader(): Promise<string> {
    return until('a leader', async () => {
      for (const { endpoints } of this.nodes) {
        const response = await fetch(`${endpoints.admin}/api/status`).catch(() => undefined)
        if (!response?.ok) continue
        const { shards } = (await response.json()) as { shards: { space: string; leader?: string }[] }
        const { leader } = shards.find(({ space }) => space === 'redis')!
        if (leader) return leader
      }
      return undefined
    })
  }

  /** Orderly. @returns the exit code */
  async stop(): Promise<number | null> {
    if (!this.isRunning) return this.child.exitCode
    const ended = once(this.child, 'close')
    this.child.kill('SIGINT')
    const [code] = await ended
    return code
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isRunning) return
    const ended = once(this.child, 'close')
    this.child.kill('SIGKILL') // its nodes go with it
    await ended
  }
}
