import type { Arguments } from '#kernel/base/arguments.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import type { Evaluation } from '#kernel/shards/evaluation.ts'
import type { ProtocolVersion, ReplyTarget } from './reply.ts'

/**
 * One command at its shard's leader: what a command's `run` gets. `args` is the command as the client sent it, its name
 * at 0. The instance is reused: valid until `run` returns.
 */
export interface Call extends ReplyTarget {
  readonly evaluation: Evaluation
  readonly args: Arguments
  readonly reply: ByteWriter
  readonly protocol: ProtocolVersion
  /**
   * What is done so far stays even if the command fails: for the deletion of an expired key, which an error reply may show.
   * So a command finds its keys before it changes anything else.
   */
  keepEffects(): void
}

/** The command's time in milliseconds since the Unix epoch: the leader's clock, decided once. */
export function nowMs(call: Call): number {
  return Math.floor(call.evaluation.timestampUs / 1000)
}
