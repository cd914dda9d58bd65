import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { emptyBytes } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import { Key, types } from '../keyspace.ts'
import { stringBytesMax } from '../limits.ts'
import { integerArgument } from '../numbers.ts'
import { bulk, bulkRange, integer } from '../reply.ts'

/** Parts of strings. */

const key = new Key()

export function strlen(call: Call): void {
  integer(call, key.findOf(call, 1, types.string) ? key.row.length - key.body : 0)
}

export function append(call: Call): void {
  const { args } = call
  key.findOf(call, 1, types.string)
  const length = key.row.length - key.body
  const total = length + args.length(2)
  if (total > stringBytesMax) throw fail(errors.stringTooLong)
  const value = key.begin(call, types.string)
  value.rawRange(key.row, key.body, key.row.length)
  value.rawRange(args.bytes, args.start(2), args.end(2))
  key.store(call)
  integer(call, total)
}

export function setrange(call: Call): void {
  const { args } = call
  const offset = integerArgument(args, 2)
  if (offset < 0) throw fail(errors.offsetOutOfRange)
  key.findOf(call, 1, types.string)
  const length = key.row.length - key.body
  if (args.length(3) === 0) {
    integer(call, length)
    return
  }
  const end = offset + args.length(3)
  if (end > stringBytesMax) throw fail(errors.stringTooLong)
  const value = key.begin(call, types.string)
  value.rawRange(key.row, key.body, key.body + Math.min(offset, length))
  if (offset > length) zeros(value, offset - length)
  value.rawRange(args.bytes, args.start(3), args.end(3))
  if (end < length) value.rawRange(key.row, key.body + end, key.row.length)
  key.store(call)
  integer(call, Math.max(end, length))
}

function zeros(writer: ByteWriter, count: number): void {
  writer.reserve(count)
  writer.bytes.fill(0, writer.length, writer.length + count)
  writer.length += count
}

/** GETRANGE, and its old name SUBSTR: both ends included, negative ones count from the end. */
export function getrange(call: Call): void {
  let start = integerArgument(call.args, 2)
  let end = integerArgument(call.args, 3)
  key.findOf(call, 1, types.string)
  const length = key.row.length - key.body
  if (start < 0 && end < 0 && start > end) {
    bulk(call, emptyBytes)
    return
  }
  if (start < 0) start = Math.max(0, length + start)
  if (end < 0) end = Math.max(0, length + end)
  end = Math.min(end, length - 1)
  if (start > end) bulk(call, emptyBytes)
  else bulkRange(call, key.row, key.body + start, key.body + end + 1)
}
