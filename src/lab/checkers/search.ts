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
 *    moved to the front. Only where the state is settled: else the reply would decide what is left open, which is a change.
 * 4. Where no known operation leads on, the states that open ones can make are tried by how many they use, fewest first, so that
 *    rule 2 finds most of them done. Of equal open operations the one called first goes first.
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

/** A state that open operations, taken after the known ones of a level, lead to. */
interface Variant<State> {
  readonly state: State
  readonly opens: readonly number[]
}

/** The configurations with one set of known operations that the path went through. */
interface Level<State> {
  /** The known operation that led here; -1 at the root. */
  readonly operation: number
  /** By rule 3: the variant of the level before has no other way on. */
  readonly isForced: boolean
  /** In the order of rule 4; the first is how the level was entered. */
  readonly variants: Variant<State>[]
  /** The variant that the path goes through: its open operations are in `#visited`. */
  at: number
}

class Search<State, Op extends Interval> {
  readonly #model: Model<State, Op>
  readonly #known: readonly Op[]
  readonly #open: readonly Op[]
  /** For each operation the last known one of its connection, or -1: only after it may it come. */
  readonly #knownAfter: Int32Array
  readonly #openAfter: Int32Array
  /** For each open operation the equal one before it, or -1. */
  readonly #openTwin: Int32Array
  /** Which known operations rule 3 is about. */
  readonly #isIdle: Uint8Array
  /** Calls and returns of the known operations that have not taken effect. */
  readonly #events: EventList
  readonly #visited: VisitedConfigurations
  readonly #path: Level<State>[]
  #level: Level<State>
  #state: State
  /** The next known candidate of the present configuration. */
  #event: number
  #steps = 0
  #furthest = -1
  readonly #furthestStates = new Map<string | number | undefined, State>()

  constructor(model: Model<State, Op>, known: readonly Op[], open: readonly Op[]) {
    this.#model = model
    this.#known = known
    this.#open = open
    this.#knownAfter = predecessors(known, known)
    this.#openAfter = predecessors(open, known)
    this.#openTwin = twins(model, open)
    this.#isIdle = Uint8Array.from(known, (operation) => (model.changes(operation) ? 0 : 1))
    this.#events = new EventList(known)
    this.#visited = new VisitedConfigurations(known.length, open.length)
    this.#state = model.initial
    this.#event = this.#events.first
    this.#level = { operation: -1, isForced: false, variants: [{ state: this.#state, opens: [] }], at: 0 }
    this.#path = [this.#level]
  }

