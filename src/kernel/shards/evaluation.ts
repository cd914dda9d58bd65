import type { Arguments } from '#kernel/base/arguments.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import type { Cursor, KeyRange } from '#kernel/storage/tables/tree.ts'

/**
 * A transaction at its shard's leader: a synchronous, pure function over the rows of one shard. It reads the committed
 * state plus its own effects (a writing one also sees the effects still in flight), writes rows, and writes the reply for
 * its caller. Its effects are what is replicated; it is never run again elsewhere, except from the start when it is
 * abandoned (`BlockMiss`, `WriteNeeded`), so it must not keep anything outside `evaluation`.
 *
 * To fail without effects: `evaluation.rollback(savepoint)`, `reply.length = …` and write the protocol's error.
 * It may throw `UnumError` `FORMAT_UNKNOWN` for arguments that only a later version knows: then nothing is done, and the caller told so.
 * Anything else that it throws (besides the two above) is a bug: it is logged and the caller gets the protocol's internal error.
 */
export type Evaluator = (evaluation: Evaluation, args: Arguments, reply: ByteWriter) => void

export interface EvaluatorSpec {
  /** `get@1`: never changes its meaning; a changed one gets the next number. */
  readonly name: string
  readonly run: Evaluator
  /**
   * `read`: runs under a lease without replication; if it calls a changing method it is abandoned and runs again as a
   * write. `write`: its effects, or their absence, are answered only when everything that it may have seen is committed.
   */
  readonly kind: 'read' | 'write'
}

export interface Evaluation {
  /** The value, or undefined. Valid during this evaluation; not to be changed. @throws BlockMiss */
  get(key: Uint8Array): Uint8Array | undefined
  /** Rows of the range, own effects included. A change of rows in the range ends the cursor's validity. */
  scan(range: KeyRange, options?: { readonly reverse?: boolean }): Cursor
  /** The bytes are copied. */
  put(key: Uint8Array, value: Uint8Array): void
  delete(key: Uint8Array): void
  deleteRange(range: KeyRange): void
  /** Adds `delta` to one of the shard's named counters (how many keys there are): kept with the rows, exact. */
  count(counter: string, delta: number): void
  /** A counter's value with own effects. */
  counter(counter: string): number
  /**
   * This transaction's hybrid timestamp: microseconds since the Unix epoch by the leader's clock, above that of every
   * earlier transaction of the shard. A safe integer.
   */
  readonly timestampUs: number
  /** Marks a point to which `rollback` undoes effects (rows and counters, not the reply). */
  savepoint(): number
  rollback(savepoint: number): void
}

/** Thrown by changing methods while a `read` evaluator runs; evaluators let it pass. */
export class WriteNeeded {}
