import type { Call } from '../call.ts'
import { fail, wrongArity } from '../errors.ts'
import { array, bulk, integer, nullBulk, ok } from '../reply.ts'
import { Hash } from './hash.ts'

/** Commands on named fields. */

const hash = new Hash()

/** Sets the pairs from argument 2 on. @returns how many fields are new */
function setPairs(call: Call, command: string): number {
  const { args } = call
  if (args.count % 2 === 1) throw fail(wrongArity(command))
  hash.open(call, 1)
  let created = 0
  for (let i = 2; i < args.count; i += 2) if (hash.set(call, i, args.slice(i + 1))) created++
  hash.save(call)
  return created
}

export function hset(call: Call): void {
  integer(call, setPairs(call, 'hset'))
}

export function hmset(call: Call): void {
  setPairs(call, 'hmset')
  ok(call)
}

export function hsetnx(call: Call): void {
  if (hash.open(call, 1) && hash.value(call, 2) !== undefined) {
    integer(call, 0)
    return
  }
  hash.set(call, 2, call.args.slice(3))
  hash.save(call)
  integer(call, 1)
}

export function hget(call: Call): void {
  replyValue(call, hash.open(call, 1) ? hash.value(call, 2) : undefined)
}

export function hmget(call: Call): void {
  const { args } = call
  const exists = hash.open(call, 1)
  array(call, args.count - 2)
  for (let i = 2; i < args.count; i++) replyValue(call, exists ? hash.value(call, i) : undefined)
}

function replyValue(call: Call, value: Uint8Array | undefined): void {
  if (value === undefined) nullBulk(call)
  else bulk(call, value)
}

export function hdel(call: Call): void {
  let removed = 0
  if (hash.open(call, 1)) {
    for (let i = 2; i < call.args.count && hash.count > 0; i++) if (hash.remove(call, i)) removed++
    if (removed > 0) hash.save(call)
  }
  integer(call, removed)
}

export function hexists(call: Call): void {
  integer(call, hash.open(call, 1) && hash.value(call, 2) !== undefined ? 1 : 0)
}

export function hlen(call: Call): void {
  hash.open(call, 1)
  integer(call, hash.count)
}

export function hstrlen(call: Call): void {
  const value = hash.open(call, 1) ? hash.value(call, 2) : undefined
  integer(call, value === undefined ? 0 : value.length)
}
