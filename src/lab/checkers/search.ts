import { EventList } from './event-list.ts'
import type { Interval, Model } from './model.ts'
import { impossible } from './model.ts'
import { VisitedConfigurations } from './visited.ts'

/**
 * The search of Wing and Gong ("Testing and verifying concurrent objects", 1993) with the cache of Lowe ("Testing for
 * linearizability", 2017), over one partition.
 *
 * A configuration is: which operations have taken effect, and the state they left. From a configuration any operation may
 * come next whose call stands before the first return of those that have not taken effect yet.
 *
 * 1. Operations with a reply are `known`, indexed in the order of their calls; the search ends well when all of them have
 *    taken effect. Those without are `open`: each may take effect or not, so they are tried last and never demanded.
 * 2. Two configurations with the same known operations and the same state differ only in the open operations used up. The one
 *    that used fewer can do all that the other can; so a configuration is given up when one with the same known operations and
 *    state was visited that had used a subset of its open ones.
 * 3. A known operation that may come next and, with the reply it got, changes no state (a read, a SET NX that did nothing) is
 *    taken at once where it fits, and nothing else is tried there: any order that goes on from here stays right when it is
 *    moved to the front.
 */
export type SearchResult<State> =
  | { readonly kind: 'linearizable'; readonly steps: number }
  /** `states`: some of those in which no order can go on, of the orders that came furthest. */
  | { readonly kind: 'violation'; readonly steps: number; readonly states: readonly State[] }
  /** The bound on steps was reached. */
  | { readonly kind: 'undecided'; readonly steps: number }

/**
 * @param known sorted by `call`, each with a finite `return`.
 * @param open sorted by `call`, only those that can change a state; their `return` is not looked at.
 */
export function searchOrder<State, Op extends Interval>(
  model: Model<State, Op>,
  known: readonly Op[],
  open: readonly Op[],
  stepsMax: number,
): SearchResult<State> {
  return new Search(model, known, open).run(stepsMax)
}

const reportedStatesMax = 6

/** How a configuration was entered, to undo it. */
interface Frame<State> {
  /** Index of the operation that took effect, among the known or the open ones. */
  readonly operation: number
  readonly isOpen: boolean
  /** Taken by rule 3: the configuration before has no other way on. */
  readonly isForced: boolean
  readonly stateBefore: State
}

class Search<State, Op extends Interval> {
  readonly #model: Model<State, Op>
  readonly #known: readonly Op[]
  readonly #open: readonly Op[]
  /** For each operation the last known one of its connection, or -1: only after it may it come. */
  readonly #knownAfter: Int32Array
  readonly #openAfter: Int32Array
  /** Which known operations rule 3 is about. */
  readonly #isIdle: Uint8Array
  /** Calls and returns of the known operations that have not taken effect. */
  readonly #events: EventList
  readonly #visited: VisitedConfigurations
  readonly #path: Frame<State>[] = []
  #state: State
  #steps = 0

  // What of the present configuration was tried: `#arrived` nothing yet, else the known candidates before `#event` and the
  // open ones below `#openNext`.
  #arrived = true
  #event: number
  #openNext = 0

  #furthest = -1
  readonly #furthestStates = new Map<string | number | undefined, State>()

  constructor(model: Model<State, Op>, known: readonly Op[], open: readonly Op[]) {
    this.#model = model
    this.#known = known
    this.#open = open
    this.#knownAfter = predecessors(known, known)
    this.#openAfter = predecessors(open, known)
    this.#isIdle = Uint8Array.from(known, (operation) => (model.changes(operation) ? 0 : 1))
    this.#events = new EventList(known)
    this.#visited = new VisitedConfigurations(known.length, open.length)
    this.#state = model.initial
    this.#event = this.#events.first
  }

