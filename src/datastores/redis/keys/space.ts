import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import { array, integer, ok } from '../reply.ts'
import { slotCount } from '../slots.ts'

/** Commands about all keys of a shard at once. */

export function dbsize(call: Call): void {
  integer(call, call.evaluation.counter('keys'))
}

/** For INFO: how many keys, and how many of them expire. */
export function keyspace(call: Call): void {
  array(call, 2)
  integer(call, call.evaluation.counter('keys'))
  integer(call, call.evaluation.counter('expires'))
}

/** FLUSHALL and FLUSHDB, `[ASYNC | SYNC]`: one effect, whatever there is. */
export function flush(call: Call): void {
  const { args, evaluation } = call
  if (args.count > 2 || (args.count === 2 && !args.is(1, 'ASYNC') && !args.is(1, 'SYNC'))) throw fail(errors.syntax)
  evaluation.deleteRange({ from: slotStart(0), to: slotStart(slotCount) })
  for (const counter of ['keys', 'expires']) evaluation.count(counter, -evaluation.counter(counter))
  ok(call)
}

function slotStart(slot: number): Uint8Array {
  return Uint8Array.of(slot >>> 8, slot & 0xff)
}
