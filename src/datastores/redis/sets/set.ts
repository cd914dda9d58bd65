import { emptyBytes } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { types } from '../keyspace.ts'
import type { ByteList } from '../members/byte-list.ts'
import { MemberTable } from '../members/member-table.ts'

/** A set: its rows have no value. */
export class SetKey extends MemberTable {
  constructor() {
    super(types.set)
  }

  has(call: Call, bytes: Uint8Array, start: number, end: number): boolean {
    return this.exists && call.evaluation.get(this.memberKey(bytes, start, end)) !== undefined
  }

  /** `save` is the caller's. @returns whether the member is new */
  add(call: Call, bytes: Uint8Array, start: number, end: number): boolean {
    const row = this.memberKey(bytes, start, end)
    if (call.evaluation.get(row) !== undefined) return false
    call.evaluation.put(row, emptyBytes)
    this.count++
    return true
  }

  /** `save` is the caller's. @returns whether the member was there */
  remove(call: Call, bytes: Uint8Array, start: number, end: number): boolean {
    const row = this.memberKey(bytes, start, end)
    if (call.evaluation.get(row) === undefined) return false
    call.evaluation.delete(row)
    this.count--
    return true
  }

  /** Makes the key of argument `i`, whatever it held, the set of `members`, which are all different. */
  become(call: Call, i: number, members: ByteList): void {
    this.replace(call, i)
    for (let k = 0; k < members.count; k++) {
      call.evaluation.put(this.memberKey(members.bytes, members.start(k), members.end(k)), emptyBytes)
    }
    this.count = members.count
    this.save(call)
  }
}
