import { copyBytes } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import type { ElementKind } from '../keyspace.ts'
import { Key, kinds, types } from '../keyspace.ts'
import { copyBytesMax } from '../limits.ts'
import { integerArgument } from '../numbers.ts'
import { integer, ok } from '../reply.ts'

/** RENAME, RENAMENX, COPY: work in proportion to the key's elements, which lie under its name. */

const source = new Key()
const target = new Key()

/** Writes all that `source` holds under the name of `target`, which does not exist. */
function copyRows(call: Call): void {
  target.begin(call, source.type, source.expireAtMs).rawRange(source.row, source.body, source.row.length)
  target.store(call)
  if (source.type === types.string) return
  copyElements(call, kinds.element)
  if (source.type === types.zset) copyElements(call, kinds.order)
}

function copyElements(call: Call, kind: ElementKind): void {
  const partStart = source.partStart()
  const parts: Uint8Array[] = []
  const values: Uint8Array[] = []
  let bytes = 0
  const cursor = call.evaluation.scan(source.rows(kind))
  while (cursor.next()) {
    parts.push(copyBytes(cursor.key.subarray(partStart)))
    values.push(copyBytes(cursor.value))
    bytes += cursor.key.length + cursor.value.length
    if (bytes > copyBytesMax) throw fail(errors.tooLarge)
  }
  for (let i = 0; i < parts.length; i++) call.evaluation.put(target.elementKey(kind, parts[i]!), values[i]!)
}

function sameName(call: Call): boolean {
  const { args } = call
  return args.latin1(1) === args.latin1(2)
}

function replaceTarget(call: Call): void {
  if (target.exists) target.delete(call)
  copyRows(call)
}

export function rename(call: Call): void {
  if (!source.find(call, 1)) throw fail(errors.noSuchKey)
  if (!sameName(call)) {
    target.find(call, 2)
    replaceTarget(call)
    source.delete(call)
  }
  ok(call)
}

export function renamenx(call: Call): void {
  if (!source.find(call, 1)) throw fail(errors.noSuchKey)
  if (sameName(call) || target.find(call, 2)) {
    integer(call, 0)
    return
  }
  copyRows(call)
  source.delete(call)
  integer(call, 1)
}

/** `[DB 0] [REPLACE]` */
export function copy(call: Call): void {
  const { args } = call
  let replace = false
  for (let i = 3; i < args.count; i++) {
    if (args.is(i, 'REPLACE')) {
      replace = true
    } else if (args.is(i, 'DB') && i + 1 < args.count) {
      if (integerArgument(args, ++i) !== 0) throw fail(errors.databaseOutOfRange)
    } else {
      throw fail(errors.syntax)
    }
  }
  if (sameName(call)) throw fail(errors.sameObject)
  if (!source.find(call, 1) || (target.find(call, 2) && !replace)) {
    integer(call, 0)
    return
  }
  replaceTarget(call)
  integer(call, 1)
}
