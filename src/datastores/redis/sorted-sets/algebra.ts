import type { Arguments } from '#kernel/base/arguments.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { countArgument } from '../count-arguments.ts'
import { errors, fail } from '../errors.ts'
import { types } from '../keyspace.ts'
import type { MemberRows } from '../members/member-rows.ts'
import { openRows } from '../members/member-rows.ts'
import { doubleArgument, integerArgument } from '../numbers.ts'
import { integer } from '../reply.ts'
import { readScore } from './score-order.ts'
import { ScoredList } from './scored-list.ts'
import { SortedSet } from './sorted-set.ts'

/**
 * Union, intersection and difference of sorted sets, and of sets, whose members all have the score 1. Scores are summed in
 * Redis's order, from the smallest set to the largest, so that sums are equal to the last bit.
 */

const set = new SortedSet()

interface Source {
  readonly rows: MemberRows
  readonly weight: number
}

type Aggregate = (a: number, b: number) => number

const aggregates: Readonly<Record<string, Aggregate>> = {
  // Infinities that cancel out make 0.
  SUM: (a, b) => (Number.isNaN(a + b) ? 0 : a + b),
  MIN: lower,
  MAX: higher,
}

/** `a` where `b` is not lower, also where `b` is not a number (0 times infinity). */
function lower(a: number, b: number): number {
  if (b < a) return b
  return a
}

function higher(a: number, b: number): number {
  if (b > a) return b
  return a
}

/** Members, one character per byte, with their scores. */
type Scores = Map<string, number>

type Operation = 'union' | 'intersection' | 'difference'

interface Request {
  readonly sources: readonly Source[]
  readonly aggregate: Aggregate
  readonly withScores: boolean
  /** Of the intersection's size; 0: none. */
  readonly limit: number
}

interface RequestForm {
  /** The argument that counts the keys, which follow it. */
  readonly keyCount: number
  readonly command: string
  readonly options: readonly ('WEIGHTS' | 'AGGREGATE' | 'WITHSCORES' | 'LIMIT')[]
}

/** `count key … [WEIGHTS weight …] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]` or `count key … [LIMIT limit]` @throws CommandError */
function parseRequest(call: Call, form: RequestForm): Request {
  const { args } = call
  const keyCount = integerArgument(args, form.keyCount)
  if (keyCount < 1) throw fail(`ERR at least 1 input key is needed for '${form.command}' command`)
  const first = form.keyCount + 1
  const after = first + keyCount
  if (after > args.count) throw fail(errors.syntax)
  const rows = openRows(call, set, { first, after }, types.zset, types.set)
  let weights: Float64Array | undefined
  let aggregate = aggregates.SUM!
  let withScores = false
  let limit = 0
  for (let i = after; i < args.count; i++) {
    const left = args.count - i - 1
    const option = form.options.find((name) => args.is(i, name))
    if (option === 'WEIGHTS' && left >= keyCount) {
      weights = parseWeights(args, i + 1, keyCount)
      i += keyCount
    } else if (option === 'AGGREGATE' && left >= 1) {
      aggregate = parseAggregate(args, ++i)
    } else if (option === 'WITHSCORES') {
      withScores = true
    } else if (option === 'LIMIT' && left >= 1) {
      limit = countArgument(args, ++i, "ERR LIMIT can't be negative")
    } else {
      throw fail(errors.syntax)
    }
  }
  const sources = rows.map((one, k) => ({ rows: one, weight: weights ? weights[k]! : 1 }))
  return { sources, aggregate, withScores, limit }
}

function parseWeights(args: Arguments, first: number, count: number): Float64Array {
  const weights = new Float64Array(count)
  for (let k = 0; k < count; k++) weights[k] = doubleArgument(args, first + k, 'ERR weight value is not a float')
  return weights
}

function parseAggregate(args: Arguments, i: number): Aggregate {
  for (const [name, aggregate] of Object.entries(aggregates)) if (args.is(i, name)) return aggregate
  throw fail(errors.syntax)
}

function scoreIn(rows: MemberRows, value: Uint8Array): number {
  return rows.type === types.zset ? readScore(value, 0) : 1
}

