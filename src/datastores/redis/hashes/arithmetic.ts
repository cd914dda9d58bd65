import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import { addLongDoubles, formatLongDouble, parseLongDouble } from '../floats/long-double.ts'
import { addInt64, int64Argument, parseInt64 } from '../numbers.ts'
import { bulk, integer } from '../reply.ts'
import { Hash } from './hash.ts'

/** Fields as counters. */

const hash = new Hash()

export function hincrby(call: Call): void {
  const increment = int64Argument(call.args, 3)
  const found = hash.open(call, 1) ? hash.value(call, 2) : undefined
  const value = found === undefined ? 0 : parseInt64(found, 0, found.length)
  if (value === undefined) throw fail(errors.hashValueNotAnInteger)
  const sum = addInt64(value, increment)
  if (sum === undefined) throw fail(errors.incrementOverflows)
  hash.set(call, 2, latin1Bytes(String(sum)))
  hash.save(call)
  integer(call, sum)
}

export function hincrbyfloat(call: Call): void {
  const increment = parseLongDouble(call.args.latin1(3))
  if (increment === undefined) throw fail(errors.notAFloat)
  if (increment.infinite) throw fail('ERR value is NaN or Infinity')
  const found = hash.open(call, 1) ? hash.value(call, 2) : undefined
  const value = parseLongDouble(found === undefined ? '0' : latin1Text(found))
  if (value === undefined) throw fail(errors.hashValueNotAFloat)
  const sum = addLongDoubles(value, increment)
  if (sum === undefined) throw fail(errors.incrementNotFinite)
  const text = latin1Bytes(formatLongDouble(sum))
  hash.set(call, 2, text)
  hash.save(call)
  bulk(call, text)
}
