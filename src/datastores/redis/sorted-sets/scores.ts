import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import { formatDouble } from '../floats/double.ts'
import { scanMembers } from '../members/scan.ts'
import { array, bulkText, double, integer, nullArray, nullBulk } from '../reply.ts'
import { readScore } from './score-order.ts'
import { SortedSet } from './sorted-set.ts'

/** Reading members, their scores and ranks; removing members. */

const set = new SortedSet()

export function zrem(call: Call): void {
  let removed = 0
  if (set.open(call, 1)) {
    for (let i = 2; i < call.args.count && set.count > 0; i++) {
      const score = set.score(call, i)
      if (score === undefined) continue
      set.remove(call, call.args.slice(i), score)
      removed++
    }
    if (removed > 0) set.save(call)
  }
  integer(call, removed)
}

export function zscore(call: Call): void {
  replyScore(call, set.open(call, 1) ? set.score(call, 2) : undefined)
}

export function zmscore(call: Call): void {
  const exists = set.open(call, 1)
  array(call, call.args.count - 2)
  for (let i = 2; i < call.args.count; i++) replyScore(call, exists ? set.score(call, i) : undefined)
}

function replyScore(call: Call, score: number | undefined): void {
  if (score === undefined) nullBulk(call)
  else double(call, score)
}

export function zcard(call: Call): void {
  set.open(call, 1)
  integer(call, set.count)
}

export function zscan(call: Call): void {
  scanMembers(call, set, (to, value) => bulkText(to, formatDouble(readScore(value, 0))))
}

/** `key member [WITHSCORE]`: counts the rows on one side of the member's, O(n). */
function rankCommand(side: 'before' | 'after') {
  return (call: Call): void => {
    const { args } = call
    const withScore = args.count === 4 && args.is(3, 'WITHSCORE')
    if (args.count > 3 && !withScore) throw fail(errors.syntax)
    const score = set.open(call, 1) ? set.score(call, 2) : undefined
    if (score === undefined) {
      if (withScore) nullArray(call)
      else nullBulk(call)
      return
    }
    const rows = set.ordered(call, set.rowsBeside(args.slice(2), score, side))
    let rank = 0
    while (rows.next()) rank++
    if (withScore) array(call, 2)
    integer(call, rank)
    if (withScore) double(call, score)
  }
}
export const zrank = rankCommand('before')
export const zrevrank = rankCommand('after')
