import type { Random } from '#kernel/base/host.ts'
import type { Action, Transaction } from '../transaction.ts'

/**
 * Transactions as text, for tests: a line per connection (equal names are one), time to the right, `|` at call and return; without a
 * second bar no reply came. `+x1` appends 1 to x, `+x1=2` was answered that x then had two elements, `x[1,2]` read x; `!` is a refusal.
 */
export function transactionsOf(drawing: string): Transaction[] {
  const transactions: Transaction[] = []
  const connections = new Map<string, number>()
  for (const line of drawing.split('\n').filter((line) => line.trim() !== '')) {
    const name = line.trim().split(/[ |]/, 1)[0]!
    const connection = connections.get(name) ?? connections.size
    connections.set(name, connection)
    for (const match of line.matchAll(/\|([^|]+)(\||$)/g)) {
      const text = match[1]!.trim()
      const isAnswered = match[2] === '|'
      const isRefused = text.endsWith('!')
      transactions.push({
        connection,
        // Lines are told apart, so that no two positions are the same.
        call: match.index + connection / 100,
        return: isAnswered ? match.index + match[0].length - 1 + connection / 100 - 0.5 : Number.POSITIVE_INFINITY,
        outcome: isRefused ? 'refused' : isAnswered ? 'done' : 'unknown',
        actions: [...text.replaceAll(/ +=/g, '=').matchAll(/(\+?)([a-z])(\d*)(=(\d+))?(\[([^\]]*)\])?/g)].map(actionOf),
        describe: () => `${name}: ${text}`,
      })
    }
  }
  return transactions.sort((a, b) => a.call - b.call)
}

function actionOf(match: RegExpExecArray): Action {
  const [, plus, key, element, , length, list, elements] = match
  if (plus === '+') {
    return { kind: 'append', key: key!, element: element!, length: length === undefined ? undefined : Number(length) }
  }
  const read = list === undefined ? undefined : elements === '' ? [] : elements!.split(',')
  return { kind: 'read', key: key!, elements: read }
}

/**
 * What connections of a correct server might have recorded: transactions of up to four actions on lists, which are left for new ones
 * now and then; some without a reply, half of which are done.
 * @param options.flaw what one transaction in the middle suffers: its appends vanish, or its reads show what was before.
 */
export function appendHistory(
  random: Random,
  options: {
    readonly transactions: number
    readonly connections: number
    readonly lossRate: number
    readonly flaw?: 'dropped' | 'stale'
  },
): Transaction[] {
  const lists = new Map<string, string[]>()
  const transactions: Transaction[] = []
  let at = 0
  let element = 0
  const calls: number[] = Array.from({ length: options.connections }, () => 0)
  const names: number[] = calls.map((_, i) => i)
  let nextName = options.connections
  let flaw = options.flaw
  for (let i = 0; i < options.transactions; i++) {
    const slot = random.below(options.connections)
    const epoch = Math.floor(i / 400)
    const isLost = random.float() < options.lossRate
    const isDone = !isLost || random.below(2) === 0
    const isFlawed = flaw !== undefined && i > options.transactions / 2 && !isLost
    const actions = Array.from({ length: 1 + random.below(4) }, (): Action => {
      const key = `${'xyz'[random.below(3)]}${epoch}`
      const list = lists.get(key) ?? []
      lists.set(key, list)
      if (random.below(2) === 0) {
        const added = String(element++)
        if (isFlawed && flaw === 'dropped') {
          flaw = undefined
          return { kind: 'append', key, element: added, length: list.length + 1 }
        }
        if (isDone) list.push(added)
        return { kind: 'append', key, element: added, length: isLost ? undefined : list.length }
      }
      const isStale = isFlawed && flaw === 'stale' && list.length > 40
      if (isStale) flaw = undefined
      return { kind: 'read', key, elements: isLost ? undefined : list.slice(0, isStale ? list.length - 40 : undefined) }
    })
    // Each takes effect at its turn: between the last event of its connection and the next one.
    const call = Math.max(calls[slot]!, at - random.below(3)) + 0.1 + slot / 1000
    at += 1
    const returned = at + 0.5 + slot / 1000
    calls[slot] = returned
    transactions.push({
      connection: names[slot]!,
      call,
      return: isLost ? Number.POSITIVE_INFINITY : returned,
      outcome: isLost ? 'unknown' : 'done',
      actions,
      describe: () => JSON.stringify(actions),
    })
    if (isLost) names[slot] = nextName++
  }
  return transactions.sort((a, b) => a.call - b.call)
}
