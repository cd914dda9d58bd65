import type { Arguments } from '#kernel/base/arguments.ts'
import { copyBytes } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { keysAfterCount, popCountOption } from '../count-arguments.ts'
import { errors, fail } from '../errors.ts'
import { types } from '../keyspace.ts'
import { array, bulk, nullArray, nullBulk } from '../reply.ts'
import { List } from './list.ts'
import type { End } from './push-pop.ts'
import { popInto, push } from './push-pop.ts'

/** Commands that move elements between lists, or take them from the first list that has some. */

const source = new List()
const target = new List()

export function rpoplpush(call: Call): void {
  move(call, 'tail', 'head')
}

export function lmove(call: Call): void {
  move(call, endArgument(call.args, 3), endArgument(call.args, 4))
}

function endArgument(args: Arguments, i: number): End {
  if (args.is(i, 'LEFT')) return 'head'
  if (args.is(i, 'RIGHT')) return 'tail'
  throw fail(errors.syntax)
}

/** From argument 1 to argument 2, which may be the same list: then it turns. */
function move(call: Call, from: End, to: End): void {
  if (!source.open(call, 1)) {
    nullBulk(call)
    return
  }
  target.findOf(call, 2, types.list)
  const element = copyBytes(source.at(call, from === 'head' ? 0 : source.length - 1))
  if (from === 'head') source.dropHead(call, 1)
  else source.dropTail(call, 1)
  source.save(call)
  target.open(call, 2)
  push(target, call, to, element)
  target.save(call)
  bulk(call, element)
}

/** `LMPOP count key … LEFT|RIGHT [COUNT count]` */
export function lmpop(call: Call): void {
  const { args } = call
  const { first, after } = keysAfterCount(args, 1)
  const end = endArgument(args, after)
  const wanted = popCountOption(args, after + 1)
  for (let i = first; i < after; i++) {
    if (!source.open(call, i)) continue
    array(call, 2)
    bulk(call, args.slice(i))
    const count = Math.min(wanted, source.length)
    array(call, count)
    popInto(source, call, end, count)
    return
  }
  nullArray(call)
}
