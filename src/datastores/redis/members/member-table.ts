import { UnumError } from '#kernel/base/errors.ts'
import type { Cursor } from '#kernel/storage/tables/tree.ts'
import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import type { KeyType } from '../keyspace.ts'
import { Key, keyHash, kinds, uint64At } from '../keyspace.ts'
import { nameBytesMax } from '../limits.ts'

/** Bytes of an element row's part before the member. */
export const hashBytes = 4

/**
 * A key that holds named members: hashes (fields), sets and sorted sets. Rows (`keyspace.ts` has their frame):
 *
 *     header body: count(uint64be)
 *     element:     hash(uint32be) member → the type's own value
 *
 * Members lie in the order of a hash and not in their own, because that makes a place among them a number (the cursor of
 * HSCAN, SSCAN, ZSCAN) and a random place a random member.
 *
 * Invariants:
 * 1. `count` is the number of element rows, and never 0 in a stored header.
 * 2. Whoever changes a row calls `save` before the command ends.
 */
export class MemberTable extends Key {
  /** Members, with this call's changes. */
  count = 0
  readonly #holds: KeyType

  constructor(holds: KeyType) {
    super()
    this.#holds = holds
  }

  /** Looks up argument `i`. @returns whether it exists @throws CommandError `WRONGTYPE` */
  open(call: Call, i: number): boolean {
    return this.openAs(call, i, this.#holds)
  }

  /** As `open`, for a key that may also hold another type with members: `type` says which it is. */
  openAs(call: Call, i: number, ...accepted: readonly KeyType[]): boolean {
    this.count = 0
    if (!this.find(call, i)) return false
    if (!accepted.includes(this.type)) throw fail(errors.wrongType)
    this.count = uint64At(this.row, this.body)
    if (this.count === 0) throw new UnumError('DATA_DAMAGED', 'A key that holds nothing does not exist')
    return true
  }

  /** Looks up argument `i`, whose key is about to be replaced by a new table: removes what it holds, of whatever type. */
  replace(call: Call, i: number): void {
    this.count = 0
    if (this.find(call, i)) this.delete(call)
  }

  /** Writes the header with `count`, or deletes the key where nothing is left. */
  save(call: Call): void {
    if (this.count > 0) {
      this.begin(call, this.#holds).uint64Be(this.count)
      this.store(call)
    } else if (this.exists) {
      this.delete(call)
    }
  }

  /** Names the row of a member; valid until another row of this key is named. @throws CommandError where it is too long */
  memberKey(bytes: Uint8Array, start: number, end: number): Uint8Array {
    if (end - start > nameBytesMax) throw fail(errors.nameTooLong)
    const rowKey = this.rowKey(kinds.element)
    rowKey.uint32Be(memberHash(bytes, start, end))
    rowKey.rawRange(bytes, start, end)
    return rowKey.view()
  }

  /** The row's value for argument `i` as member. */
  value(call: Call, i: number): Uint8Array | undefined {
    const args = call.args
    return call.evaluation.get(this.memberKey(args.bytes, args.start(i), args.end(i)))
  }

  /** All rows, or those from a hash on, in the order of their hashes. */
  members(call: Call, fromHash = 0): Cursor {
    if (fromHash === 0) return call.evaluation.scan(this.rows(kinds.element))
    const from = this.rowKey(kinds.element)
    from.uint32Be(fromHash)
    const start = from.copy()
    return call.evaluation.scan({ from: start, to: this.rows(kinds.element).to })
  }

  /** Where the member begins in the key of an element row. */
  memberStart(): number {
    return this.partStart() + hashBytes
  }
}

/** Orders members: FNV-1a finished with the mixing steps of MurmurHash3, so that even members that are alike lie far apart. */
export function memberHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = keyHash(bytes, start, end)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** The hash in the part of an element row's key. */
export function hashAt(rowKey: Uint8Array, partStart: number): number {
  return (
    ((rowKey[partStart]! << 24) |
      (rowKey[partStart + 1]! << 16) |
      (rowKey[partStart + 2]! << 8) |
      rowKey[partStart + 3]!) >>>
    0
  )
}
