import type { Notes } from '../cluster/trace.ts'
import { History } from '../history.ts'
import type { StringCommand } from '../redis/string-commands.ts'
import { stringCommands } from '../redis/string-commands.ts'
import type { Keys } from './keys.ts'

/** Errors that say that the command was certainly not done, by their first word. */
const refusals = new Set(['CLUSTERDOWN', 'TRYAGAIN', 'LOADING', 'BUSY', 'MISCONF'])

/** Errors that the commands' own semantics know, and that the model judges. */
const answers = /^-ERR (value is not an integer|increment or decrement would|decrement would)/

/** Where clients write down what they asked and were told. */
export class Recorder {
  readonly history = new History<StringCommand>()
  readonly keys: Keys
  /** What no server may say, whatever the history: for people. */
  readonly anomalies: string[] = []
  /** Replies that say how it went, errors of the commands' own included. */
  answered = 0
  refused = 0
  lost = 0
  /** Called, once, at the next call or reply. */
  #watcher: (() => void) | undefined
  readonly #notes: Notes | undefined
  readonly #nowMs: () => number
  #connections = 0

  /** @param nowMs one time for all clients. */
  constructor(keys: Keys, notes: Notes | undefined, nowMs: () => number) {
    this.keys = keys
    this.#notes = notes
    this.#nowMs = nowMs
  }

  /** A number for a new connection. */
  connection(): number {
    return this.#connections++
  }

  /** Has `watcher` called at the next call or reply, instead of whoever waited before. */
  watchNext(watcher: () => void): void {
    this.#watcher = watcher
  }

  #isWrite(operation: number): boolean {
    return stringCommands[this.history.commandOf(operation)].changes(undefined)
  }

  #active(): void {
    const watcher = this.#watcher
    this.#watcher = undefined
    watcher?.()
  }

  /** @returns the operation's number. */
  called(connection: number, command: StringCommand, key: string, argument: string): number {
    const operation = this.history.called(connection, command, key, argument, this.#nowMs())
    if (stringCommands[command].changes(undefined)) this.keys.writeAsked(key)
    if (this.#notes) this.#note(operation, stringCommands[command].words(key, argument).join(' '))
    this.#active()
    return operation
  }

  reply(operation: number, reply: string): void {
    const nowMs = this.#nowMs()
    if (this.#isWrite(operation)) this.keys.writeAnswered(this.history.keyOf(operation))
    if (this.#notes) this.#note(operation, `→ ${reply}`)
    if (reply.startsWith('-') && !answers.test(reply)) {
      const word = reply.slice(1, (reply.indexOf(' ') + 1 || reply.length + 1) - 1)
      if (!refusals.has(word)) this.anomalies.push(`an operation was answered: ${reply}`)
      this.history.refused(operation, nowMs)
      this.refused++
    } else {
      this.history.returned(operation, reply, nowMs)
      this.answered++
    }
    this.#active()
  }

  /** No reply will come. */
  lose(operation: number): void {
    this.lost++
    if (this.#notes) this.#note(operation, '→ no reply')
    if (this.#isWrite(operation)) this.keys.writeLost(this.history.keyOf(operation))
  }

  #note(operation: number, text: string): void {
    const shown = text.length > 100 ? `${text.slice(0, 100)}… (${text.length} characters)` : text
    this.#notes?.(`c${this.history.connectionOf(operation)}`, `#${operation} ${shown}`)
  }

  protocolError(text: string): void {
    this.anomalies.push(`a server broke the protocol: ${text}`)
  }
}
