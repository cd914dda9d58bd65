import type { Action, Anomaly, Transaction } from './transaction.ts'

/** What is known of the order of one key's elements. */
export interface VersionOrder {
  /** By place in the list; undefined where nobody knows. */
  readonly order: readonly (string | undefined)[]
  readonly places: ReadonlyMap<string, number>
}

interface Append {
  readonly by: Transaction
  /** The same transaction appends no more to this key. */
  readonly isLast: boolean
}

/** Who appended which element, by key. */
export type Appends = ReadonlyMap<string, ReadonlyMap<string, Append>>

export interface Inference {
  readonly appends: Appends
  readonly orders: ReadonlyMap<string, VersionOrder>
  readonly anomalies: readonly Anomaly[]
}

/**
 * A list shows the order of all appends before it was read, and the reply to an append its place: from that follows each key's order.
 * What contradicts it, or needs no other transaction to be wrong, is found on the way.
 */
export function inferVersionOrders(transactions: readonly Transaction[]): Inference {
  return new VersionOrders(transactions).infer()
}

class VersionOrders {
  readonly #transactions: readonly Transaction[]
  readonly #appends = new Map<string, Map<string, Append>>()
  readonly #orders = new Map<string, { order: (string | undefined)[]; places: Map<string, number> }>()
  readonly #anomalies: Anomaly[] = []
  /** The read of each key that was asked last, which shows most. */
  readonly #lastRead = new Map<string, { readonly call: number; readonly by: Transaction }>()
  /** Elements seen in a list. */
  readonly #seen = new Map<string, Set<string>>()

  constructor(transactions: readonly Transaction[]) {
    this.#transactions = transactions
  }

  infer(): Inference {
    for (const transaction of this.#transactions) this.#collect(transaction)
    for (const transaction of this.#transactions) {
      if (transaction.outcome !== 'done') continue
      for (const action of transaction.actions) this.#place(transaction, action)
      this.#checkInternal(transaction)
    }
    this.#findLost()
    return { appends: this.#appends, orders: this.#orders, anomalies: this.#anomalies }
  }

  #anomaly(name: string, text: string, ...involved: (Transaction | undefined)[]): void {
    const described = involved.flatMap((transaction) => (transaction === undefined ? [] : [transaction.describe()]))
    this.#anomalies.push({ name, explanation: [text, ...described] })
  }

  #collect(by: Transaction): void {
    by.actions.forEach((action, i) => {
      if (action.kind === 'read') return
      const { key, element } = action
      const ofKey = entry(this.#appends, key, () => new Map<string, Append>())
      const other = ofKey.get(element)
      if (other !== undefined)
        this.#anomaly('ambiguous history', `${element} is appended to ${key} twice`, other.by, by)
      const isLast = !by.actions.slice(i + 1).some((later) => later.kind === 'append' && later.key === key)
      ofKey.set(element, { by, isLast })
    })
  }

  #place(by: Transaction, action: Action): void {
    if (action.kind === 'append') {
      if (action.length !== undefined) this.#set(by, action.key, action.length - 1, action.element)
      return
    }
    const { key, elements = [] } = action
    if (by.call > (this.#lastRead.get(key)?.call ?? -1)) this.#lastRead.set(key, { call: by.call, by })
    const known = this.#orders.get(key)
    const seen = entry(this.#seen, key, () => new Set<string>())
    elements.forEach((element, place) => {
      if (known?.order[place] === element && seen.has(element)) return
      seen.add(element)
      this.#set(by, key, place, element)
      const append = this.#appends.get(key)?.get(element)
      if (append === undefined) this.#anomaly('garbage read', `nobody appended ${element} to ${key}`, by)
      else if (append.by.outcome === 'refused') {
        this.#anomaly('G1a (aborted read)', `${element} of ${key} was refused and yet read`, append.by, by)
      }
    })
    const last = this.#appends.get(key)?.get(elements.at(-1) ?? '')
    if (last !== undefined && !last.isLast && last.by !== by) {
      this.#anomaly('G1b (intermediate read)', `a read of ${key} ends within a transaction`, last.by, by)
    }
  }

  #set(by: Transaction, key: string, place: number, element: string): void {
    const { order, places } = entry(this.#orders, key, () => ({
      order: [] as (string | undefined)[],
      places: new Map<string, number>(),
    }))
    const there = order[place]
    const otherPlace = places.get(element)
    if (there === undefined && otherPlace === undefined) {
      while (order.length < place) order.push(undefined)
      order[place] = element
      places.set(element, place)
    } else if (otherPlace !== undefined && otherPlace !== place) {
      const text = `${element} is at the places ${otherPlace} and ${place} of ${key}`
      this.#anomaly('duplicated append', text, this.#appends.get(key)?.get(element)?.by, by)
    } else if (there !== element) {
      const text = `at the place ${place} of ${key} are both ${there} and ${element}`
      this.#anomaly('incompatible order', text, this.#appends.get(key)?.get(there ?? '')?.by, by)
    }
  }

  /** A transaction sees what it has done itself, and nothing else change. */
  #checkInternal(transaction: Transaction): void {
    const known = new Map<string, readonly string[]>()
    const own = new Map<string, string[]>()
    for (const action of transaction.actions) {
      const before = known.get(action.key)
      const appended = entry(own, action.key, (): string[] => [])
      if (action.kind === 'append') {
        appended.push(action.element)
        if (before === undefined) continue
        if (action.length !== before.length + 1) {
          this.#anomaly(
            'internal',
            `an append to ${action.key} found another list than the read before it`,
            transaction,
          )
        }
        known.set(action.key, [...before, action.element])
        continue
      }
      const elements = action.elements ?? []
      const expected = before ?? [...elements.slice(0, elements.length - appended.length), ...appended]
      if (expected.length !== elements.length || expected.some((element, i) => element !== elements[i])) {
        this.#anomaly('internal', `a read of ${action.key} does not show what the transaction itself did`, transaction)
      }
      known.set(action.key, elements)
    }
  }

  /** What was acknowledged must be in every list that is read later. */
  #findLost(): void {
    for (const [key, appends] of this.#appends) {
      const read = this.#lastRead.get(key)
      if (read === undefined) continue
      for (const [element, { by }] of appends) {
        if (by.outcome !== 'done' || by.return > read.call || this.#seen.get(key)?.has(element)) continue
        this.#anomaly('lost append', `${element} was appended to ${key} and is not there later`, by, read.by)
      }
    }
  }
}

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}
