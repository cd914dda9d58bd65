import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Child } from '../tools/child.ts'
import { compileCache, mainFile, node, root } from '../tools/root.ts'
import { type Endpoint, parseEndpoint, type RedisSide } from './side.ts'

const readyMsMax = 60_000

interface NodeFacts {
  readonly name: string
  readonly pid: number
  readonly endpoints: { readonly redis: string; readonly admin: string }
}

interface UpLine {
  readonly ready?: true
  readonly event?: 'ended' | 'back'
  readonly nodes?: readonly NodeFacts[]
  readonly name?: string
  readonly pid?: number
}

/** What a node's admin endpoint tells of itself; only what is used here. */
export interface Status {
  readonly node: string
  readonly shards: readonly { readonly space: string; readonly leader?: string }[]
  readonly disk: { readonly logBytes: number; readonly tableBytes: number }
}

export interface UnumOptions {
  /** Folder in which the cluster's own, temporary one is made. */
  readonly dataFolder: string
  /** `bin/unum.js` on whatever `node` is in PATH, as users start it (the default); else flags for Node in every process. */
  readonly nodeFlags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly upArguments?: readonly string[]
}

export class UnumSide implements RedisSide {
  readonly name = 'unum'
  readonly version: string
  readonly endpoints: readonly Endpoint[]
  readonly nodeNames: readonly string[]
  /** From the start of the command to its ready line. */
  readonly startMs: number
  readonly #child: Child
  readonly #folder: string
  readonly #admins: readonly string[]
  readonly #pids: Map<string, number>

  constructor(child: Child, folder: string, nodes: readonly NodeFacts[], pids: Map<string, number>, startMs: number) {
    this.#child = child
    this.#folder = folder
    this.#pids = pids
    this.startMs = startMs
    this.version = 'this checkout'
    this.nodeNames = nodes.map(({ name }) => name)
    this.endpoints = nodes.map(({ endpoints }) => parseEndpoint(endpoints.redis))
    this.#admins = nodes.map(({ endpoints }) => endpoints.admin)
  }

  get servers(): readonly number[] {
    return this.nodeNames.map((name) => this.pidOf(name))
  }

  /** Of the process that runs now: a node that died is started again. */
  pidOf(name: string): number {
    return this.#pids.get(name)!
  }

  async status(nodeIndex: number): Promise<Status> {
    const answer = await fetch(`${this.#admins[nodeIndex]}/api/status`, { signal: AbortSignal.timeout(5000) })
    return (await answer.json()) as Status
  }

  /** The node that leads the keys, as node `nodeIndex` knows it. */
  async leader(nodeIndex = 0): Promise<string | undefined> {
    const { shards } = await this.status(nodeIndex)
    return shards.find(({ space }) => space === 'redis')?.leader
  }

  /** Until all nodes say that they are ready. */
  async whenReady(withinMs = readyMsMax): Promise<void> {
    const untilMs = performance.now() + withinMs
    for (const admin of this.#admins) {
      for (;;) {
        const answer = await fetch(`${admin}/readyz`, { signal: AbortSignal.timeout(5000) }).catch(() => undefined)
        if (answer?.ok) break
        if (performance.now() > untilMs) throw new Error(`${admin} is not ready after ${withinMs} ms`)
        await sleep(50)
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.stop('SIGINT')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Three nodes as processes, started as their users start them. */
export async function startUnum({ dataFolder, nodeFlags, env, upArguments = [] }: UnumOptions): Promise<UnumSide> {
  const folder = mkdtempSync(join(dataFolder, 'unum-'))
  const arguments_ = ['up', '--json', '--ports', 'auto', '--data', join(folder, 'data'), ...upArguments]
  const pids = new Map<string, number>()
  const onLine = (line: string) => {
    const said = readLine(line)
    for (const { name, pid } of said?.nodes ?? []) pids.set(name, pid)
    if (said?.event === 'back') pids.set(said.name!, said.pid!)
  }
  const options = { cwd: root, onLine, env: { ...(nodeFlags ? compileCache : {}), ...env } }
  const startMs = performance.now()
  const child = nodeFlags
    ? new Child(node, [...nodeFlags, mainFile, ...arguments_], options)
    : new Child('node', [join(root, 'bin/unum.js'), ...arguments_], options)
  try {
    const nodes = await child.firstLine((line) => readLine(line)?.nodes, readyMsMax)
    return new UnumSide(child, folder, nodes, pids, performance.now() - startMs)
  } catch (error) {
    await child.stop('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
}

function readLine(line: string): UpLine | undefined {
  return line.startsWith('{') ? (JSON.parse(line) as UpLine) : undefined
}
