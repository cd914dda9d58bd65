import type { Interval, Model } from './model.ts'
import { searchOrder } from './search.ts'

export interface CheckOptions {
  /** Bound on model steps for one partition: beyond it the partition counts as undecided. Default 20,000,000. */
  readonly stepsMax?: number
}

export type CheckResult =
  | { readonly kind: 'linearizable'; readonly operations: number; readonly steps: number }
  | {
      readonly kind: 'violation' | 'undecided'
      readonly operations: number
      readonly steps: number
      readonly partition: string
      /** For people: what cannot be, and the operations around it. */
      readonly explanation: readonly string[]
    }

/**
 * Whether each partition of a history could have come from one object on one computer: is there an order of its operations
 * that respects real time, the order of each connection, and the model? Stops at the first partition where there is none.
 *
 * @param partitions operations of each object (for Redis: by key), sorted by `call`; positions of calls and returns are
 *   distinct within a partition. An operation that certainly was not done must not be in it.
 */
export function checkLinearizability<State, Op extends Interval>(
  model: Model<State, Op>,
  partitions: Iterable<readonly [name: string, operations: readonly Op[]]>,
  options: CheckOptions = {},
): CheckResult {
  const stepsMax = options.stepsMax ?? 20_000_000
  let count = 0
  let steps = 0
  for (const [partition, operations] of partitions) {
    const known = operations.filter((operation) => operation.return !== Infinity)
    const open = operations.filter((operation) => operation.return === Infinity && model.changes(operation))
    count += operations.length
    const result = searchOrder(model, known, open, stepsMax)
    steps += result.steps
    if (result.kind === 'linearizable') continue
    const explanation =
      result.kind === 'violation'
        ? explainViolation(model, operations, stepsMax)
        : [`no verdict after ${result.steps} steps: ${known.length} operations with a reply, ${open.length} without`]
    return { kind: result.kind, operations: count, steps, partition, explanation }
  }
  return { kind: 'linearizable', operations: count, steps }
}

const contextBefore = 8
const contextMax = 40

/** Shown: the operations that make up the end of the shortest wrong beginning, and the states that its last one meets. */
function explainViolation<State, Op extends Interval>(
  model: Model<State, Op>,
  operations: readonly Op[],
  stepsMax: number,
): string[] {
  const { last, states } = shortestWrongBeginning(model, operations, stepsMax)
  const begun = operations.filter((operation) => operation.call < last.return)
  const concurrent = begun.filter((operation) => operation.return > last.call && operation !== last)
  const before = begun
    .filter((operation) => operation.return < last.call)
    .sort((a, b) => a.return - b.return)
    .slice(-contextBefore)
  const shown = [...before, ...concurrent.slice(-contextMax), last].sort((a, b) => a.call - b.call)
  return [
    `no order of the ${begun.length} operations called so far explains: ${model.describe(last)}`,
    `it would have to take effect in one of these states: ${states.map((state) => model.describeState(state)).join(' | ')}`,
    ...shown.map((operation) => `${operation === last ? '> ' : '  '}${model.describe(operation)}`),
  ]
}

/**
 * A beginning of a history ends with a return; what was called and did not return by then has an unknown reply. If one
 * beginning is wrong, so is every longer one: the shortest is found by halving.
 */
function shortestWrongBeginning<State, Op extends Interval>(
  model: Model<State, Op>,
  operations: readonly Op[],
  stepsMax: number,
): { readonly last: Op; readonly states: readonly State[] } {
  const returned = operations.filter((operation) => operation.return !== Infinity).sort((a, b) => a.return - b.return)
  const search = (last: Op) => {
    const begun = operations.filter((operation) => operation.call < last.return)
    const known = begun.filter((operation) => operation.return <= last.return)
    const open = begun
      .filter((operation) => operation.return > last.return)
      .map((operation) => model.withoutReply(operation))
      .filter((operation) => model.changes(operation))
    return searchOrder(model, known, open, stepsMax)
  }
  let right = -1
  let wrong = returned.length - 1
  while (wrong - right > 1) {
    const middle = (right + wrong) >> 1
    if (search(returned[middle]!).kind === 'violation') wrong = middle
    else right = middle
  }
  const last = returned[wrong]!
  const result = search(last)
  return { last, states: result.kind === 'violation' ? result.states : [] }
}
