import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import { resolveIndexes } from '../index-range.ts'
import { integerArgument } from '../numbers.ts'
import { array, bulk, integer, nullBulk, ok } from '../reply.ts'
import { List } from './list.ts'

/** Elements by their indexes; negative ones count from the tail. */

const list = new List()

export function llen(call: Call): void {
  list.open(call, 1)
  integer(call, list.length)
}

export function lindex(call: Call): void {
  const index = list.open(call, 1) ? elementIndex(call) : -1
  if (index < 0) nullBulk(call)
  else bulk(call, list.at(call, index))
}

export function lset(call: Call): void {
  if (!list.open(call, 1)) throw fail(errors.noSuchKey)
  const index = elementIndex(call)
  if (index < 0) throw fail(errors.indexOutOfRange)
  list.set(call, index, call.args.slice(3))
  list.save(call)
  ok(call)
}

/** Argument 2 as an index from 0 on; -1 where there is no such element. @throws CommandError */
function elementIndex(call: Call): number {
  const index = integerArgument(call.args, 2)
  const fromHead = index < 0 ? list.length + index : index
  return fromHead >= 0 && fromHead < list.length ? fromHead : -1
}

export function lrange(call: Call): void {
  const first = integerArgument(call.args, 2)
  const last = integerArgument(call.args, 3)
  list.open(call, 1)
  const { from, to } = resolveIndexes(first, last, list.length)
  array(call, to - from)
  if (from === to) return
  const elements = list.elements(call, from, to)
  while (elements.next()) bulk(call, elements.value)
}

export function ltrim(call: Call): void {
  const first = integerArgument(call.args, 2)
  const last = integerArgument(call.args, 3)
  if (list.open(call, 1)) {
    const { from, to } = resolveIndexes(first, last, list.length)
    const { length } = list
    if (from === to) {
      list.delete(call)
    } else {
      list.dropTail(call, length - to)
      list.dropHead(call, from)
      list.save(call)
    }
  }
  ok(call)
}
