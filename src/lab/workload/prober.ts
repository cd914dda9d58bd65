import type { Address, Clock, Network, Timer } from '#kernel/base/host.ts'
import type { Request } from '../redis/requests.ts'
import { Questions } from './questions.ts'
import type { Recorder } from './recorder.ts'

export interface ProberOptions {
  readonly clock: Clock
  readonly network: Network
  readonly address: Address
  readonly recorder: Recorder
  readonly tasks: readonly Request[]
  /** Without a reply for so long it connects again. */
  readonly timeoutMs: number
}

const pipelineMax = 16
const againMs = 20

/** Asks one node every task until each was done once: what was refused or lost is asked again. */
export class Prober {
  readonly #options: ProberOptions
  readonly #left: Request[]
  #questions: Questions | undefined
  #wasRefused = false
  #timer: Timer | undefined

  constructor(options: ProberOptions) {
    this.#options = options
    this.#left = [...options.tasks]
    this.#connect()
  }

  /** Tasks that are not done yet. */
  get left(): number {
    return this.#left.length + (this.#questions?.open ?? 0)
  }

  #connect(): void {
    const { network, address, recorder } = this.#options
    const questions = new Questions(network, address, recorder, {
      opened: () => this.#send(questions),
      answered: (request, reply) => this.#answered(questions, request, reply),
      closed: (lost) => this.#closed(lost),
    })
    this.#questions = questions
    this.#arm(() => this.#questions?.destroy())
  }

  #send(questions: Questions): void {
    this.#wasRefused = false
    for (const request of this.#left.splice(0, pipelineMax)) questions.ask(request)
    questions.flush()
    this.#arm(() => questions.destroy())
  }

  #answered(questions: Questions, request: Request, reply: string | undefined): void {
    if (reply === undefined) {
      this.#left.push(request)
      this.#wasRefused = true
    }
    if (questions.open > 0) return
    if (this.#left.length > 0) this.#arm(() => this.#send(questions), this.#wasRefused ? againMs : 0)
    else questions.destroy()
  }

  #closed(lost: readonly Request[]): void {
    this.#questions = undefined
    this.#left.push(...lost)
    this.#timer?.cancel()
    if (this.#left.length > 0) this.#timer = this.#options.clock.timer(againMs, () => this.#connect())
  }

  #arm(action: () => void, delayMs = this.#options.timeoutMs): void {
    this.#timer?.cancel()
    this.#timer = this.#options.clock.timer(delayMs, action)
  }
}
