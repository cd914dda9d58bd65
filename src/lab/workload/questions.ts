import type { Address, Network } from '#kernel/base/host.ts'
import type { Request } from '../redis/requests.ts'
import { commandsOf } from '../redis/requests.ts'
import type { Recorder } from './recorder.ts'
import { RedisConnection } from './redis-connection.ts'

export interface QuestionsEvents {
  opened(): void
  /** In the order asked. `reply`: canonical; undefined: it was refused, and so certainly not done. */
  answered(request: Request, reply: string | undefined): void
  /** Once, last. `lost`: asked and not answered, in order: what became of it is not known. */
  closed(lost: readonly Request[]): void
}

interface Question {
  readonly operation: number
  readonly request: Request
  readonly commandCount: number
  readonly replies: string[]
}

/** A connection on which operations are asked, pipelined or not, and all is recorded. */
export class Questions {
  readonly #recorder: Recorder
  readonly #events: QuestionsEvents
  readonly #number: number
  readonly #connection: RedisConnection
  #asked: Question[] = []
  #greetings = 0

  constructor(network: Network, address: Address, recorder: Recorder, events: QuestionsEvents) {
    this.#recorder = recorder
    this.#events = events
    this.#number = recorder.connection()
    this.#connection = new RedisConnection(network, address, {
      opened: () => events.opened(),
      replied: (reply) => this.#replied(reply),
      closed: (protocolError) => {
        if (protocolError !== undefined) recorder.protocolError(protocolError)
        const lost = this.#asked
        this.#asked = []
        for (const { operation } of lost) recorder.lose(operation)
        events.closed(lost.map(({ request }) => request))
      },
    })
  }

  /** Operations without a reply so far. */
  get open(): number {
    return this.#asked.length
  }

  /** Asks for RESP3: before everything else. */
  greet(): void {
    this.#connection.send(['HELLO', '3'])
    this.#greetings++
  }

  /** Queues an operation until `flush`. */
  ask(request: Request): void {
    const commands = commandsOf(request)
    const operation = this.#recorder.called(this.#number, request)
    this.#asked.push({ operation, request, commandCount: commands.length, replies: [] })
    for (const words of commands) this.#connection.send(words)
  }

  flush(): void {
    this.#connection.flush()
  }

  /** Replies that are under way are lost. `closed` follows. */
  destroy(): void {
    this.#connection.destroy()
  }

  #replied(reply: string): void {
    if (this.#greetings > 0) {
      this.#greetings--
      if (reply.startsWith('-')) this.#recorder.anomalies.push(`the greeting was answered: ${reply}`)
      return
    }
    const question = this.#asked[0]
    if (question === undefined) {
      this.#recorder.anomalies.push(`a reply came that nobody asked for: ${reply}`)
      return
    }
    question.replies.push(reply)
    if (question.replies.length < question.commandCount) return
    this.#asked.shift()
    this.#events.answered(
      question.request,
      this.#recorder.replied(question.operation, question.request, question.replies),
    )
  }
}
