import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { copyBytes, emptyBytes, prefixEnd } from '#kernel/base/bytes.ts'
import type { Cursor } from '#kernel/storage/tables/tree.ts'
import type { Call } from '../call.ts'
import type { KeyType } from '../keyspace.ts'
import { kinds, types } from '../keyspace.ts'
import type { MemberTable } from './member-table.ts'
import { hashBytes } from './member-table.ts'

const rowKey = new ByteWriter(256)

/**
 * The rows of one of the tables that a command reads together: small, since a command may name very many keys. Rows of
 * all tables are in the same order, and the part of one's row key names the row of the same member in another.
 */
export class MemberRows {
  readonly count: number
  readonly type: KeyType
  readonly #prefix: Uint8Array

  /** What `table` has open; `undefined`: no members. */
  constructor(table: MemberTable | undefined) {
    this.count = table ? table.count : 0
    this.type = table ? table.type : types.none
    this.#prefix = table ? copyBytes(table.rowKey(kinds.element).view()) : emptyBytes
  }

  /** Where the part begins in a row's key. */
  get partStart(): number {
    return this.#prefix.length
  }

  /** Where the member begins in a row's key. */
  get memberStart(): number {
    return this.#prefix.length + hashBytes
  }

  /** All rows; `count` must not be 0. */
  scan(call: Call): Cursor {
    return call.evaluation.scan({ from: this.#prefix, to: prefixEnd(this.#prefix) })
  }

  /** The value here of the member that a row of another table names, in whose key the part begins at `partStart`. */
  value(call: Call, key: Uint8Array, partStart: number): Uint8Array | undefined {
    if (this.count === 0) return undefined
    rowKey.clear()
    rowKey.raw(this.#prefix)
    rowKey.rawRange(key, partStart, key.length)
    return call.evaluation.get(rowKey.view())
  }
}

const noRows = new MemberRows(undefined)

/**
 * Opens the keys of arguments `first` to `after` - 1, one after the other, with `table`; a key that does not exist has no
 * members. @throws CommandError `WRONGTYPE`
 */
export function openRows(
  call: Call,
  table: MemberTable,
  range: { readonly first: number; readonly after: number },
  ...accepted: readonly KeyType[]
): MemberRows[] {
  const opened: MemberRows[] = []
  for (let i = range.first; i < range.after; i++) {
    opened.push(table.openAs(call, i, ...accepted) ? new MemberRows(table) : noRows)
  }
  return opened
}
