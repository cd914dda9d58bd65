import type { Call } from '../call.ts'
import { types } from '../keyspace.ts'
import { MemberTable } from '../members/member-table.ts'

/** A hash: its fields are the members, the value of a field's row is the field's value. */
export class Hash extends MemberTable {
  constructor() {
    super(types.hash)
  }

  /** Sets the field of argument `i`. `save` is the caller's. @returns whether the field is new */
  set(call: Call, i: number, value: Uint8Array): boolean {
    const { args, evaluation } = call
    const row = this.memberKey(args.bytes, args.start(i), args.end(i))
    const created = evaluation.get(row) === undefined
    evaluation.put(row, value)
    if (created) this.count++
    return created
  }

  /** Removes the field of argument `i`. `save` is the caller's. @returns whether it was there */
  remove(call: Call, i: number): boolean {
    const { args, evaluation } = call
    const row = this.memberKey(args.bytes, args.start(i), args.end(i))
    if (evaluation.get(row) === undefined) return false
    evaluation.delete(row)
    this.count--
    return true
  }
}
