import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import { readWholeDouble } from '../floats/double.ts'
import type { KeyType } from '../keyspace.ts'
import { types } from '../keyspace.ts'
import { List } from '../lists/list.ts'
import { array, bulk, integer, nullBulk } from '../reply.ts'
import { SetKey } from '../sets/set.ts'
import { SortedSet } from '../sorted-sets/sorted-set.ts'
import type { SortOptions } from './options.ts'
import { parseSortOptions } from './options.ts'
import { dereference } from './references.ts'

/** `SORT key [BY pattern] [LIMIT offset count] [GET pattern …] [ASC | DESC] [ALPHA] [STORE target]`, and SORT_RO. */

const list = new List()
const set = new SetKey()
const sortedSet = new SortedSet()

/** Elements, one character per byte, of a list in its order, of a sorted set in the order of scores, of a set in any. */
function readElements(call: Call): { readonly type: KeyType; readonly elements: string[] } {
  const elements: string[] = []
  if (!list.find(call, 1)) return { type: types.none, elements }
  switch (list.type) {
    case types.list: {
      list.open(call, 1)
      const rows = list.elements(call, 0, list.length)
      while (rows.next()) elements.push(latin1Text(rows.value))
      break
    }
    case types.set: {
      set.open(call, 1)
      const memberStart = set.memberStart()
      const rows = set.members(call)
      while (rows.next()) elements.push(latin1Text(rows.key, memberStart))
      break
    }
    case types.zset: {
      sortedSet.open(call, 1)
      const rows = sortedSet.ordered(call)
      while (rows.next()) elements.push(latin1Text(rows.member))
      break
    }
    default:
      throw fail(errors.wrongType)
  }
  return { type: list.type, elements }
}

/** An element and what it is sorted by. */
interface Weighted {
  readonly element: string
  readonly weight: string | undefined
  /** 0 where the order is by bytes, or where there is no weight. */
  readonly score: number
}

function weigh(call: Call, elements: readonly string[], { by, alpha }: SortOptions): Weighted[] {
  return elements.map((element) => {
    const weight = by === 'element' || by === 'none' ? element : dereference(call, by, element)
    return { element, weight, score: alpha || weight === undefined ? 0 : scoreOf(weight) }
  })
}

function scoreOf(text: string): number {
  const read = readWholeDouble(text)
  if (!read || read.outOfRange) throw fail("ERR One or more scores can't be converted into double")
  return read.value
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Elements of equal scores are in the order of their bytes. */
function compareScores(a: Weighted, b: Weighted): number {
  return a.score < b.score ? -1 : a.score > b.score ? 1 : compareText(a.element, b.element)
}

/** What has no weight comes first. */
function compareWeights(a: Weighted, b: Weighted): number {
  if (a.weight === undefined || b.weight === undefined)
    return Number(b.weight === undefined) - Number(a.weight === undefined)
  return compareText(a.weight, b.weight)
}

function sortElements(call: Call, type: KeyType, elements: string[], options: SortOptions): string[] {
  // A set has no order of its own to be stored in.
  const ordered = type === types.set && options.by === 'none' && options.store !== undefined
  if (options.by === 'none' && !ordered) return options.descending ? elements.reverse() : elements
  const alpha = options.alpha || ordered
  const weighted = weigh(call, elements, { ...options, alpha })
  weighted.sort(alpha ? compareWeights : compareScores)
  if (options.descending) weighted.reverse()
  return weighted.map(({ element }) => element)
}

/** What is answered for each element, in turn; undefined for what is not there. */
function evaluate(call: Call, options: SortOptions): (string | undefined)[] {
  const { type, elements } = readElements(call)
  const sorted = sortElements(call, type, elements, options)
  const offset = Math.max(0, options.offset)
  const chosen = sorted.slice(offset, options.limit < 0 ? undefined : offset + options.limit)
  if (options.get.length === 0) return chosen
  return chosen.flatMap((element) => options.get.map((reference) => dereference(call, reference, element)))
}

function reply(call: Call, values: readonly (string | undefined)[]): void {
  array(call, values.length)
  for (const value of values) {
    if (value === undefined) nullBulk(call)
    else bulk(call, latin1Bytes(value))
  }
}

export function sort(call: Call): void {
  const options = parseSortOptions(call.args, true)
  const values = evaluate(call, options)
  if (options.store === undefined) {
    reply(call, values)
    return
  }
  if (list.find(call, options.store)) list.delete(call)
  list.open(call, options.store)
  for (const value of values) list.pushTail(call, latin1Bytes(value ?? ''))
  list.save(call)
  integer(call, values.length)
}

export function sortReadOnly(call: Call): void {
  reply(call, evaluate(call, parseSortOptions(call.args, false)))
}
