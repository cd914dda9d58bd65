import type { Cycle } from './cycles.ts'
import { findCycle } from './cycles.ts'
import { DependencyGraph } from './dependency-graph.ts'
import type { Action, Anomaly, Transaction } from './transaction.ts'
import type { Inference } from './version-orders.ts'
import { inferVersionOrders } from './version-orders.ts'

/**
 * Whether transactions that append to lists and read them were strictly serializable, in the manner of Elle (Kingsbury and Alvaro,
 * 2020): each key's lists show in what order transactions wrote it, from which follows what comes before what; a cycle in that is a
 * proof that there was no order.
 *
 * What comes before what: by a key's order (ww), by what was read (wr) and not yet read (rw), by one connection's order, by real time.
 * Transactions without a reply count where something of them was read.
 *
 * @param transactions in the order of their calls.
 */
export function checkAppends(transactions: readonly Transaction[]): readonly Anomaly[] {
  const inference = inferVersionOrders(transactions)
  // Where lists contradict each other there is no order to go on with.
  if (inference.anomalies.length > 0) return inference.anomalies
  const committed = transactions.filter((transaction) => isCommitted(transaction, inference))
  const cycle = findCycle(new Dependencies(committed, inference).graph)
  return cycle === undefined ? [] : [described(cycle, committed)]
}

function isCommitted({ outcome, actions }: Transaction, { orders }: Inference): boolean {
  if (outcome !== 'unknown') return outcome === 'done'
  return actions.some((action) => action.kind === 'append' && orders.get(action.key)?.places.has(action.element))
}

/** The nodes of transactions are numbered as these are; those behind them are moments. */
class Dependencies {
  readonly graph = new DependencyGraph()
  readonly #transactions: readonly Transaction[]
  readonly #inference: Inference
  readonly #nodeOf = new Map<Transaction, number>()
  /** By key: what is known to have been appended, at a place that nobody knows. */
  readonly #unplaced = new Map<string, { readonly node: number; readonly element: string }[]>()

  constructor(transactions: readonly Transaction[], inference: Inference) {
    this.#transactions = transactions
    this.#inference = inference
    for (const transaction of transactions) this.#nodeOf.set(transaction, this.graph.addNode())
    this.#findUnplaced()
    for (const [key] of inference.orders) this.#addWrites(key)
    for (const transaction of transactions) {
      for (const action of transaction.actions) if (action.kind === 'read') this.#addRead(transaction, action)
    }
    this.#addConnections()
    this.#addRealTime()
  }

  #writer(key: string, element: string): number {
    return this.#nodeOf.get(this.#inference.appends.get(key)!.get(element)!.by)!
  }

  #findUnplaced(): void {
    for (const transaction of this.#transactions) {
      for (const action of transaction.actions) {
        if (action.kind === 'read' || this.#inference.orders.get(action.key)?.places.has(action.element)) continue
        const unplaced = this.#unplaced.get(action.key) ?? []
        this.#unplaced.set(action.key, unplaced)
        unplaced.push({ node: this.#nodeOf.get(transaction)!, element: action.element })
      }
    }
  }

  #addWrites(key: string): void {
    let last: string | undefined
    for (const element of this.#inference.orders.get(key)!.order) {
      if (element === undefined) continue
      if (last !== undefined) {
        this.graph.addEdge(
          this.#writer(key, last),
          this.#writer(key, element),
          'ww',
          `${key}: ${last} before ${element}`,
        )
      }
      last = element
    }
  }

  #addRead(transaction: Transaction, { key, elements }: Action & { readonly kind: 'read' }): void {
    if (elements === undefined) return
    const node = this.#nodeOf.get(transaction)!
    const last = elements.findLast((element) => this.#writer(key, element) !== node)
    if (last !== undefined) this.graph.addEdge(this.#writer(key, last), node, 'wr', `${key}: ${last} was read`)
    const order = this.#inference.orders.get(key)?.order ?? []
    let place = elements.length
    while (place < order.length && order[place] === undefined) place++
    const next = order[place]
    if (next !== undefined) this.graph.addEdge(node, this.#writer(key, next), 'rw', `${key}: ${next} was not read`)
    for (const { node: writer, element } of this.#unplaced.get(key) ?? []) {
      // Whoever read up to another element is before its writer too, by way of the one who read most.
      if (next === undefined) this.graph.addEdge(node, writer, 'rw', `${key}: ${element} was not read`)
    }
  }

  #addConnections(): void {
    const last = new Map<number, number>()
    this.#transactions.forEach(({ connection }, node) => {
      const before = last.get(connection)
      if (before !== undefined) this.graph.addEdge(before, node, 'process', `connection ${connection} asked so`)
      last.set(connection, node)
    })
  }

  /** By way of moments, one after each return, so that edges are as many as transactions. */
  #addRealTime(): void {
    const returned = this.#transactions
      .map((transaction, node) => ({ return: transaction.return, node }))
      .filter((transaction) => transaction.return !== Infinity)
      .sort((a, b) => a.return - b.return)
    let moment: number | undefined
    let at = 0
    this.#transactions.forEach(({ call }, node) => {
      for (; at < returned.length && returned[at]!.return < call; at++) {
        const next = this.graph.addNode()
        if (moment !== undefined) this.graph.addEdge(moment, next, 'realtime', '')
        this.graph.addEdge(returned[at]!.node, next, 'realtime', '')
        moment = next
      }
      if (moment !== undefined) this.graph.addEdge(moment, node, 'realtime', '')
    })
  }
}

function described({ name, edges }: Cycle, transactions: readonly Transaction[]): Anomaly {
  const nodes = [...new Set(edges.map(({ from }) => from))].filter((node) => node < transactions.length)
  const label = (node: number): string => `T${nodes.indexOf(node) + 1}`
  const steps: string[] = []
  const start = edges.findIndex(({ from }) => from < transactions.length)
  const ordered = [...edges.slice(start), ...edges.slice(0, start)]
  let from = ordered[0]!.from
  for (const { to, kind, why } of ordered) {
    if (to >= transactions.length) continue
    const reason = kind === 'realtime' ? 'was answered before the call of' : `is before (${kind}; ${why})`
    steps.push(`${label(from)} ${reason} ${label(to)}`)
    from = to
  }
  return { name, explanation: [...steps, ...nodes.map((node) => `${label(node)}: ${transactions[node]!.describe()}`)] }
}
