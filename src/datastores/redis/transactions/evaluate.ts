import { Arguments } from '#kernel/base/arguments.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Evaluation, EvaluatorSpec } from '#kernel/shards/evaluation.ts'
import type { Call } from '../call.ts'
import type { Run, ShardCommand } from '../command.ts'
import { Key } from '../keyspace.ts'
import { integerArgument } from '../numbers.ts'
import type { ProtocolVersion } from '../reply.ts'
import { array, integer, nullArray } from '../reply.ts'
import { evaluatorName, runCommand } from '../run-command.ts'

/**
 * EXEC at the shard: all commands of a transaction in one evaluation, each failing for itself as Redis has it. Its arguments:
 *
 *     EXEC watchCount commandCount (key version)* (evaluator argumentCount argument*)*
 *
 * where the evaluator `=` with one argument stands for a reply that the connection made itself.
 */
export const literalEvaluator = '='

const key = new Key()
/** The result of `compareWatches`. */
let watchesHold = true

/** `WATCH key+`: the keys' versions, 0 for those that are absent. */
export function watchedVersions(call: Call): void {
  const { count } = call.args
  array(call, count - 1)
  for (let i = 1; i < count; i++) {
    key.find(call, i)
    integer(call, key.version)
  }
}

function compareWatches(call: Call): void {
  const { args } = call
  const count = integerArgument(args, 1)
  watchesHold = true
  for (let at = 3; at < 3 + count * 2 && watchesHold; at += 2) {
    key.find(call, at)
    watchesHold = key.version === integerArgument(args, at + 1)
  }
}

const command = new Arguments()

function runTransaction(
  runs: ReadonlyMap<string, Run>,
  evaluation: Evaluation,
  args: Arguments,
  reply: ByteWriter,
  protocol: ProtocolVersion,
): void {
  const to = { reply, protocol }
  runCommand(compareWatches, evaluation, args, reply, protocol)
  if (!watchesHold) {
    nullArray(to)
    return
  }
  const commandCount = integerArgument(args, 2)
  array(to, commandCount)
  let at = 3 + 2 * integerArgument(args, 1)
  for (let i = 0; i < commandCount; i++) {
    const name = args.latin1(at)
    const end = at + 2 + integerArgument(args, at + 1)
    command.reset(args.bytes)
    for (let j = at + 2; j < end; j++) command.push(args.start(j), args.end(j))
    at = end
    if (name === literalEvaluator) {
      reply.rawRange(command.bytes, command.start(0), command.end(0))
      continue
    }
    const run = runs.get(name)
    if (!run) throw new UnumError('FORMAT_UNKNOWN', `Cannot run ${name} in a transaction: this node does not know it`)
    runCommand(run, evaluation, command, reply, protocol)
  }
}

export type TransactionKind = 'read' | 'write'

export function transactionEvaluator(kind: TransactionKind, protocol: ProtocolVersion): string {
  return `exec-${kind}.resp${protocol}`
}

/** A transaction of reads only needs no entry in the log. */
export function transactionSpecs(commands: readonly ShardCommand[]): EvaluatorSpec[] {
  return ([2, 3] as const).flatMap((protocol) => {
    const runs = new Map(commands.map((each) => [evaluatorName(each, protocol), each.run]))
    return (['read', 'write'] as const).map((kind) => ({
      name: `${transactionEvaluator(kind, protocol)}@1`,
      kind,
      run: (evaluation: Evaluation, args: Arguments, reply: ByteWriter) =>
        runTransaction(runs, evaluation, args, reply, protocol),
    }))
  })
}
