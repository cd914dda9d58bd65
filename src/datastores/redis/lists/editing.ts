import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import { ByteList } from '../members/byte-list.ts'
import { integerArgument } from '../numbers.ts'
import { integer } from '../reply.ts'
import { List } from './list.ts'
import { findElement } from './search.ts'

/** Inserting and removing within: the elements of the shorter side are written anew, O(n). */

const list = new List()

export function linsert(call: Call): void {
  const { args } = call
  const before = args.is(2, 'BEFORE')
  if (!before && !args.is(2, 'AFTER')) throw fail(errors.syntax)
  if (!list.open(call, 1)) {
    integer(call, 0)
    return
  }
  const search = { fromTail: false, skip: 0, count: 1, lengthMax: list.length }
  const pivot = findElement(call, list, args.slice(3), search)[0]
  if (pivot === undefined) {
    integer(call, -1)
    return
  }
  insertAt(call, before ? pivot : pivot + 1, args.slice(4))
  list.save(call)
  integer(call, list.length)
}

/** Inserts so that `element` has `index` afterwards, from 0 to `length`. */
function insertAt(call: Call, index: number, element: Uint8Array): void {
  const { length } = list
  if (index < length / 2) {
    const moved = copyElements(call, 0, index)
    list.pushHead(call, index === 0 ? element : moved.slice(0))
    for (let i = 1; i < index; i++) list.set(call, i, moved.slice(i))
  } else {
    const moved = copyElements(call, index, length)
    list.pushTail(call, index === length ? element : moved.slice(moved.count - 1))
    for (let i = 0; i < moved.count - 1; i++) list.set(call, index + 1 + i, moved.slice(i))
  }
  list.set(call, index, element)
}

function copyElements(call: Call, from: number, to: number): ByteList {
  const copy = new ByteList()
  const elements = list.elements(call, from, to)
  while (elements.next()) copy.push(elements.value)
  return copy
}

/** `LREM key count element`: count 0 removes all that are equal, a negative one begins at the tail. */
export function lrem(call: Call): void {
  const { args } = call
  const count = integerArgument(args, 2)
  if (!list.open(call, 1)) {
    integer(call, 0)
    return
  }
  const indexes = findElement(call, list, args.slice(3), {
    fromTail: count < 0,
    skip: 0,
    count: Math.abs(count) || list.length,
    lengthMax: list.length,
  })
  if (indexes.length > 0) {
    removeAt(call, count < 0 ? indexes.reverse() : indexes)
    list.save(call)
  }
  integer(call, indexes.length)
}

/** Removes the elements at `indexes`, which ascend. */
function removeAt(call: Call, indexes: readonly number[]): void {
  const { length } = list
  const first = indexes[0]!
  const last = indexes[indexes.length - 1]!
  const removed = new Set(indexes)
  if (last + 1 < length - first) {
    // What stands before the last one moves towards the tail.
    const before = copyElements(call, 0, last + 1)
    let to = last
    for (let i = last; i >= 0; i--) if (!removed.has(i)) list.set(call, to--, before.slice(i))
    list.dropHead(call, removed.size)
  } else {
    const after = copyElements(call, first, length)
    let to = first
    for (let i = first; i < length; i++) if (!removed.has(i)) list.set(call, to++, after.slice(i - first))
    list.dropTail(call, removed.size)
  }
}
