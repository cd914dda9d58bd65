import type { Call } from '../call.ts'
import { Key, typeNames } from '../keyspace.ts'
import { integer, simple } from '../reply.ts'

/** Whether keys are there, and their removal. */

const key = new Key()

export function del(call: Call): void {
  let count = 0
  for (let i = 1; i < call.args.count; i++) {
    if (!key.find(call, i)) continue
    key.delete(call)
    count++
  }
  integer(call, count)
}

/** EXISTS and TOUCH: a key that is named twice counts twice. */
export function exists(call: Call): void {
  let count = 0
  for (let i = 1; i < call.args.count; i++) if (key.find(call, i)) count++
  integer(call, count)
}

export function type(call: Call): void {
  key.find(call, 1)
  simple(call, typeNames[key.type])
}
