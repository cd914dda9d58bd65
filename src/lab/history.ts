import { assert } from '#kernel/base/errors.ts'
import type { Interval } from './checkers/model.ts'

/** What one client asked and was told, as the checkers see it. */
export interface Operation<Command extends string = string> extends Interval {
  /** Number of the operation in its history. */
  readonly index: number
  readonly command: Command
  readonly key: string
  readonly argument: string
  /** Canonical (`redis/command.ts`); undefined: no reply came, it may have been done or not. */
  readonly reply: string | undefined
  readonly callMs: number
  /** `Infinity` without a reply. */
  readonly returnMs: number
}

const initialCapacity = 1024
const sharedTextMax = 24
const replyUnknown = -1
const replyRefused = -2

/**
 * What clients asked and were told, in one total order: each call and each return takes the next position. Columns of numbers
 * and texts kept once: an operation costs some 40 bytes.
 */
export class History<Command extends string = string> {
  #count = 0
  #positions = 0
  #connection = new Int32Array(initialCapacity)
  #command = new Int32Array(initialCapacity)
  #key = new Int32Array(initialCapacity)
  #argument = new Int32Array(initialCapacity)
  #reply = new Int32Array(initialCapacity)
  #call = new Int32Array(initialCapacity)
  #return = new Int32Array(initialCapacity)
  #callMs = new Float64Array(initialCapacity)
  #returnMs = new Float64Array(initialCapacity)
  readonly #texts: string[] = []
  readonly #textIds = new Map<string, number>()

  /** Operations recorded, whatever became of them. */
  get count(): number {
    return this.#count
  }

  /** Operations that were answered, errors that refused them included. */
  get returnedCount(): number {
    let returned = 0
    for (let i = 0; i < this.#count; i++) if (this.#return[i] !== 0) returned++
    return returned
  }

  /** @returns the operation's number, for `returned` and `refused`. */
  called(connection: number, command: Command, key: string, argument: string, nowMs: number): number {
    if (this.#count === this.#connection.length) this.#grow()
    const index = this.#count++
    this.#connection[index] = connection
    this.#command[index] = this.#textId(command)
    this.#key[index] = this.#textId(key)
    this.#argument[index] = this.#textId(argument)
    this.#reply[index] = replyUnknown
    this.#call[index] = ++this.#positions
    this.#callMs[index] = nowMs
    return index
  }

  returned(index: number, reply: string, nowMs: number): void {
    this.#answer(index, this.#textId(reply), nowMs)
  }

  /** The reply says that it certainly was not done. */
  refused(index: number, nowMs: number): void {
    this.#answer(index, replyRefused, nowMs)
  }

  #answer(index: number, reply: number, nowMs: number): void {
    assert(this.#return[index] === 0, 'an operation is answered once')
    this.#reply[index] = reply
    this.#return[index] = ++this.#positions
    this.#returnMs[index] = nowMs
  }

  keyOf(index: number): string {
    return this.#texts[this.#key[index]!]!
  }

  connectionOf(index: number): number {
    return this.#connection[index]!
  }

  operation(index: number): Operation<Command> {
    const reply = this.#reply[index]!
    const answered = reply !== replyUnknown
    return {
      index,
      connection: this.#connection[index]!,
      command: this.#texts[this.#command[index]!] as Command,
      key: this.#texts[this.#key[index]!]!,
      argument: this.#texts[this.#argument[index]!]!,
      reply: reply < 0 ? undefined : this.#texts[reply]!,
      call: this.#call[index]!,
      callMs: this.#callMs[index]!,
      return: answered ? this.#return[index]! : Number.POSITIVE_INFINITY,
      returnMs: answered ? this.#returnMs[index]! : Number.POSITIVE_INFINITY,
    }
  }

  /** In the order of their calls, without those that were refused. */
  *operations(): Generator<Operation<Command>> {
    for (let i = 0; i < this.#count; i++) if (this.#reply[i] !== replyRefused) yield this.operation(i)
  }

  /** The same, by key. */
  byKey(): Map<string, Operation<Command>[]> {
    const partitions = new Map<string, Operation<Command>[]>()
    for (const operation of this.operations()) {
      const partition = partitions.get(operation.key)
      if (partition === undefined) partitions.set(operation.key, [operation])
      else partition.push(operation)
    }
    return partitions
  }

  /** Those that were refused: they certainly were not done. In the order of their calls, without a reply. */
  refusedOperations(): Operation<Command>[] {
    const refused: Operation<Command>[] = []
    for (let i = 0; i < this.#count; i++) if (this.#reply[i] === replyRefused) refused.push(this.operation(i))
    return refused
  }

  #textId(text: string): number {
    // Long ones are mostly values, which are all different: hashing them would cost more than it saves.
    if (text.length > sharedTextMax) return this.#texts.push(text) - 1
    let id = this.#textIds.get(text)
    if (id === undefined) {
      id = this.#texts.length
      this.#texts.push(text)
      this.#textIds.set(text, id)
    }
    return id
  }

  #grow(): void {
    const capacity = this.#connection.length * 2
    const grown = <Column extends Int32Array | Float64Array>(column: Column, larger: Column): Column => {
      larger.set(column)
      return larger
    }
    this.#connection = grown(this.#connection, new Int32Array(capacity))
    this.#command = grown(this.#command, new Int32Array(capacity))
    this.#key = grown(this.#key, new Int32Array(capacity))
    this.#argument = grown(this.#argument, new Int32Array(capacity))
    this.#reply = grown(this.#reply, new Int32Array(capacity))
    this.#call = grown(this.#call, new Int32Array(capacity))
    this.#return = grown(this.#return, new Int32Array(capacity))
    this.#callMs = grown(this.#callMs, new Float64Array(capacity))
    this.#returnMs = grown(this.#returnMs, new Float64Array(capacity))
  }
}
