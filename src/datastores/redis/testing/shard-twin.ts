import { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import { WriteNeeded } from '#kernel/shards/evaluation.ts'
import type { ShardCommand } from '../command.ts'
import type { ProtocolVersion } from '../reply.ts'
import { runCommand } from '../run-command.ts'
import { EvaluationTwin } from './evaluation-twin.ts'

/** Runs shard commands on an `EvaluationTwin` and shows replies as the wire has them: evaluators tested without a connection. */
export class ShardTwin {
  readonly evaluation = new EvaluationTwin()
  readonly #commands: ReadonlyMap<string, ShardCommand>

  constructor(commands: readonly ShardCommand[]) {
    this.#commands = new Map(commands.map((command) => [command.name, command]))
  }

  /** One character per byte, in words and in the reply: `run('SET', 'k', 'v')` is `+OK\r\n`. Arity is not checked. */
  run(...words: readonly (string | number)[]): string {
    return this.runAs(2, ...words)
  }

  runAs(protocol: ProtocolVersion, ...words: readonly (string | number)[]): string {
    const command = this.#commands.get(String(words[0]).toLowerCase())
    if (!command) throw new Error(`no command ${words[0]}`)
    const args = Arguments.of(...words.map((word) => latin1Bytes(String(word))))
    const reply = new ByteWriter()
    const evaluation = this.evaluation
    evaluation.begin(command.kind)
    try {
      runCommand(command.run, evaluation, args, reply, protocol)
    } catch (thrown) {
      if (!(thrown instanceof WriteNeeded)) throw thrown
      evaluation.begin('write')
      reply.clear()
      runCommand(command.run, evaluation, args, reply, protocol)
    }
    return latin1Text(reply.bytes, 0, reply.length)
  }

  /** Moves the leader's clock on. */
  advanceMs(durationMs: number): void {
    this.evaluation.timestampUs += durationMs * 1000
  }
}
