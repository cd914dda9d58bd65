import type { Action, Anomaly, Transaction } from '../checkers/appends/transaction.ts'
import type { Operation } from '../history.ts'
import { elementsOf } from './command.ts'
import { describeOperation } from './describe.ts'
import type { Step } from './group-commands.ts'
import { commandsOf, stepsOf } from './requests.ts'

/**
 * Operations on one tag, of RPUSH and LRANGE of whole lists only, as transactions of appends and reads.
 * @param operations sorted by `call`.
 */
export function appendTransactions(
  operations: readonly Operation[],
  isRefused: (operation: Operation) => boolean,
): { readonly transactions: readonly Transaction[]; readonly anomalies: readonly Anomaly[] } {
  const anomalies: Anomaly[] = []
  const transactions = operations.map((operation): Transaction => {
    const describe = () =>
      describeOperation(
        operation,
        commandsOf(operation).flatMap((words) => [...words, ';']),
      )
    const steps = stepsOf(operation.argument)
    const replies = repliesOf(operation, steps.length)
    if (replies === undefined) anomalies.push({ name: 'a reply that cannot be', explanation: [describe()] })
    const outcome = isRefused(operation) ? 'refused' : operation.reply === undefined ? 'unknown' : 'done'
    const { connection, call, return: returned } = operation
    const actions = steps.map((step, i) => actionOf(step, replies?.[i]))
    return { connection, call, return: returned, outcome, actions, describe }
  })
  return { transactions, anomalies }
}

/** Undefined where they are not what RPUSH and LRANGE of a list say. */
function repliesOf({ command, reply }: Operation, count: number): readonly string[] | undefined {
  if (reply === undefined) return []
  if (command === 'exec' && !reply.startsWith('*')) return undefined
  const replies = command === 'exec' ? elementsOf(reply) : [reply]
  const areRight = replies.every((each) => /^(:\d+$|\*)/.test(each))
  return replies.length === count && areRight ? replies : undefined
}

function actionOf([command, key, argument]: Step, reply: string | undefined): Action {
  if (command === 'rpush') {
    return { kind: 'append', key, element: argument, length: reply === undefined ? undefined : Number(reply.slice(1)) }
  }
  return {
    kind: 'read',
    key,
    elements: reply === undefined ? undefined : elementsOf(reply).map((text) => text.slice(1)),
  }
}
