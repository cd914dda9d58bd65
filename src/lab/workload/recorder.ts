import { History } from '../history.ts'
import type { StringCommand } from '../redis/string-commands.ts'
import type { Keys } from './keys.ts'

/** Errors that say that the command was certainly not done, by their first word. */
const refusals = new Set(['CLUSTERDOWN', 'TRYAGAIN', 'LOADING', 'BUSY'])

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
  #connections = 0

  constructor(keys: Keys) {
    this.keys = keys
  }

  /** A number for a new connection. */
  connection(): number {
    return this.#connections++
  }

  reply(operation: number, reply: string, nowMs: number): void {
    if (reply.startsWith('-') && !answers.test(reply)) {
      const word = reply.slice(1, (reply.indexOf(' ') + 1 || reply.length + 1) - 1)
      if (!refusals.has(word)) this.anomalies.push(`an operation was answered: ${reply}`)
      this.history.refused(operation, nowMs)
      this.refused++
    } else {
      this.history.returned(operation, reply, nowMs)
      this.answered++
    }
  }

  /** No reply will come. */
  lose(operation: number): void {
    this.lost++
    this.keys.lost(this.history.operation(operation).key)
  }

  protocolError(text: string): void {
    this.anomalies.push(`a server broke the protocol: ${text}`)
  }
}
