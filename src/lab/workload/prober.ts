import type { Address, Clock, Network, Timer } from '#kernel/base/host.ts'
import type { StringCommand } from '../redis/string-commands.ts'
import { stringCommands } from '../redis/string-commands.ts'
import type { Recorder } from './recorder.ts'
import { RedisConnection } from './redis-connection.ts'

export interface ProberOptions {
  readonly clock: Clock
  readonly network: Network
  readonly address: Address
  readonly recorder: Recorder
  readonly tasks: readonly ProbeTask[]
  /** Without a reply for so long it connects again. */
  readonly timeoutMs: number
}

export interface ProbeTask {
  readonly command: StringCommand
  readonly key: string
  readonly argument: string
}

const pipelineMax = 16
const againMs = 20

/** Asks one node every task until each was done once: what was refused or lost is asked again. */
export class Prober {
  readonly #options: ProberOptions
  #left: ProbeTask[]
  #connection: RedisConnection | undefined
  #inFlight: { readonly task: ProbeTask; readonly operation: number }[] = []
  #timer: Timer | undefined

  constructor(options: ProberOptions) {
    this.#options = options
    this.#left = [...options.tasks]
    this.#connect()
  }

  /** Tasks that are not done yet. */
  get left(): number {
    return this.#left.length + this.#inFlight.length
  }

  #connect(): void {
    const { network, address, recorder } = this.#options
    const number = recorder.connection()
    this.#connection = new RedisConnection(network, address, {
      opened: () => this.#send(number),
      replied: (reply) => this.#replied(number, reply),
      closed: (protocolError) => {
        if (protocolError !== undefined) recorder.protocolError(protocolError)
        this.#closed()
      },
    })
    this.#arm(() => this.#connection?.destroy())
  }

  #send(number: number): void {
    const { recorder } = this.#options
    for (const task of this.#left.splice(0, pipelineMax)) {
      const operation = recorder.called(number, task.command, task.key, task.argument)
      this.#inFlight.push({ task, operation })
      this.#connection!.send(stringCommands[task.command].words(task.key, task.argument))
    }
    this.#connection!.flush()
    this.#arm(() => this.#connection?.destroy())
  }

  #replied(number: number, reply: string): void {
    const { recorder } = this.#options
    const asked = this.#inFlight.shift()
    if (asked === undefined) {
      recorder.anomalies.push(`a reply came that nobody asked for: ${reply}`)
      return
    }
    const refusedBefore = recorder.refused
    recorder.reply(asked.operation, reply)
    if (recorder.refused > refusedBefore) this.#left.push(asked.task)
    if (this.#inFlight.length > 0) return
    if (this.#left.length > 0) this.#arm(() => this.#send(number), recorder.refused > refusedBefore ? againMs : 0)
    else this.#connection?.destroy()
  }

  #closed(): void {
    this.#connection = undefined
    for (const { task, operation } of this.#inFlight) {
      this.#options.recorder.lose(operation)
      this.#left.push(task)
    }
    this.#inFlight = []
    this.#timer?.cancel()
    if (this.#left.length > 0) this.#timer = this.#options.clock.timer(againMs, () => this.#connect())
  }

  #arm(action: () => void, delayMs = this.#options.timeoutMs): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.timer(delayMs, action)
  }
}
