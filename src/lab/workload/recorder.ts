import type { Notes } from '../cluster/trace.ts'
import { History } from '../history.ts'
import type { Request } from '../redis/requests.ts'
import { canonicalReply, changesState, commandsOf } from '../redis/requests.ts'
import type { Keys } from './keys.ts'

/** Errors that say that the command was certainly not done. */
const refusals = /^-(CLUSTERDOWN|TRYAGAIN|LOADING|BUSY|MISCONF|ERR not done:) /

/** Errors that the commands' own semantics know, and that the models judge. */
const answers =
  /^-(ERR ((hash )?value is not an integer|increment or decrement would|decrement would|no such key|index out of)|WRONGTYPE |CROSSSLOT )/

/** Where clients write down what they asked and were told. */
export class Recorder {
  readonly history = new History()
  readonly keys: Keys
  /** What no server may say, whatever the history: for people. */
  readonly anomalies: string[] = []
  /** Replies that say how it went, errors of the commands' own included. */
  answered = 0
  refused = 0
  lost = 0
  /** Called, once, at the next call or reply. */
  #watcher: (() => void) | undefined
  /** Operations that may change something and are not answered. */
  readonly #openWrites = new Set<number>()
  readonly #notes: Notes | undefined
  readonly #nowMs: () => number
  readonly #oneShard: boolean
  #connections = 0

  constructor(options: {
    readonly keys: Keys
    readonly notes: Notes | undefined
    /** One time for all clients. */
    readonly nowMs: () => number
    /** All keys are in one shard, so that none are too far from each other. */
    readonly oneShard: boolean
  }) {
    this.keys = options.keys
    this.#notes = options.notes
    this.#nowMs = options.nowMs
    this.#oneShard = options.oneShard
  }

  /** A number for a new connection. */
  connection(): number {
    return this.#connections++
  }

  /** Has `watcher` called at the next call or reply, instead of whoever waited before. */
  watchNext(watcher: () => void): void {
    this.#watcher = watcher
  }

  #active(): void {
    const watcher = this.#watcher
    this.#watcher = undefined
    watcher?.()
  }

  /** @returns the operation's number. */
  called(connection: number, request: Request): number {
    const { command, key, argument } = request
    const operation = this.history.called(connection, command, key, argument, this.#nowMs())
    if (changesState(request, undefined)) {
      this.#openWrites.add(operation)
      this.keys.writeAsked(key)
    }
    if (this.#notes)
      this.#note(
        operation,
        commandsOf(request)
          .map((words) => words.join(' '))
          .join('; '),
      )
    this.#active()
    return operation
  }

  /**
   * @param replies to its commands, in order.
   * @returns the operation's reply in its canonical form; undefined if it was refused.
   */
  replied(operation: number, request: Request, replies: readonly string[]): string | undefined {
    if (this.#openWrites.delete(operation)) this.keys.writeAnswered(request.key)
    if (this.#notes) this.#note(operation, `→ ${replies.join('; ')}`)
    const last = replies.at(-1)!
    const unexpected = replies.slice(0, -1).find((reply, i) => reply !== (i === 0 ? '+OK' : '+QUEUED'))
    const answer = unexpected === undefined ? this.#answer(last) : this.#aborted(unexpected, last)
    const reply = answer && canonicalReply(request, answer)
    if (reply === undefined) {
      this.history.refused(operation, this.#nowMs())
      this.refused++
    } else {
      this.history.returned(operation, reply, this.#nowMs())
      this.answered++
    }
    this.#active()
    return reply
  }

  /** The reply, or undefined if it says that nothing was done. */
  #answer(reply: string): string | undefined {
    if (!reply.startsWith('-')) return reply
    if (answers.test(reply) && !(this.#oneShard && reply.startsWith('-CROSSSLOT'))) return reply
    if (!refusals.test(reply)) this.anomalies.push(`an operation was answered: ${reply}`)
    return undefined
  }

  /** A command was not queued: then EXEC does nothing. */
  #aborted(unexpected: string, last: string): undefined {
    const isRight = refusals.test(unexpected) && (last.startsWith('-EXECABORT ') || last === '+OK')
    if (!isRight)
      this.anomalies.push(`within a transaction a command was answered: ${unexpected}, and its end: ${last}`)
    return undefined
  }

  /** No reply will come. */
  lose(operation: number): void {
    this.lost++
    if (this.#notes) this.#note(operation, '→ no reply')
    if (this.#openWrites.delete(operation)) this.keys.writeLost(this.history.keyOf(operation))
  }

  #note(operation: number, text: string): void {
    const shown = text.length > 100 ? `${text.slice(0, 100)}… (${text.length} characters)` : text
    this.#notes?.(`c${this.history.connectionOf(operation)}`, `#${operation} ${shown}`)
  }

  protocolError(text: string): void {
    this.anomalies.push(`a server broke the protocol: ${text}`)
  }
}
