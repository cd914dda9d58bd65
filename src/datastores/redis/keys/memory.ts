import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import { headerPrefixBytes, Key, kinds, types } from '../keyspace.ts'
import { integerArgument } from '../numbers.ts'
import { integer, nullBulk } from '../reply.ts'

const key = new Key()

/**
 * `MEMORY USAGE key [SAMPLES count]`: bytes of the key's rows, names included, before compression and replication. All rows are
 * counted, whatever `count` says.
 */
export function memoryUsage(call: Call): void {
  const { args } = call
  for (let i = 3; i < args.count; i += 2) {
    if (!args.is(i, 'SAMPLES') || i + 1 === args.count) throw fail(errors.syntax)
    if (integerArgument(args, i + 1) < 0) throw fail(errors.syntax)
  }
  if (!key.find(call, 2)) {
    nullBulk(call)
    return
  }
  let bytes = headerPrefixBytes + args.length(2) + key.row.length
  if (key.type !== types.string) bytes += rowBytes(call, kinds.element)
  if (key.type === types.zset) bytes += rowBytes(call, kinds.order)
  integer(call, bytes)
}

function rowBytes(call: Call, kind: typeof kinds.element | typeof kinds.order): number {
  let bytes = 0
  const cursor = call.evaluation.scan(key.rows(kind))
  while (cursor.next()) bytes += cursor.key.length + cursor.value.length
  return bytes
}
