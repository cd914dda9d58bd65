import { compareBytes } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { resolveIndexes } from '../index-range.ts'
import type { LexBound, LexRange, ScoreRange } from './ranges.ts'
import { ScoredList } from './scored-list.ts'
import type { OrderedRows, SortedSet } from './sorted-set.ts'

/** Which members a command means: by rank (both ends inclusive, negative from the end), score, or name. */
export type Selection =
  | { readonly by: 'rank'; readonly first: number; readonly last: number }
  | { readonly by: 'score'; readonly range: ScoreRange }
  | { readonly by: 'lex'; readonly range: LexRange }

export interface SelectionOrder {
  /** From the highest to the lowest; ranks then count from the highest. */
  readonly reverse: boolean
  /** By score and lex: members to pass over; a negative one passes over all. */
  readonly offset: number
  /** By score and lex: members at most; a negative one: no bound. */
  readonly limit: number
}

export const wholeSelection: SelectionOrder = { reverse: false, offset: 0, limit: -1 }

/**
 * The members of an existing set that are meant, in their order. Seeks to a score or name; a rank is walked to from the
 * nearer end, O(n).
 */
export function select(call: Call, set: SortedSet, selection: Selection, order: SelectionOrder): ScoredList {
  if (selection.by === 'rank') return selectByRank(call, set, selection, order.reverse)
  const selected = new ScoredList()
  let skip = order.offset < 0 ? Number.POSITIVE_INFINITY : order.offset
  const limit = order.limit < 0 ? Number.POSITIVE_INFINITY : order.limit
  if (limit === 0) return selected
  visitRange(call, set, selection, order.reverse, (rows) => {
    if (skip > 0) {
      skip--
      return true
    }
    selected.push(rows.member, rows.score)
    return selected.count < limit
  })
  return selected
}

/** How many members are meant: walks them, O(n). */
export function countSelected(call: Call, set: SortedSet, selection: Exclude<Selection, { by: 'rank' }>): number {
  let count = 0
  visitRange(call, set, selection, false, () => {
    count++
    return true
  })
  return count
}

/** Visits the rows of a range in order until `visit` returns false. */
function visitRange(
  call: Call,
  set: SortedSet,
  selection: Exclude<Selection, { by: 'rank' }>,
  reverse: boolean,
  visit: (rows: OrderedRows) => boolean,
): void {
  if (selection.by === 'score') {
    const rows = set.ordered(call, set.scoreRows(selection.range), reverse)
    while (rows.next() && visit(rows));
    return
  }
  const { range } = selection
  const score = commonScore(call, set)
  if (score !== undefined) {
    const rows = set.ordered(call, set.lexRows(range, score), reverse)
    while (rows.next() && visit(rows));
    return
  }
  // Names are in order only among equal scores; with others Redis leaves the result open. As it does with small sets: from
  // the first member within the near bound to the first one beyond the far bound.
  const rows = set.ordered(call, undefined, reverse)
  let begun = false
  while (rows.next()) {
    const { member } = rows
    const above = isAbove(member, range.min)
    const below = isBelow(member, range.max)
    begun ||= reverse ? below : above
    if (begun && (!(reverse ? above : below) || !visit(rows))) return
  }
}

/** The score of all members, if they have the same one. */
function commonScore(call: Call, set: SortedSet): number | undefined {
  const lowest = set.ordered(call)
  const highest = set.ordered(call, undefined, true)
  return lowest.next() && highest.next() && lowest.score === highest.score ? lowest.score : undefined
}

function isAbove(member: Uint8Array, min: LexBound): boolean {
  if (min.kind !== 'member') return min.kind === 'lowest'
  const order = compareBytes(member, min.member)
  return min.exclusive ? order > 0 : order >= 0
}

function isBelow(member: Uint8Array, max: LexBound): boolean {
  if (max.kind !== 'member') return max.kind === 'highest'
  const order = compareBytes(member, max.member)
  return max.exclusive ? order < 0 : order <= 0
}

function selectByRank(
  call: Call,
  set: SortedSet,
  selection: { readonly first: number; readonly last: number },
  reverse: boolean,
): ScoredList {
  const { from, to } = resolveIndexes(selection.first, selection.last, set.count)
  const fromFarEnd = set.count - to < from
  const rows = set.ordered(call, undefined, reverse !== fromFarEnd)
  for (let skip = fromFarEnd ? set.count - to : from; skip > 0; skip--) rows.next()
  const selected = new ScoredList()
  for (let left = to - from; left > 0 && rows.next(); left--) selected.push(rows.member, rows.score)
  return fromFarEnd ? selected.reversed() : selected
}
