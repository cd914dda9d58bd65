import type { Arguments } from '#kernel/base/arguments.ts'
import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import { doubleArgument } from '../numbers.ts'
import { double, integer, nullBulk } from '../reply.ts'
import { SortedSet } from './sorted-set.ts'

/** Adding members and changing their scores. */

const set = new SortedSet()

const addOptions = ['NX', 'XX', 'GT', 'LT', 'CH', 'INCR'] as const
type AddOption = (typeof addOptions)[number]

/** `ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member …` */
export function zadd(call: Call): void {
  const { args } = call
  const options = new Set<AddOption>()
  let first = 2
  for (; first < args.count; first++) {
    const option = addOptions.find((name) => args.is(first, name))
    if (!option) break
    options.add(option)
  }
  add(call, first, options)
}

export function zincrby(call: Call): void {
  add(call, 2, new Set(['INCR']))
}

function add(call: Call, first: number, options: ReadonlySet<AddOption>): void {
  const { args } = call
  checkOptions(options, args.count - first)
  const scores = parseScores(args, first)
  const increments = options.has('INCR')
  let added = 0
  let updated = 0
  let last: number | undefined
  if (set.open(call, 1) || !options.has('XX')) {
    for (let k = 0; k < scores.length; k++) {
      const before = set.score(call, first + 2 * k + 1)
      const score = increments ? sumOf(before, scores[k]!) : scores[k]!
      last = isAllowed(options, before, score) ? score : undefined
      if (last === undefined || before === score) continue
      set.put(call, args.slice(first + 2 * k + 1), score, before)
      if (before === undefined) added++
      else updated++
    }
    if (added + updated > 0) set.save(call)
  }
  if (!increments) integer(call, options.has('CH') ? added + updated : added)
  else if (last === undefined) nullBulk(call)
  else double(call, last)
}

/** @param rest how many arguments there are after the options @throws CommandError */
function checkOptions(options: ReadonlySet<AddOption>, rest: number): void {
  if (rest === 0 || rest % 2 === 1) throw fail(errors.syntax)
  if (options.has('NX') && options.has('XX')) {
    throw fail('ERR XX and NX options at the same time are not compatible')
  }
  const compared = ['NX', 'GT', 'LT'] as const
  if (compared.filter((option) => options.has(option)).length > 1) {
    throw fail('ERR GT, LT, and/or NX options at the same time are not compatible')
  }
  if (options.has('INCR') && rest > 2) throw fail('ERR INCR option supports a single increment-element pair')
}

/** All are read before anything is done. @throws CommandError */
function parseScores(args: Arguments, first: number): Float64Array {
  const scores = new Float64Array((args.count - first) / 2)
  for (let k = 0; k < scores.length; k++) scores[k] = doubleArgument(args, first + 2 * k)
  return scores
}

function sumOf(before: number | undefined, increment: number): number {
  if (before === undefined) return increment
  const sum = before + increment
  if (Number.isNaN(sum)) throw fail(errors.scoreNotANumber)
  return sum
}

/** Whether the options let a member that has the score `before`, or is new, have `score`. */
function isAllowed(options: ReadonlySet<AddOption>, before: number | undefined, score: number): boolean {
  if (before === undefined) return !options.has('XX')
  if (options.has('NX')) return false
  if (options.has('GT') && score <= before) return false
  return !(options.has('LT') && score >= before)
}
