import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import { integerArgument } from '../numbers.ts'
import { array, integer } from '../reply.ts'
import { parseLexRange, parseScoreRange } from './ranges.ts'
import type { Selection } from './selection.ts'
import { countSelected, select, wholeSelection } from './selection.ts'
import { SortedSet } from './sorted-set.ts'

/** ZRANGE and its kin: what is meant by rank, score or name is answered, stored, counted or removed. */

const set = new SortedSet()

/** What the command's name says already; what is left open options may say. */
interface RangeForm {
  readonly by?: Selection['by']
  readonly reverse?: boolean
  /** The argument that is the key to read; the two bounds follow it. */
  readonly source: number
}

interface RangeRequest {
  readonly selection: Selection
  readonly reverse: boolean
  readonly offset: number
  readonly limit: number
  readonly withScores: boolean
}

/** `key min max [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES]` @throws CommandError */
function parseRequest(call: Call, form: RangeForm, storing: boolean): RangeRequest {
  const { args } = call
  let { by, reverse } = form
  let withScores = false
  let offset = 0
  let limit = -1
  for (let i = form.source + 3; i < args.count; i++) {
    if (!storing && args.is(i, 'WITHSCORES')) {
      withScores = true
    } else if (args.is(i, 'LIMIT') && i + 2 < args.count) {
      offset = integerArgument(args, i + 1)
      limit = integerArgument(args, i + 2)
      i += 2
    } else if (reverse === undefined && args.is(i, 'REV')) {
      reverse = true
    } else if (by === undefined && args.is(i, 'BYLEX')) {
      by = 'lex'
    } else if (by === undefined && args.is(i, 'BYSCORE')) {
      by = 'score'
    } else {
      throw fail(errors.syntax)
    }
  }
  by ??= 'rank'
  reverse ??= false
  if (limit !== -1 && by === 'rank') {
    throw fail('ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX')
  }
  if (withScores && by === 'lex') {
    throw fail('ERR syntax error, WITHSCORES not supported in combination with BYLEX')
  }
  const highFirst = reverse && by !== 'rank'
  const selection = parseSelection(call, by, form.source + (highFirst ? 2 : 1), form.source + (highFirst ? 1 : 2))
  return { selection, reverse, offset, limit, withScores }
}

/** @param low and `high`: the arguments with the bounds @throws CommandError */
function parseSelection(call: Call, by: Selection['by'], low: number, high: number): Selection {
  const { args } = call
  switch (by) {
    case 'rank':
      return { by, first: integerArgument(args, low), last: integerArgument(args, high) }
    case 'score':
      return { by, range: parseScoreRange(args, low, high) }
    case 'lex':
      return { by, range: parseLexRange(args, low, high) }
    default:
      return by satisfies never
  }
}

function answer(form: RangeForm) {
  return (call: Call): void => {
    const request = parseRequest(call, form, false)
    if (set.open(call, 1)) select(call, set, request.selection, request).reply(call, request.withScores)
    else array(call, 0)
  }
}
export const zrange = answer({ source: 1 })
export const zrevrange = answer({ source: 1, by: 'rank', reverse: true })
export const zrangebyscore = answer({ source: 1, by: 'score', reverse: false })
export const zrevrangebyscore = answer({ source: 1, by: 'score', reverse: true })
export const zrangebylex = answer({ source: 1, by: 'lex', reverse: false })
export const zrevrangebylex = answer({ source: 1, by: 'lex', reverse: true })

/** `ZRANGESTORE target source min max …`: an empty result removes the target. */
export function zrangestore(call: Call): void {
  const request = parseRequest(call, { source: 2 }, true)
  if (!set.open(call, 2)) {
    set.replace(call, 1)
    integer(call, 0)
    return
  }
  const selected = select(call, set, request.selection, request)
  set.become(call, 1, selected)
  integer(call, selected.count)
}

function count(by: 'score' | 'lex') {
  return (call: Call): void => {
    const selection =
      by === 'score' ? { by, range: parseScoreRange(call.args, 2, 3) } : { by, range: parseLexRange(call.args, 2, 3) }
    integer(call, set.open(call, 1) ? countSelected(call, set, selection) : 0)
  }
}
export const zcount = count('score')
export const zlexcount = count('lex')

function remove(by: Selection['by']) {
  return (call: Call): void => {
    const selection = parseSelection(call, by, 2, 3)
    if (!set.open(call, 1)) {
      integer(call, 0)
      return
    }
    const selected = select(call, set, selection, wholeSelection)
    if (selected.count === set.count) {
      set.delete(call)
    } else if (selected.count > 0) {
      for (let i = 0; i < selected.count; i++) set.remove(call, selected.members.slice(i), selected.scores[i]!)
      set.save(call)
    }
    integer(call, selected.count)
  }
}
export const zremrangebyrank = remove('rank')
export const zremrangebyscore = remove('score')
export const zremrangebylex = remove('lex')
