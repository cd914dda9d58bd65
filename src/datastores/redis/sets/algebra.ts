import { latin1Text } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { countArgument, positiveArgument } from '../count-arguments.ts'
import { errors, fail } from '../errors.ts'
import { types } from '../keyspace.ts'
import { ByteList } from '../members/byte-list.ts'
import type { MemberRows } from '../members/member-rows.ts'
import { openRows } from '../members/member-rows.ts'
import { bulkRange, integer, set } from '../reply.ts'
import { SetKey } from './set.ts'

/** Intersection, union and difference. */

const target = new SetKey()

/** Takes the member at `memberStart` of a row's key. @returns false to end */
type Visit = (rowKey: Uint8Array, memberStart: number) => boolean

type Operation = (call: Call, sets: readonly MemberRows[], visit: Visit) => void

/** The members that are in every set: looks up those of the smallest in the others. */
function intersect(call: Call, sets: readonly MemberRows[], visit: Visit): void {
  const [smallest, ...others] = sets.toSorted((a, b) => a.count - b.count) as [MemberRows, ...MemberRows[]]
  if (smallest.count === 0) return
  const { partStart, memberStart } = smallest
  const rows = smallest.scan(call)
  while (rows.next()) {
    const { key } = rows
    const inAll = others.every((other) => other.value(call, key, partStart) !== undefined)
    if (inAll && !visit(key, memberStart)) return
  }
}

/** The members of the first set that are in no other. */
function subtract(call: Call, sets: readonly MemberRows[], visit: Visit): void {
  const [first, ...rest] = sets as [MemberRows, ...MemberRows[]]
  if (first.count === 0) return
  const others = rest.filter((other) => other.count > 0)
  const { partStart, memberStart } = first
  const rows = first.scan(call)
  while (rows.next()) {
    const { key } = rows
    const inOther = others.some((other) => other.value(call, key, partStart) !== undefined)
    if (!inOther && !visit(key, memberStart)) return
  }
}

/** The members of any set, once each. */
function unite(call: Call, sets: readonly MemberRows[], visit: Visit): void {
  const seen = new Set<string>()
  for (const one of sets) {
    if (one.count === 0) continue
    const { memberStart } = one
    const rows = one.scan(call)
    while (rows.next()) {
      const { key } = rows
      const member = latin1Text(key, memberStart, key.length)
      if (seen.has(member)) continue
      seen.add(member)
      if (!visit(key, memberStart)) return
    }
  }
}

/** The result over the sets of the arguments from `first` on. */
function evaluate(call: Call, operation: Operation, first: number): ByteList {
  const sets = openRows(call, target, { first, after: call.args.count }, types.set)
  const result = new ByteList()
  operation(call, sets, (key, memberStart) => {
    result.push(key, memberStart)
    return true
  })
  return result
}

function answer(operation: Operation) {
  return (call: Call): void => {
    const members = evaluate(call, operation, 1)
    set(call, members.count)
    for (let i = 0; i < members.count; i++) bulkRange(call, members.bytes, members.start(i), members.end(i))
  }
}
export const sinter = answer(intersect)
export const sunion = answer(unite)
export const sdiff = answer(subtract)

/** Stores in argument 1, whatever it held; an empty result removes it. */
function store(operation: Operation) {
  return (call: Call): void => {
    const members = evaluate(call, operation, 2)
    target.become(call, 1, members)
    integer(call, members.count)
  }
}
export const sinterstore = store(intersect)
export const sunionstore = store(unite)
export const sdiffstore = store(subtract)

/** `SINTERCARD count key … [LIMIT limit]`; limit 0: none. */
export function sintercard(call: Call): void {
  const { args } = call
  const keyCount = positiveArgument(args, 1, 'ERR numkeys should be greater than 0')
  if (keyCount > args.count - 2) throw fail("ERR Number of keys can't be greater than number of args")
  const after = 2 + keyCount
  let limit = 0
  for (let i = after; i < args.count; i += 2) {
    if (!args.is(i, 'LIMIT') || i + 1 === args.count) throw fail(errors.syntax)
    limit = countArgument(args, i + 1, "ERR LIMIT can't be negative")
  }
  const sets = openRows(call, target, { first: 2, after }, types.set)
  let count = 0
  intersect(call, sets, () => ++count !== limit)
  integer(call, count)
}
