import type { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import type { Evaluation, EvaluatorSpec } from '#kernel/shards/evaluation.ts'
import type { Call } from './call.ts'
import type { Run, ShardCommand } from './command.ts'
import { CommandError } from './errors.ts'
import type { ProtocolVersion } from './reply.ts'
import { error } from './reply.ts'

/** The one instance that every command runs with: evaluations are synchronous and do not nest. */
class CurrentCall implements Call {
  evaluation!: Evaluation
  args!: Arguments
  reply: ByteWriter = new ByteWriter(0)
  protocol: ProtocolVersion = 2
  savepoint = 0

  keepEffects(): void {
    this.savepoint = this.evaluation.savepoint()
  }
}
const current = new CurrentCall()

/** Runs one command. Where it fails, its effects and its part of the reply are undone, and the error is the reply. */
export function runCommand(
  run: Run,
  evaluation: Evaluation,
  args: Arguments,
  reply: ByteWriter,
  protocol: ProtocolVersion,
): void {
  const replyStart = reply.length
  current.evaluation = evaluation
  current.savepoint = evaluation.savepoint()
  current.args = args
  current.reply = reply
  current.protocol = protocol
  try {
    run(current)
  } catch (thrown) {
    if (!(thrown instanceof CommandError)) throw thrown
    evaluation.rollback(current.savepoint)
    reply.length = replyStart
    error(current, thrown.text)
  }
}

/**
 * The evaluator of a command for connections of a protocol version, without its own version: the reply in the log is what they are
 * sent.
 */
export function evaluatorOf(command: ShardCommand, protocol: ProtocolVersion): string {
  return `${command.name}.resp${protocol}`
}

export function evaluatorName(command: ShardCommand, protocol: ProtocolVersion): string {
  return `${evaluatorOf(command, protocol)}@${command.version}`
}

export function evaluatorSpecs(commands: readonly ShardCommand[]): EvaluatorSpec[] {
  return commands.flatMap((command) =>
    ([2, 3] as const).map((protocol) => ({
      name: evaluatorName(command, protocol),
      kind: command.kind,
      run: (evaluation, args, reply) => runCommand(command.run, evaluation, args, reply, protocol),
    })),
  )
}
