import type { Call } from '../call.ts'
import { countArgument, drawCountArgument } from '../count-arguments.ts'
import { errors, fail } from '../errors.ts'
import type { ByteList } from '../members/byte-list.ts'
import { sampleDistinct, sampleWithRepeats } from '../members/sampling.ts'
import { array, bulkRange, nullBulk, set } from '../reply.ts'
import { SetKey } from './set.ts'

/** Random members (`members/sampling.ts` says how random). */

const source = new SetKey()

/** `SPOP key [count]` */
export function spop(call: Call): void {
  const { args } = call
  if (args.count > 3) throw fail(errors.syntax)
  const count = args.count === 3 ? countArgument(args, 2) : undefined
  const exists = source.open(call, 1)
  if (count === undefined) {
    if (exists) replyMembers(call, pop(call, 1))
    else nullBulk(call)
    return
  }
  if (!exists || count === 0) {
    set(call, 0)
    return
  }
  const members = pop(call, count)
  set(call, members.count)
  replyMembers(call, members)
}

function pop(call: Call, count: number): ByteList {
  const { members } = sampleDistinct(call, source, count)
  if (members.count === source.count) {
    source.delete(call)
    return members
  }
  for (let i = 0; i < members.count; i++) source.remove(call, members.bytes, members.start(i), members.end(i))
  source.save(call)
  return members
}

function replyMembers(call: Call, members: ByteList): void {
  for (let i = 0; i < members.count; i++) bulkRange(call, members.bytes, members.start(i), members.end(i))
}

/** `SRANDMEMBER key [count]`; a negative count: with repeats. */
export function srandmember(call: Call): void {
  const { args } = call
  if (args.count > 3) throw fail(errors.syntax)
  const count = args.count === 3 ? drawCountArgument(args, 2) : undefined
  const exists = source.open(call, 1)
  if (count === undefined) {
    if (exists) replyMembers(call, sampleDistinct(call, source, 1).members)
    else nullBulk(call)
    return
  }
  if (!exists || count === 0) {
    array(call, 0)
    return
  }
  const { members } = count > 0 ? sampleDistinct(call, source, count) : sampleWithRepeats(call, source, -count)
  array(call, members.count)
  replyMembers(call, members)
}