  run(stepsMax: number): SearchResult<State> {
    let isNew = true
    while (!this.#events.isEmpty) {
      if (this.#steps > stepsMax) return { kind: 'undecided', steps: this.#steps }
      isNew = this.#goOn(isNew)
      while (!isNew) {
        if (this.#path.length === 1) {
          return { kind: 'violation', steps: this.#steps, states: [...this.#furthestStates.values()] }
        }
        if (!this.#retreat()) break
        isNew = this.#nextVariant()
      }
    }
    return { kind: 'linearizable', steps: this.#steps }
  }

  /** From the present configuration to one that was not visited; false where its level has no way on. */
  #goOn(isNew: boolean): boolean {
    const idle = isNew ? this.#idleCandidate() : -1
    if (idle >= 0) return this.#enter(idle, this.#state, true) || this.#nextVariant()
    if (this.#advance()) return true
    this.#expand()
    return this.#nextVariant()
  }

  /** The call of an idle operation that may come next, or -1. */
  #idleCandidate(): number {
    if (!this.#isSettled()) return -1
    for (let event = this.#events.first; !this.#events.isReturn(event); event = this.#events.after(event)) {
      const operation = this.#events.operation(event)
      if (this.#isIdle[operation] === 1 && this.#afterKnown(operation) !== impossible) return event
    }
    return -1
  }

  /** Enters the level of the next known candidate that leads somewhere new; false where none is left. */
  #advance(): boolean {
    const isSettled = this.#isSettled()
    while (!this.#events.isReturn(this.#event)) {
      const call = this.#event
      this.#event = this.#events.after(call)
      const operation = this.#events.operation(call)
      if (isSettled && this.#isIdle[operation] === 1) continue
      const next = this.#afterKnown(operation)
      if (next !== impossible && this.#enter(call, next, false)) return true
    }
    return false
  }

  #isSettled(): boolean {
    return this.#model.isSettled?.(this.#state) ?? true
  }

  #afterKnown(operation: number): State | typeof impossible {
    if (!this.#mayFollow(this.#knownAfter[operation]!)) return impossible
    this.#steps++
    return this.#model.step(this.#state, this.#known[operation]!)
  }

  #mayFollow(after: number): boolean {
    return after < 0 || this.#visited.hasKnown(after)
  }

  #enter(call: number, state: State, isForced: boolean): boolean {
    const operation = this.#events.operation(call)
    this.#events.lift(call)
    this.#visited.addKnown(operation)
    if (!this.#visited.visit(this.#events.firstOperation, this.#model.identify(state))) {
      this.#visited.removeKnown(operation)
      this.#events.unlift(call)
      return false
    }
    this.#level = { operation, isForced, variants: [{ state, opens: [] }], at: 0 }
    this.#path.push(this.#level)
    this.#state = state
    this.#event = this.#events.first
    return true
  }

  /** Adds the variants that one more open operation makes of the present one. */
  #expand(): void {
    const { variants, at } = this.#level
    const { opens } = variants[at]!
    const position = this.#known[this.#events.operation(this.#events.firstReturn)]!.return
    this.#noteFurthest(position)
    const base = this.#events.firstOperation
    for (let operation = 0; operation < this.#open.length && this.#open[operation]!.call < position; operation++) {
      if (!this.#mayTakeOpen(operation)) continue
      const twin = this.#openTwin[operation]!
      if (twin >= 0 && this.#mayTakeOpen(twin)) continue
      this.#steps++
      const state = this.#model.step(this.#state, this.#open[operation]!)
      if (state === impossible) continue
      this.#visited.addOpen(operation)
      if (this.#visited.visit(base, this.#model.identify(state))) variants.push({ state, opens: [...opens, operation] })
      this.#visited.removeOpen(operation)
    }
  }

  #mayTakeOpen(operation: number): boolean {
    return !this.#visited.hasOpen(operation) && this.#mayFollow(this.#openAfter[operation]!)
  }

  /** Goes to the level's next variant; false where none is left. */
  #nextVariant(): boolean {
    const level = this.#level
    if (level.at + 1 === level.variants.length) return false
    for (const operation of level.variants[level.at]!.opens) this.#visited.removeOpen(operation)
    const variant = level.variants[++level.at]!
    for (const operation of variant.opens) this.#visited.addOpen(operation)
    this.#state = variant.state
    this.#event = this.#events.first
    return true
  }

  /** Goes back to the level before; true if its variant has no other way on. */
  #retreat(): boolean {
    const left = this.#path.pop()!
    for (const operation of left.variants[left.at]!.opens) this.#visited.removeOpen(operation)
    this.#visited.removeKnown(left.operation)
    const call = this.#events.callOf(left.operation)
    this.#events.unlift(call)
    this.#level = this.#path.at(-1)!
    this.#state = this.#level.variants[this.#level.at]!.state
    this.#event = this.#events.after(call)
    return left.isForced
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

function twins<State, Op extends Interval>(model: Model<State, Op>, operations: readonly Op[]): Int32Array {
  const last = new Map<string, number>()
  return Int32Array.from(operations, (operation, index) => {
    const effect = model.effect(operation)
    const twin = last.get(effect) ?? -1
    last.set(effect, index)
    return twin
  })
}
