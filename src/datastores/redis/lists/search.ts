import { equalBytes } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { countArgument, signedCountArgument } from '../count-arguments.ts'
import { errors, fail } from '../errors.ts'
import { array, integer, nullBulk } from '../reply.ts'
import { List } from './list.ts'

/** Elements by their value: reads the list from one end, O(n). */

const list = new List()

export interface SearchOptions {
  readonly fromTail: boolean
  /** Matches to pass over. */
  readonly skip: number
  /** Matches to find. */
  readonly count: number
  /** Elements to look at. */
  readonly lengthMax: number
}

/** The indexes at which `element` is, in the order of the search. */
export function findElement(call: Call, list: List, element: Uint8Array, options: SearchOptions): number[] {
  const { length } = list
  const { fromTail, lengthMax } = options
  const found: number[] = []
  const looked = Math.min(length, lengthMax)
  const elements = fromTail ? list.elements(call, length - looked, length, true) : list.elements(call, 0, looked)
  let skip = options.skip
  for (let i = 0; found.length < options.count && elements.next(); i++) {
    if (equalBytes(elements.value, element) && skip-- <= 0) found.push(fromTail ? length - 1 - i : i)
  }
  return found
}

const rankZero =
  "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list"

/** `LPOS key element [RANK rank] [COUNT count] [MAXLEN length]`; count and length 0: no bound. */
export function lpos(call: Call): void {
  const { args } = call
  let rank = 1
  let count: number | undefined
  let lengthMax = 0
  for (let i = 3; i < args.count; i += 2) {
    if (i + 1 === args.count) throw fail(errors.syntax)
    if (args.is(i, 'RANK')) {
      rank = signedCountArgument(args, i + 1)
      if (rank === 0) throw fail(rankZero)
    } else if (args.is(i, 'COUNT')) {
      count = countArgument(args, i + 1, "ERR COUNT can't be negative")
    } else if (args.is(i, 'MAXLEN')) {
      lengthMax = countArgument(args, i + 1, "ERR MAXLEN can't be negative")
    } else {
      throw fail(errors.syntax)
    }
  }
  list.open(call, 1)
  const indexes = findElement(call, list, args.slice(2), {
    fromTail: rank < 0,
    skip: Math.abs(rank) - 1,
    count: count === undefined ? 1 : count || Number.POSITIVE_INFINITY,
    lengthMax: lengthMax || Number.POSITIVE_INFINITY,
  })
  if (count === undefined) {
    if (indexes.length === 0) nullBulk(call)
    else integer(call, indexes[0]!)
    return
  }
  array(call, indexes.length)
  for (const index of indexes) integer(call, index)
}
