import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import { addLongDoubles, formatLongDouble, parseLongDouble } from '../floats/long-double.ts'
import { Key, types } from '../keyspace.ts'
import { addInt64, int64Argument, parseInt64 } from '../numbers.ts'
import { bulk, integer } from '../reply.ts'

/** Strings as counters: int64, and `long double` for INCRBYFLOAT. */

const key = new Key()

function add(call: Call, increment: number | bigint): void {
  const found = key.findOf(call, 1, types.string)
  const value = found ? parseInt64(key.row, key.body, key.row.length) : 0
  if (value === undefined) throw fail(errors.notAnInteger)
  const sum = addInt64(value, increment)
  if (sum === undefined) throw fail(errors.incrementOverflows)
  key.begin(call, types.string).ascii(String(sum))
  key.store(call)
  integer(call, sum)
}

export function incr(call: Call): void {
  add(call, 1)
}

export function decr(call: Call): void {
  add(call, -1)
}

export function incrby(call: Call): void {
  add(call, int64Argument(call.args, 2))
}

export function decrby(call: Call): void {
  const decrement = int64Argument(call.args, 2)
  if (decrement === -(2n ** 63n)) throw fail(errors.decrementOverflows)
  add(call, -decrement)
}

export function incrbyfloat(call: Call): void {
  const found = key.findOf(call, 1, types.string)
  const value = parseLongDouble(found ? latin1Text(key.row, key.body, key.row.length) : '0')
  const increment = parseLongDouble(call.args.latin1(2))
  if (value === undefined || increment === undefined) throw fail(errors.notAFloat)
  const sum = addLongDoubles(value, increment)
  if (sum === undefined) throw fail(errors.incrementNotFinite)
  const text = latin1Bytes(formatLongDouble(sum))
  key.begin(call, types.string).raw(text)
  key.store(call)
  bulk(call, text)
}
