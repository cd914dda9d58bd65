import type { Call } from '../call.ts'
import { countArgument, drawArguments, keysAfterCount, popCountOption } from '../count-arguments.ts'
import { errors, fail } from '../errors.ts'
import type { Sample } from '../members/sampling.ts'
import { sampleDistinct, sampleWithRepeats } from '../members/sampling.ts'
import { array, bulk, nullArray, nullBulk } from '../reply.ts'
import { readScore } from './score-order.ts'
import { ScoredList } from './scored-list.ts'
import { select, wholeSelection } from './selection.ts'
import { SortedSet } from './sorted-set.ts'

/** Taking the lowest and highest members, and reading random ones. */

const set = new SortedSet()

type End = 'min' | 'max'

/** Removes up to `count` members, at least one, from an end of an existing set. */
function pop(call: Call, end: End, count: number): ScoredList {
  const wanted = { by: 'rank', first: 0, last: Math.min(count, set.count) - 1 } as const
  const popped = select(call, set, wanted, { ...wholeSelection, reverse: end === 'max' })
  if (popped.count === set.count) {
    set.delete(call)
  } else {
    for (let i = 0; i < popped.count; i++) set.remove(call, popped.members.slice(i), popped.scores[i]!)
    set.save(call)
  }
  return popped
}

/** `key [count]`: without a count one member and its score, in RESP3 too as one flat list. */
function popCommand(end: End) {
  return (call: Call): void => {
    const { args } = call
    if (args.count > 3) throw fail(errors.syntax)
    const count = args.count === 3 ? countArgument(args, 2) : undefined
    if (!set.open(call, 1) || count === 0) {
      array(call, 0)
      return
    }
    const popped = pop(call, end, count ?? 1)
    if (count === undefined) popped.replyFlat(call)
    else popped.reply(call, true)
  }
}
export const zpopmin = popCommand('min')
export const zpopmax = popCommand('max')

/** `ZMPOP count key … MIN|MAX [COUNT count]` */
export function zmpop(call: Call): void {
  const { args } = call
  const { first, after } = keysAfterCount(args, 1)
  const end = args.is(after, 'MIN') ? 'min' : args.is(after, 'MAX') ? 'max' : undefined
  if (!end) throw fail(errors.syntax)
  const count = popCountOption(args, after + 1)
  for (let i = first; i < after; i++) {
    if (!set.open(call, i)) continue
    array(call, 2)
    bulk(call, args.slice(i))
    pop(call, end, count).replyPairs(call)
    return
  }
  nullArray(call)
}

/** `ZRANDMEMBER key [count [WITHSCORES]]`; a negative count: with repeats. */
export function zrandmember(call: Call): void {
  const { args } = call
  if (args.count === 2) {
    if (set.open(call, 1)) scored(sampleDistinct(call, set, 1)).replyMember(call, 0)
    else nullBulk(call)
    return
  }
  const { count, withValues } = drawArguments(args, 'WITHSCORES')
  if (!set.open(call, 1) || count === 0) {
    array(call, 0)
    return
  }
  const sample = count > 0 ? sampleDistinct(call, set, count) : sampleWithRepeats(call, set, -count)
  scored(sample).reply(call, withValues)
}

function scored({ members, values }: Sample): ScoredList {
  const list = new ScoredList()
  for (let i = 0; i < members.count; i++) list.push(members.slice(i), readScore(values.bytes, values.start(i)))
  return list
}
