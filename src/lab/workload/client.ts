import type { Address, Clock, Network, Random, Timer } from '#kernel/base/host.ts'
import { stringCommands } from '../redis/string-commands.ts'
import { drawOperation } from './operations.ts'
import type { WorkloadProfile } from './profile.ts'
import type { Recorder } from './recorder.ts'
import { RedisConnection } from './redis-connection.ts'

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
 * A client in a closed loop: a pipeline of drawn commands, all their replies, a pause, the next. A connection that closes or does
 * not answer in time leaves its commands with an unknown outcome, and the client makes another.
 */
export class Client {
  readonly #options: ClientOptions
  readonly #resp3: boolean
  #connection: RedisConnection | undefined
  #connectionNumber = 0
  /** Operations sent and not answered, in order; -1 is the greeting. */
  #inFlight: number[] = []
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
    if (this.#inFlight.length === 0) this.#hangUp()
  }

  /** Everything it asked was answered or lost. */
  get isFinished(): boolean {
    return this.#finishing && this.#inFlight.length === 0
  }

  #hangUp(): void {
    this.#timeout?.cancel()
    this.#next?.cancel()
    this.#connection?.destroy()
  }

  #connect(): void {
    const { network, addresses, recorder } = this.#options
    this.#connectionNumber = recorder.connection()
    const connection = new RedisConnection(network, addresses[this.#target]!, {
      opened: () => {
        if (this.#resp3) {
          connection.send(['HELLO', '3'])
          this.#inFlight.push(-1)
        }
        this.#sendPipeline()
      },
      replied: (reply) => this.#replied(reply),
      closed: (protocolError) => {
        if (protocolError !== undefined) recorder.protocolError(protocolError)
        this.#closed()
      },
    })
    this.#connection = connection
    this.#armTimeout()
  }

  #sendPipeline(): void {
    const { random, profile, recorder, number } = this.#options
    if (this.#finishing) {
      this.#hangUp()
      return
    }
    const depth = 1 + random.below(profile.pipelineMax)
    for (let i = 0; i < depth; i++) {
      const key = recorder.keys.draw(random)
      const unique = `${number}.${this.#sequence++}`
      const { command, argument } = drawOperation(random, key, { ...profile, unique })
      this.#inFlight.push(recorder.called(this.#connectionNumber, command, key.name, argument))
      this.#connection!.send(stringCommands[command].words(key.name, argument))
    }
    this.#connection!.flush()
    this.#armTimeout()
  }

  #replied(reply: string): void {
    const { clock, profile, recorder, random } = this.#options
    const refusedBefore = recorder.refused
    const operation = this.#inFlight.shift()
    if (operation === undefined) {
      recorder.anomalies.push(`a reply came that nobody asked for: ${reply}`)
      return
    }
    if (operation >= 0) recorder.reply(operation, reply)
    else if (reply.startsWith('-')) recorder.anomalies.push(`the greeting was answered: ${reply}`)
    if (this.#inFlight.length > 0) return
    if (this.#finishing) {
      this.#hangUp()
      return
    }
    this.#timeout?.cancel()
    // A server that refuses at once must not be asked at once again.
    const refusedMs = recorder.refused > refusedBefore ? refusedPauseMs : 0
    const thinkMs = 2 * profile.thinkMs * random.float() + refusedMs
    if (thinkMs === 0) this.#sendPipeline()
    else this.#next = clock.timer(thinkMs, () => this.#sendPipeline())
  }

  #armTimeout(): void {
    this.#timeout?.cancel()
    this.#timeout = this.#options.clock.timer(this.#options.profile.timeoutMs, () => this.#connection?.destroy())
  }

  #closed(): void {
    const { clock, random, addresses, home, recorder } = this.#options
    this.#timeout?.cancel()
    this.#next?.cancel()
    this.#connection = undefined
    for (const operation of this.#inFlight) if (operation >= 0) recorder.lose(operation)
    this.#inFlight = []
    if (this.#finishing) return
    this.#target = random.below(2) === 0 ? home : random.below(addresses.length)
    this.#next = clock.timer(reconnectMs * (1 + random.float()), () => this.#connect())
  }
}
