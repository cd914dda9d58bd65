import type { History, Operation } from './history.ts'
import { commandsOf } from './redis/requests.ts'
import type { JudgeName, KindName } from './workload/kinds/index.ts'
import { objectKinds } from './workload/kinds/index.ts'

/** A history for other programs: one JSON object per operation, in the order of the calls, without those that were refused. */
export function* historyLines(history: History, kindOf: (object: string) => KindName): Generator<string> {
  for (const operation of history.operations()) yield lineOf(operation, objectKinds[kindOf(operation.key)].judge)
}

/**
 * - `object`: the key, or the tag of several keys, that it is on; `judge`: by which rules that object is judged (`judge.ts`).
 * - `connection`: what one asks of one object takes effect in the order asked.
 * - `commands`: what was sent, one character per byte; of several, `MULTI` to `EXEC`, the last one's reply is `reply`.
 * - `reply`: canonical (`redis/command.ts`); null: none came.
 * - `call`, `return`: positions in one order of all calls and returns; `callMs`, `returnMs`: when that was. Null without a reply.
 */
export function lineOf(operation: Operation, judge: JudgeName): string {
  const { connection, key, reply, call, callMs } = operation
  const isAnswered = reply !== undefined
  return JSON.stringify({
    object: key,
    judge,
    connection,
    commands: commandsOf(operation),
    reply: isAnswered ? reply : null,
    call,
    return: isAnswered ? operation.return : null,
    callMs,
    returnMs: isAnswered ? operation.returnMs : null,
  })
}
