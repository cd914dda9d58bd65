import { checkAppends } from './checkers/appends/check-appends.ts'
import { checkSessions } from './checkers/appends/sessions.ts'
import type { Anomaly } from './checkers/appends/transaction.ts'
import type { CheckResult } from './checkers/linearizability.ts'
import { checkLinearizability } from './checkers/linearizability.ts'
import type { Model } from './checkers/model.ts'
import type { History, Operation } from './history.ts'
import { appendTransactions } from './redis/append-transactions.ts'
import { elementsOf } from './redis/command.ts'
import { describeOperation } from './redis/describe.ts'
import { expiryModel } from './redis/expiry-model.ts'
import { groupModel, groupOperations } from './redis/group-model.ts'
import { stringModel, valueModel } from './redis/key-model.ts'
import { commandsOf, stepsOf } from './redis/requests.ts'
import { balanceOf, bankAccounts } from './workload/kinds/bank.ts'
import type { JudgeName, KindName } from './workload/kinds/index.ts'
import { objectKinds } from './workload/kinds/index.ts'

export interface JudgeOptions {
  readonly kindOf: (object: string) => KindName
  /** How far the servers' clocks were from one common time, at most. */
  readonly clockErrorMs: number
}

/** Operations by object. */
type Partitions = ReadonlyMap<string, readonly Operation[]>

interface Case {
  readonly partitions: Partitions
  /** Operations that certainly were not done. */
  readonly refused: Partitions
  readonly options: JudgeOptions
}

/** Whole milliseconds in which the servers count, at both ends. */
const roundingMs = 2

const judges: Readonly<Record<JudgeName, (of: Case) => string[]>> = {
  string: ({ partitions }) => linearizable(stringModel, partitions),
  value: ({ partitions }) => linearizable(valueModel, partitions),
  expiry: ({ partitions, options }) => linearizable(expiryModel(options.clockErrorMs + roundingMs), partitions),
  group: linearizableGroups,
  bank: (of) => [...wrongTotals(of.partitions), ...linearizableGroups(of)],
  appends: ({ partitions, refused }) =>
    [...partitions].flatMap(([tag, operations]) => appendViolations(tag, operations, refused.get(tag) ?? [])),
}

/** What is wrong with a history, for people; empty where nothing is. Each object is judged by the rules of its kind. */
export function judge(history: History, options: JudgeOptions): string[] {
  const refused = Map.groupBy(history.refusedOperations(), ({ key }) => key)
  const judgeOf = ([object]: readonly [string, unknown]): JudgeName => objectKinds[options.kindOf(object)].judge
  return [...Map.groupBy(history.byKey(), judgeOf)].flatMap(([name, partitions]) =>
    judges[name]({ partitions: new Map(partitions), refused, options }),
  )
}

function linearizableGroups({ partitions, refused }: Case): string[] {
  const prepared = [...partitions].map(
    ([tag, operations]) => [tag, groupOperations(operations, refused.get(tag))] as const,
  )
  return linearizable(groupModel, new Map(prepared))
}

function linearizable<State, Op extends Operation>(
  model: Model<State, Op>,
  partitions: ReadonlyMap<string, readonly Op[]>,
): string[] {
  const check = checkLinearizability(model, partitions)
  if (check.kind === 'linearizable') return []
  const operations = partitions.get(check.partition)!
  const title = `the history of ${check.partition} ${described(check.kind, model, operations)}:`
  return [[title, ...check.explanation].join('\n    ')]
}

function described<State, Op extends Operation>(
  kind: Exclude<CheckResult['kind'], 'linearizable'>,
  model: Model<State, Op>,
  operations: readonly Op[],
): string {
  if (kind === 'undecided') return 'could not be judged'
  const unordered = operations.map((operation) => ({ ...operation, connection: operation.index }))
  return checkLinearizability(model, [['', unordered]]).kind === 'linearizable'
    ? 'is linearizable, but not in the order in which its connections asked'
    : 'is not linearizable'
}

function appendViolations(tag: string, operations: readonly Operation[], refused: readonly Operation[]): string[] {
  const wasRefused = new Set(refused)
  const all = [...operations, ...refused].sort((a, b) => a.call - b.call)
  const { transactions, anomalies } = appendTransactions(all, (operation) => wasRefused.has(operation))
  const found: readonly Anomaly[] =
    anomalies.length > 0 ? anomalies : [...checkAppends(transactions), ...checkSessions(transactions)]
  return found.slice(0, shownMax).map(({ name, explanation }) => [`${tag}: ${name}:`, ...explanation].join('\n    '))
}

const shownMax = 3

/** Who reads all accounts at once reads the sum that they always have. */
function wrongTotals(partitions: Partitions): string[] {
  const wrong: string[] = []
  for (const [tag, operations] of partitions) {
    for (const operation of operations) {
      const total = totalOf(operation)
      if (total === undefined || total === 0) continue
      const words = commandsOf(operation).flatMap((sent) => [...sent, ';'])
      wrong.push(`${tag}: the accounts sum up to ${total} instead of 0:\n    ${describeOperation(operation, words)}`)
      break
    }
  }
  return wrong
}

function totalOf({ command, argument, reply }: Operation): number | undefined {
  if ((command !== 'one' && command !== 'exec') || !reply?.startsWith('*')) return undefined
  const replies = command === 'exec' ? elementsOf(reply) : [reply]
  const place = stepsOf(argument).findIndex((step) => step[0] === 'mget' && step[2] === bankAccounts.join(' '))
  if (place < 0) return undefined
  return elementsOf(replies[place]!).reduce((sum, balance) => sum + balanceOf(balance), 0)
}