/** 0 times infinity is 0 here. */
function weighted(source: Source, value: Uint8Array): number {
  const score = source.weight * scoreIn(source.rows, value)
  return Number.isNaN(score) ? 0 : score
}

function bySize(sources: readonly Source[]): Source[] {
  return sources.toSorted((a, b) => a.rows.count - b.rows.count)
}

function unite(call: Call, { sources, aggregate }: Request): Scores {
  const scores: Scores = new Map()
  for (const source of bySize(sources)) {
    if (source.rows.count === 0) continue
    const { memberStart } = source.rows
    const rows = source.rows.scan(call)
    while (rows.next()) {
      const member = latin1Text(rows.key, memberStart)
      const score = weighted(source, rows.value)
      const before = scores.get(member)
      scores.set(member, before === undefined ? score : aggregate(before, score))
    }
  }
  return scores
}

function intersect(call: Call, { sources, aggregate, limit }: Request): Scores {
  const scores: Scores = new Map()
  const [smallest, ...others] = bySize(sources) as [Source, ...Source[]]
  if (smallest.rows.count === 0) return scores
  const { partStart, memberStart } = smallest.rows
  const rows = smallest.rows.scan(call)
  nextRow: while (rows.next()) {
    let score = weighted(smallest, rows.value)
    for (const other of others) {
      const value = other.rows.value(call, rows.key, partStart)
      if (value === undefined) continue nextRow
      score = aggregate(score, other.weight * scoreIn(other.rows, value))
    }
    scores.set(latin1Text(rows.key, memberStart), score)
    if (scores.size === limit) break
  }
  return scores
}

function subtract(call: Call, { sources }: Request): Scores {
  const scores: Scores = new Map()
  const [first, ...rest] = sources as [Source, ...Source[]]
  if (first.rows.count === 0) return scores
  const others = rest.filter((other) => other.rows.count > 0)
  const { partStart, memberStart } = first.rows
  const rows = first.rows.scan(call)
  while (rows.next()) {
    if (others.some((other) => other.rows.value(call, rows.key, partStart) !== undefined)) continue
    scores.set(latin1Text(rows.key, memberStart), scoreIn(first.rows, rows.value))
  }
  return scores
}

const operations: Readonly<Record<Operation, (call: Call, request: Request) => Scores>> = {
  union: unite,
  intersection: intersect,
  difference: subtract,
}

/** In the order of a sorted set. */
function inOrder(scores: Scores): ScoredList {
  const entries = [...scores].sort(([a, scoreA], [b, scoreB]) => {
    if (scoreA !== scoreB) return scoreA < scoreB ? -1 : 1
    return a < b ? -1 : 1
  })
  const list = new ScoredList()
  for (const [member, score] of entries) list.push(latin1Bytes(member), score)
  return list
}

function answer(command: string, operation: Operation) {
  const form: RequestForm = {
    command,
    keyCount: 1,
    options: operation === 'difference' ? ['WITHSCORES'] : ['WEIGHTS', 'AGGREGATE', 'WITHSCORES'],
  }
  return (call: Call): void => {
    const request = parseRequest(call, form)
    inOrder(operations[operation](call, request)).reply(call, request.withScores)
  }
}
export const zunion = answer('zunion', 'union')
export const zinter = answer('zinter', 'intersection')
export const zdiff = answer('zdiff', 'difference')

/** Stores in argument 1, whatever it held; an empty result removes it. */
function store(command: string, operation: Operation) {
  const options = operation === 'difference' ? [] : (['WEIGHTS', 'AGGREGATE'] as const)
  const form: RequestForm = { command, keyCount: 2, options }
  return (call: Call): void => {
    const entries = inOrder(operations[operation](call, parseRequest(call, form)))
    set.become(call, 1, entries)
    integer(call, entries.count)
  }
}
export const zunionstore = store('zunionstore', 'union')
export const zinterstore = store('zinterstore', 'intersection')
export const zdiffstore = store('zdiffstore', 'difference')

export function zintercard(call: Call): void {
  const request = parseRequest(call, { command: 'zintercard', keyCount: 1, options: ['LIMIT'] })
  integer(call, intersect(call, request).size)
}
