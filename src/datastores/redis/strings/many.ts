import type { Call } from '../call.ts'
import { fail, wrongArity } from '../errors.ts'
import { Key, types } from '../keyspace.ts'
import { array, bulkRange, integer, nullBulk, ok } from '../reply.ts'

/** Several strings at once. */

const key = new Key()

export function mget(call: Call): void {
  const count = call.args.count - 1
  array(call, count)
  for (let i = 1; i <= count; i++) {
    if (key.find(call, i) && key.type === types.string) bulkRange(call, key.row, key.body, key.row.length)
    else nullBulk(call)
  }
}

function assignAll(call: Call): void {
  const { args } = call
  for (let i = 1; i < args.count; i += 2) {
    if (key.find(call, i) && key.type !== types.string) key.delete(call)
    key.begin(call, types.string, 0).rawRange(args.bytes, args.start(i + 1), args.end(i + 1))
    key.store(call)
  }
}

export function mset(call: Call): void {
  if (call.args.count % 2 === 0) throw fail(wrongArity('mset'))
  assignAll(call)
  ok(call)
}

export function msetnx(call: Call): void {
  if (call.args.count % 2 === 0) throw fail(wrongArity('msetnx'))
  for (let i = 1; i < call.args.count; i += 2) {
    if (key.find(call, i)) {
      integer(call, 0)
      return
    }
  }
  assignAll(call)
  integer(call, 1)
}
