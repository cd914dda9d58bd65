import type { EventKind } from '../core/scheduler.ts'

/** Something that happens at a time. An event without an action was cancelled. */
export interface SimulatedEvent {
  readonly atUs: number
  readonly kind: EventKind
  readonly machine: number
  readonly digest: number
  action: (() => void) | undefined
}

const arity = 4

/**
 * Events by (time, order of insertion): a heap of four children per node, which costs fewer cache misses than two. Times and
 * order numbers are kept in arrays of numbers beside the events, so that sifting touches no objects.
 */
export class EventQueue {
  #events: (SimulatedEvent | undefined)[] = new Array(1024)
  #times = new Float64Array(1024)
  #orders = new Float64Array(1024)
  #size = 0
  #order = 0
  #cancelled = 0

  get size(): number {
    return this.#size
  }

  /** Time of the next event; infinite where there is none. */
  get nextUs(): number {
    while (this.#size > 0) {
      if (this.#events[0]!.action) return this.#times[0]!
      this.#removeFirst()
      this.#cancelled--
    }
    return Number.POSITIVE_INFINITY
  }

  push(event: SimulatedEvent): void {
    if (this.#size === this.#times.length) this.#grow()
    this.#siftUp(this.#size++, event, event.atUs, this.#order++)
  }

  /** The next event, cancelled ones left out. */
  pop(): SimulatedEvent | undefined {
    if (this.nextUs === Number.POSITIVE_INFINITY) return undefined
    const event = this.#events[0]!
    this.#removeFirst()
    return event
  }

  #removeFirst(): void {
    this.#size--
    const last = this.#events[this.#size]
    this.#events[this.#size] = undefined
    if (this.#size > 0) this.#siftDown(0, last, this.#times[this.#size]!, this.#orders[this.#size]!)
  }

  cancel(event: SimulatedEvent): void {
    if (!event.action) return
    event.action = undefined
    this.#cancelled++
    if (this.#cancelled > 1024 && this.#cancelled * 2 > this.#size) this.#compact()
  }

  /** Drops cancelled events and builds the heap anew. */
  #compact(): void {
    let kept = 0
    for (let i = 0; i < this.#size; i++) {
      const event = this.#events[i]!
      if (!event.action) continue
      this.#events[kept] = event
      this.#times[kept] = this.#times[i]!
      this.#orders[kept] = this.#orders[i]!
      kept++
    }
    this.#events.fill(undefined, kept, this.#size)
    this.#size = kept
    this.#cancelled = 0
    for (let i = Math.floor((kept - 2) / arity); i >= 0; i--) {
      this.#siftDown(i, this.#events[i]!, this.#times[i]!, this.#orders[i]!)
    }
  }

  #grow(): void {
    const capacity = this.#times.length * 2
    const times = new Float64Array(capacity)
    times.set(this.#times)
    this.#times = times
    const orders = new Float64Array(capacity)
    orders.set(this.#orders)
    this.#orders = orders
    this.#events.length = capacity
  }

  #siftUp(at: number, event: SimulatedEvent, time: number, order: number): void {
    const times = this.#times
    while (at > 0) {
      const parent = (at - 1) >> 2
      // A new event's order number is the highest: at equal times it stays below.
      if (times[parent]! <= time) break
      this.#events[at] = this.#events[parent]
      times[at] = times[parent]!
      this.#orders[at] = this.#orders[parent]!
      at = parent
    }
    this.#events[at] = event
    times[at] = time
    this.#orders[at] = order
  }

  #siftDown(at: number, event: SimulatedEvent | undefined, time: number, order: number): void {
    const times = this.#times
    const orders = this.#orders
    const size = this.#size
    for (;;) {
      const first = at * arity + 1
      if (first >= size) break
      let least = first
      const end = Math.min(first + arity, size)
      for (let child = first + 1; child < end; child++) {
        if (times[child]! < times[least]! || (times[child]! === times[least]! && orders[child]! < orders[least]!))
          least = child
      }
      if (times[least]! > time || (times[least]! === time && orders[least]! > order)) break
      this.#events[at] = this.#events[least]
      times[at] = times[least]!
      orders[at] = orders[least]!
      at = least
    }
    this.#events[at] = event
    times[at] = time
    orders[at] = order
  }
}
