import type { Address, Clock, Network, Random, Timer } from '#kernel/base/host.ts'
import type { Request } from '../redis/requests.ts'
import type { Dialogue } from './kinds/index.ts'
import type { WorkloadProfile } from './profile.ts'
import { Questions } from './questions.ts'
import type { Recorder } from './recorder.ts'

export interface ClientOptions {
  /** Unique in the run. */
  readonly number: number
  readonly clock: Clock
  readonly network: Network
  readonly random: Random
  /** The nodes' listeners; the client begins with `home` and may go elsewhere when it loses a connection. */
  readonly addresses: readonly Address[]
  readonly home: number
  readonly profile: WorkloadProfile
  readonly recorder: Recorder
}

const reconnectMs = 20
const refusedPauseMs = 10

/**
 * A client in a closed loop: a pipeline of drawn operations, all their replies, a pause, the next. A connection that closes or does
 * not answer in time leaves its operations with an unknown outcome, and the client makes another.
 */
export class Client {
  readonly #options: ClientOptions
  readonly #resp3: boolean
  #questions: Questions | undefined
  /** What the present connection asks next, and of what, once its last reply is here. */
  #goOn: { readonly key: string; readonly next: NonNullable<Dialogue['next']> } | undefined
  /** Operations that begin the next pipeline. */
  #due: Request[] = []
  #wasRefused = false
  #timeout: Timer | undefined
  #next: Timer | undefined
  #sequence = 0
  #target: number
  #finishing = false

  constructor(options: ClientOptions) {
    this.#options = options
    this.#target = options.home
    this.#resp3 = options.random.float() < options.profile.resp3Share
  }

  start(): void {
    this.#connect()
  }

  /** Sends nothing more, and closes the connection when all replies came. */
  finish(): void {
    this.#finishing = true
    if (this.#isIdle) this.#hangUp()
  }

  /** Everything it asked was answered or lost. */
  get isFinished(): boolean {
    return this.#finishing && this.#isIdle
  }

  get #isIdle(): boolean {
    return (this.#questions?.open ?? 0) === 0
  }

  #hangUp(): void {
    this.#timeout?.cancel()
    this.#next?.cancel()
    this.#questions?.destroy()
  }

  #connect(): void {
    const { network, addresses, recorder } = this.#options
    const questions = new Questions(network, addresses[this.#target]!, recorder, {
      opened: () => {
        if (this.#resp3) questions.greet()
        this.#sendPipeline()
      },
      answered: (_, reply) => this.#answered(reply),
      closed: () => this.#closed(),
    })
    this.#questions = questions
    this.#armTimeout()
  }

  #sendPipeline(): void {
    const { random, profile } = this.#options
    if (this.#finishing) {
      this.#hangUp()
      return
    }
    const depth = 1 + random.below(profile.pipelineMax)
    for (const request of this.#due) this.#questions!.ask(request)
    this.#due = []
    for (let i = 0; i < depth && this.#goOn === undefined; i++) this.#askDrawn()
    this.#questions!.flush()
    this.#armTimeout()
  }

  #askDrawn(): void {
    const { random, profile, recorder, number } = this.#options
    const { name, kind, mayWrite } = recorder.keys.draw(random)
    const unique = `${number}.${this.#sequence++}`
    const { operations, next } = kind.draw(random, { ...profile, mayWrite, unique })
    for (const operation of operations) this.#questions!.ask({ ...operation, key: name })
    if (next !== undefined) this.#goOn = { key: name, next }
  }

  #answered(reply: string | undefined): void {
    const { clock, profile, random } = this.#options
    this.#wasRefused ||= reply === undefined
    if (!this.#isIdle) return
    if (this.#finishing) {
      this.#hangUp()
      return
    }
    this.#timeout?.cancel()
    if (this.#goOn !== undefined) {
      const { key, next } = this.#goOn
      // Where anything of it was refused, also the WATCH before it, the dialogue begins anew.
      this.#due = next(this.#wasRefused ? undefined : reply).map((operation) => ({ ...operation, key }))
      this.#goOn = undefined
    }
    // A server that refuses at once must not be asked at once again.
    const refusedMs = this.#wasRefused ? refusedPauseMs : 0
    this.#wasRefused = false
    const thinkMs = 2 * profile.thinkMs * random.float() + refusedMs
    if (thinkMs === 0) this.#sendPipeline()
    else this.#next = clock.timer(thinkMs, () => this.#sendPipeline())
  }

  #armTimeout(): void {
    this.#timeout?.cancel()
    this.#timeout = this.#options.clock.timer(this.#options.profile.timeoutMs, () => this.#questions?.destroy())
  }

  #closed(): void {
    const { clock, random, addresses, home } = this.#options
    this.#timeout?.cancel()
    this.#next?.cancel()
    this.#questions = undefined
    this.#goOn = undefined
    this.#due = []
    this.#wasRefused = false
    if (this.#finishing) return
    this.#target = random.below(2) === 0 ? home : random.below(addresses.length)
    this.#next = clock.timer(reconnectMs * (1 + random.float()), () => this.#connect())
  }
}
