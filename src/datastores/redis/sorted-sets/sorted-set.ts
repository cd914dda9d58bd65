import { compareBytes, copyBytes, emptyBytes, prefixEnd } from '#kernel/base/bytes.ts'
import type { Cursor, KeyRange } from '#kernel/storage/tables/tree.ts'
import type { Call } from '../call.ts'
import { kinds, types } from '../keyspace.ts'
import { MemberTable } from '../members/member-table.ts'
import type { LexBound, LexRange, ScoreRange } from './ranges.ts'
import { readScore, scoreBytes, writeScore } from './score-order.ts'
import type { ScoredList } from './scored-list.ts'

const scoreScratch = new Uint8Array(scoreBytes)

/**
 * A sorted set. Rows (`keyspace.ts` has their frame):
 *
 *     header body: count(uint64be)
 *     element:     hash(uint32be) member → score
 *     order:       score member → nothing
 *
 * where `score` is eight bytes in the order of the numbers (`score-order.ts`).
 *
 * Invariants, besides those of `MemberTable`:
 * 1. Every element row has exactly one order row, with the same score.
 * 2. The order of the order rows is Redis's order of members: by score, then by the member's bytes.
 */
export class SortedSet extends MemberTable {
  constructor() {
    super(types.zset)
  }

  /** undefined where the member of argument `i` is not here. */
  score(call: Call, i: number): number | undefined {
    const value = this.value(call, i)
    return value && readScore(value, 0)
  }

  scoreOf(call: Call, bytes: Uint8Array, start: number, end: number): number | undefined {
    const value = call.evaluation.get(this.memberKey(bytes, start, end))
    return value && readScore(value, 0)
  }

  /** Gives a member its score. `before` is the one that it has; undefined: it is new. `save` is the caller's. */
  put(call: Call, member: Uint8Array, score: number, before: number | undefined): void {
    if (before === undefined) this.count++
    else call.evaluation.delete(this.#orderKey(before, member))
    call.evaluation.put(this.#orderKey(score, member), emptyBytes)
    writeScore(scoreScratch, 0, score)
    call.evaluation.put(this.memberKey(member, 0, member.length), scoreScratch)
  }

  /** Removes a member, which has `score`. `save` is the caller's. */
  remove(call: Call, member: Uint8Array, score: number): void {
    call.evaluation.delete(this.#orderKey(score, member))
    call.evaluation.delete(this.memberKey(member, 0, member.length))
    this.count--
  }

  /** Makes the key of argument `i`, whatever it held, the set of `entries`, whose members are all different. */
  become(call: Call, i: number, entries: ScoredList): void {
    this.replace(call, i)
    for (let k = 0; k < entries.count; k++) this.put(call, entries.members.slice(k), entries.scores[k]!, undefined)
    this.save(call)
  }

  #orderKey(score: number, member: Uint8Array): Uint8Array {
    const rowKey = this.rowKey(kinds.order)
    rowKey.reserve(scoreBytes)
    writeScore(rowKey.bytes, rowKey.length, score)
    rowKey.length += scoreBytes
    rowKey.raw(member)
    return rowKey.view()
  }

  /** Rows in order, or in reverse order; all of them unless a range is given. */
  ordered(call: Call, range: KeyRange = this.rows(kinds.order), reverse = false): OrderedRows {
    return new OrderedRows(call.evaluation.scan(range, { reverse }), this.partStart())
  }

  /** The rows before that of a member, which has `score`, or those after it. */
  rowsBeside(member: Uint8Array, score: number, side: 'before' | 'after'): KeyRange {
    const row = copyBytes(this.#orderKey(score, member))
    const { from, to } = this.rows(kinds.order)
    return side === 'before' ? { from, to: row } : { from: justAbove(row), to }
  }

  /** The order rows of the members with scores in a range. */
  scoreRows(range: ScoreRange): KeyRange {
    return ordinary(this.#scoreBound(range.min, range.minExclusive), this.#scoreBound(range.max, !range.maxExclusive))
  }

  /** The first row key at a score, or above all that have it. */
  #scoreBound(score: number, above: boolean): Uint8Array {
    const bound = copyBytes(this.#orderKey(score, emptyBytes))
    return above ? prefixEnd(bound)! : bound
  }

  /** The order rows of the members in a range, in a set where all have `score`. */
  lexRows(range: LexRange, score: number): KeyRange {
    return ordinary(this.#lexBound(range.min, score, false), this.#lexBound(range.max, score, true))
  }

  #lexBound(bound: LexBound, score: number, upper: boolean): Uint8Array {
    switch (bound.kind) {
      case 'lowest':
        return this.#scoreBound(score, false)
      case 'highest':
        return this.#scoreBound(score, true)
      case 'member': {
        const { member, exclusive } = bound
        const key = copyBytes(this.#orderKey(score, member))
        return exclusive === upper ? key : justAbove(key)
      }
      default:
        return bound satisfies never
    }
  }
}

/** The smallest byte string above one. */
function justAbove(bytes: Uint8Array): Uint8Array {
  const above = new Uint8Array(bytes.length + 1)
  above.set(bytes)
  return above
}

/** Bounds that a client gives may be the wrong way round: then nothing is between them. */
function ordinary(from: Uint8Array, to: Uint8Array): KeyRange {
  return compareBytes(from, to) <= 0 ? { from, to } : { from, to: from }
}

/** Walks order rows: each has a score and a member. */
export class OrderedRows {
  readonly #cursor: Cursor
  readonly #partStart: number

  constructor(cursor: Cursor, partStart: number) {
    this.#cursor = cursor
    this.#partStart = partStart
  }

  next(): boolean {
    return this.#cursor.next()
  }

  get score(): number {
    return readScore(this.#cursor.key, this.#partStart)
  }

  /** The row's key, in which the member begins at `memberStart`; valid until `next`. */
  get key(): Uint8Array {
    return this.#cursor.key
  }

  get memberStart(): number {
    return this.#partStart + scoreBytes
  }

  /** Shares memory; valid until `next`. */
  get member(): Uint8Array {
    return this.#cursor.key.subarray(this.memberStart)
  }
}
