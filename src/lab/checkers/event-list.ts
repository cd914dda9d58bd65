import type { Interval } from './model.ts'

/**
 * The calls and returns of operations in order, as a doubly linked list in typed arrays. `lift` takes an operation's two
 * events out, `unlift` puts them back; calls must nest like a stack, so that the links kept in what was taken out are right.
 */
export class EventList {
  readonly #operations: Int32Array
  readonly #returns: Uint8Array
  readonly #next: Int32Array
  readonly #previous: Int32Array
  readonly #callOf: Int32Array
  readonly #returnOf: Int32Array
  readonly #head: number

  /** @param operations sorted by `call`, with finite returns; all positions differ. */
  constructor(operations: readonly Interval[]) {
    const count = operations.length * 2
    this.#operations = new Int32Array(count)
    this.#returns = new Uint8Array(count)
    this.#next = new Int32Array(count + 1)
    this.#previous = new Int32Array(count + 1)
    this.#callOf = new Int32Array(operations.length)
    this.#returnOf = new Int32Array(operations.length)
    this.#head = count

    const byReturn = operations.map((_, index) => index).sort((a, b) => operations[a]!.return - operations[b]!.return)
    let call = 0
    let returned = 0
    for (let event = 0; event < count; event++) {
      const isCall = call < operations.length && operations[call]!.call < operations[byReturn[returned]!]!.return
      const operation = isCall ? call++ : byReturn[returned++]!
      this.#operations[event] = operation
      this.#returns[event] = isCall ? 0 : 1
      if (isCall) this.#callOf[operation] = event
      else this.#returnOf[operation] = event
      this.#next[event] = event + 1
      this.#previous[event] = event === 0 ? count : event - 1
    }
    this.#next[count] = count === 0 ? count : 0
    this.#previous[count] = count === 0 ? count : count - 1
  }

  get isEmpty(): boolean {
    return this.#next[this.#head] === this.#head
  }

  /** The first event that is left: always a call. */
  get first(): number {
    return this.#next[this.#head]!
  }

  /** The operation with the earliest call that is left; the number of operations when none is. */
  get firstOperation(): number {
    const first = this.first
    return first === this.#head ? this.#callOf.length : this.#operations[first]!
  }

  get firstReturn(): number {
    let event = this.first
    while (this.#returns[event] === 0) event = this.#next[event]!
    return event
  }

  after(event: number): number {
    return this.#next[event]!
  }

  isReturn(event: number): boolean {
    return this.#returns[event] === 1
  }

  operation(event: number): number {
    return this.#operations[event]!
  }

  callOf(operation: number): number {
    return this.#callOf[operation]!
  }

  lift(call: number): void {
    this.#unlink(call)
    this.#unlink(this.#returnOf[this.#operations[call]!]!)
  }

  unlift(call: number): void {
    this.#relink(this.#returnOf[this.#operations[call]!]!)
    this.#relink(call)
  }

  #unlink(event: number): void {
    const next = this.#next[event]!
    const previous = this.#previous[event]!
    this.#next[previous] = next
    this.#previous[next] = previous
  }

  #relink(event: number): void {
    this.#next[this.#previous[event]!] = event
    this.#previous[this.#next[event]!] = event
  }
}
