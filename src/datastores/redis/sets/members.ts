import type { Call } from '../call.ts'
import { scanMembers } from '../members/scan.ts'
import { array, bulkRange, integer, set } from '../reply.ts'
import { SetKey } from './set.ts'

/** Commands on named members, and those that read all. */

const source = new SetKey()
const target = new SetKey()

export function sadd(call: Call): void {
  const { args } = call
  source.open(call, 1)
  let added = 0
  for (let i = 2; i < args.count; i++) if (source.add(call, args.bytes, args.start(i), args.end(i))) added++
  if (added > 0) source.save(call)
  integer(call, added)
}

export function srem(call: Call): void {
  const { args } = call
  let removed = 0
  if (source.open(call, 1)) {
    for (let i = 2; i < args.count && source.count > 0; i++) {
      if (source.remove(call, args.bytes, args.start(i), args.end(i))) removed++
    }
    if (removed > 0) source.save(call)
  }
  integer(call, removed)
}

export function sismember(call: Call): void {
  const { args } = call
  source.open(call, 1)
  integer(call, source.has(call, args.bytes, args.start(2), args.end(2)) ? 1 : 0)
}

export function smismember(call: Call): void {
  const { args } = call
  source.open(call, 1)
  array(call, args.count - 2)
  for (let i = 2; i < args.count; i++) {
    integer(call, source.has(call, args.bytes, args.start(i), args.end(i)) ? 1 : 0)
  }
}

export function scard(call: Call): void {
  source.open(call, 1)
  integer(call, source.count)
}

export function smembers(call: Call): void {
  source.open(call, 1)
  set(call, source.count)
  if (source.count === 0) return
  const memberStart = source.memberStart()
  const members = source.members(call)
  while (members.next()) bulkRange(call, members.key, memberStart, members.key.length)
}

export function sscan(call: Call): void {
  scanMembers(call, source, undefined)
}

/** `SMOVE source target member` */
export function smove(call: Call): void {
  const { args } = call
  if (!source.open(call, 1)) {
    integer(call, 0)
    return
  }
  target.open(call, 2)
  const start = args.start(3)
  const end = args.end(3)
  if (!source.has(call, args.bytes, start, end)) {
    integer(call, 0)
    return
  }
  integer(call, 1)
  if (args.latin1(1) === args.latin1(2)) return
  source.remove(call, args.bytes, start, end)
  source.save(call)
  if (target.add(call, args.bytes, start, end)) target.save(call)
}