  run(stepsMax: number): SearchResult<State> {
    while (!this.#events.isEmpty) {
      if (this.#steps > stepsMax) return { kind: 'undecided', steps: this.#steps }
      if (this.#advance()) {
        this.#arrived = true
        this.#event = this.#events.first
        this.#openNext = 0
      } else if (!this.#retreat()) {
        return { kind: 'violation', steps: this.#steps, states: [...this.#furthestStates.values()] }
      }
    }
    return { kind: 'linearizable', steps: this.#steps }
  }

  /** Enters the next configuration that can be reached from the present one and was not tried; false where none is left. */
  #advance(): boolean {
    if (this.#arrived) {
      this.#arrived = false
      const idle = this.#idleCandidate()
      if (idle >= 0) return this.#enterKnown(idle, this.#state, true)
    }
    return this.#advanceKnown() || this.#advanceOpen()
  }

  /** The call of an idle operation that may come next, or -1. */
  #idleCandidate(): number {
    for (let event = this.#events.first; !this.#events.isReturn(event); event = this.#events.after(event)) {
      const operation = this.#events.operation(event)
      if (this.#isIdle[operation] === 1 && this.#afterKnown(operation) !== impossible) return event
    }
    return -1
  }

  #advanceKnown(): boolean {
    while (!this.#events.isReturn(this.#event)) {
      const call = this.#event
      this.#event = this.#events.after(call)
      const operation = this.#events.operation(call)
      if (this.#isIdle[operation] === 1) continue
      const next = this.#afterKnown(operation)
      if (next !== impossible && this.#enterKnown(call, next, false)) return true
    }
    return false
  }

  #advanceOpen(): boolean {
    const position = this.#known[this.#events.operation(this.#event)]!.return
    if (this.#openNext === 0) this.#noteFurthest(position)
    while (this.#openNext < this.#open.length && this.#open[this.#openNext]!.call < position) {
      const operation = this.#openNext++
      if (this.#visited.hasOpen(operation) || !this.#mayFollow(this.#openAfter[operation]!)) continue
      this.#steps++
      const next = this.#model.step(this.#state, this.#open[operation]!)
      if (next === impossible) continue
      if (!this.#visited.enterOpen(operation, this.#events.firstOperation, this.#model.identify(next))) continue
      this.#path.push({ operation, isOpen: true, isForced: false, stateBefore: this.#state })
      this.#state = next
      return true
    }
    return false
  }

  #afterKnown(operation: number): State | typeof impossible {
    if (!this.#mayFollow(this.#knownAfter[operation]!)) return impossible
    this.#steps++
    return this.#model.step(this.#state, this.#known[operation]!)
  }

  #mayFollow(after: number): boolean {
    return after < 0 || this.#visited.hasKnown(after)
  }

  #enterKnown(call: number, next: State, isForced: boolean): boolean {
    const operation = this.#events.operation(call)
    this.#events.lift(call)
    if (this.#visited.enterKnown(operation, this.#events.firstOperation, this.#model.identify(next))) {
      this.#path.push({ operation, isOpen: false, isForced, stateBefore: this.#state })
      this.#state = next
      return true
    }
    this.#events.unlift(call)
    return false
  }

  /** Goes back to the last configuration that has more to try; false where there is none. */
  #retreat(): boolean {
    for (;;) {
      const frame = this.#path.pop()
      if (frame === undefined) return false
      this.#state = frame.stateBefore
      if (frame.isOpen) {
        this.#visited.leaveOpen(frame.operation)
        this.#event = this.#events.firstReturn
        this.#openNext = frame.operation + 1
      } else {
        this.#visited.leaveKnown(frame.operation)
        const call = this.#events.callOf(frame.operation)
        this.#events.unlift(call)
        this.#event = this.#events.after(call)
        this.#openNext = 0
      }
      this.#arrived = false
      if (!frame.isForced) return true
    }
  }

  #noteFurthest(position: number): void {
    if (position < this.#furthest) return
    if (position > this.#furthest) this.#furthestStates.clear()
    this.#furthest = position
    if (this.#furthestStates.size >= reportedStatesMax) return
    this.#furthestStates.set(this.#model.identify(this.#state), this.#state)
  }
}

/** For each operation the last known one that the same connection asked before it, or -1. Both lists sorted by `call`. */
function predecessors(operations: readonly Interval[], known: readonly Interval[]): Int32Array {
  const result = new Int32Array(operations.length)
  const last = new Map<number, number>()
  let at = 0
  operations.forEach((operation, index) => {
    for (; at < known.length && known[at]!.call < operation.call; at++) last.set(known[at]!.connection, at)
    result[index] = last.get(operation.connection) ?? -1
  })
  return result
}
