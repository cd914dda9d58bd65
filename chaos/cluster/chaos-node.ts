import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeConfig } from '#cli/node/node-config.ts'
import { configVariable } from '#cli/node/node-config.ts'
import type { Random } from '#kernel/base/host.ts'
import { Child, signal } from '../../bench/tools/child.ts'
import { compileCache, mainFile, node as nodeProgram, root } from '../../bench/tools/root.ts'
import type { PowerLoss, PowerSupply } from '../power/power-supply.ts'
import { powerVariable, watchModule } from '../power/power-supply.ts'

export interface ChaosNodeOptions {
  /** `shards` is said only until the cluster is formed. */
  readonly config: () => NodeConfig
  /** The command that the node's own is appended to. */
  readonly launcher: readonly string[]
  /** What its process changes on its disk is noted. */
  readonly power: PowerSupply
  /** It ended without being told to; with what it said on stderr. */
  readonly ended: (said: string, livedMs: number) => void
}

const looksMax = 100
const lookMs = 3

/** One node's process, under control: at most one at any time. */
export class ChaosNode {
  readonly name: string
  readonly folder: string
  readonly #options: ChaosNodeOptions
  #child: Child | undefined
  #isPaused = false

  constructor(options: ChaosNodeOptions) {
    const { name, folder } = options.config()
    this.name = name
    this.folder = folder
    this.#options = options
  }

  get isRunning(): boolean {
    return this.#child !== undefined
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  start(): void {
    if (this.#child) return
    const { launcher, power } = this.#options
    const [command, ...args] = [...launcher, nodeProgram, '--import', watchModule, mainFile, 'node', this.name]
    const child = new Child(command!, args, {
      cwd: root,
      env: {
        ...compileCache,
        [powerVariable]: JSON.stringify(power.paths),
        [configVariable]: JSON.stringify(this.#options.config()),
      },
    })
    const startedMs = performance.now()
    this.#child = child
    void child.ended.then(() => {
      if (this.#child !== child) return // it was told to
      this.#child = undefined
      this.#isPaused = false
      this.#options.ended(child.stderr.trim().slice(-2000), performance.now() - startedMs)
    })
  }

  /** SIGKILL. Resolves when it is gone. */
  kill(): Promise<void> {
    return this.#end('SIGKILL')
  }

  /** Lets it run until it stands still with something that is not synced; but not for long. */
  async pauseUnsynced(): Promise<void> {
    for (let looks = 0; looks < looksMax && this.#child; looks++) {
      this.pause()
      if (this.#options.power.hasUnsynced) return
      this.resume()
      await sleep(lookMs)
    }
  }

  /** SIGKILL, and what it had not synced may be lost. */
  async losePower(random: Random): Promise<PowerLoss> {
    await this.kill()
    return this.#options.power.lose(random)
  }

  /** From its next start on: whether its disk says that it has synced what it has not. */
  diskLies(isLying: boolean): void {
    this.#options.power.lie(isLying)
  }

  /** Its folder was replaced: all that is in it counts as synced. */
  folderReplaced(): void {
    this.#options.power.forget()
  }

  /** SIGTERM: an orderly stop, and SIGKILL for what is left after its time. Resolves when it is gone. */
  stop(): Promise<void> {
    this.resume()
    return this.#end('SIGTERM')
  }

  /** SIGSTOP. */
  pause(): void {
    if (!this.#child || this.#isPaused) return
    this.#isPaused = true
    signal(this.#child.pid, 'SIGSTOP')
  }

  /** SIGCONT. */
  resume(): void {
    if (!this.#child || !this.#isPaused) return
    this.#isPaused = false
    signal(this.#child.pid, 'SIGCONT')
  }

  async #end(how: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child
    this.#child = undefined
    this.#isPaused = false
    await child?.stop(how)
  }
}
