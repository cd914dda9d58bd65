import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import { globMatches } from '../glob.ts'
import { parseCursor } from '../keys/iterate.ts'
import { integerArgument } from '../numbers.ts'
import { array, bulkRange, bulkText } from '../reply.ts'
import { ByteList } from './byte-list.ts'
import type { MemberTable } from './member-table.ts'
import { hashAt } from './member-table.ts'

/**
 * HSCAN, SSCAN and ZSCAN: `key cursor [MATCH pattern] [COUNT count]`.
 *
 * A cursor is the hash of the first member that is still to come; 0 begins, and in a reply ends. Members with equal hashes
 * are answered together, so that one that is there during the whole of an iteration is answered exactly once, whatever
 * is added and removed meanwhile.
 */
const countDefault = 10
/** A table this small is answered at once, as Redis does with its compact encodings: many programs rely on it. */
const wholeCountMax = 128
const hashMax = 0xffff_ffff

/** @param writeValue writes the value of a row after its member; none: the reply lists members alone. */
export function scanMembers(
  call: Call,
  table: MemberTable,
  writeValue: ((call: Call, value: Uint8Array) => void) | undefined,
): void {
  const from = parseCursor(call.args.latin1(2))
  if (from === undefined) throw fail(errors.invalidCursor)
  if (!table.open(call, 1)) {
    array(call, 2)
    bulkText(call, '0')
    array(call, 0)
    return
  }
  const options = parseOptions(call)
  const count = table.count <= wholeCountMax ? table.count : options.count
  const members = new ByteList()
  const values = new ByteList()
  const next = from > hashMax ? 0 : collect(call, table, { from, count, pattern: options.pattern, members, values })
  array(call, 2)
  bulkText(call, String(next))
  array(call, writeValue ? members.count * 2 : members.count)
  for (let i = 0; i < members.count; i++) {
    bulkRange(call, members.bytes, members.start(i), members.end(i))
    writeValue?.(call, values.bytes.subarray(values.start(i), values.end(i)))
  }
}

interface ScanOptions {
  readonly count: number
  readonly pattern: Uint8Array | undefined
}

function parseOptions(call: Call): ScanOptions {
  const { args } = call
  let count = countDefault
  let pattern: Uint8Array | undefined
  for (let i = 3; i < args.count; i += 2) {
    if (i + 1 === args.count) throw fail(errors.syntax)
    if (args.is(i, 'COUNT')) {
      count = integerArgument(args, i + 1)
      if (count < 1) throw fail(errors.syntax)
    } else if (args.is(i, 'MATCH')) {
      pattern = args.slice(i + 1)
    } else {
      throw fail(errors.syntax)
    }
  }
  return { count, pattern }
}

/** Visits at least `count` members from a hash on. @returns the next cursor */
function collect(
  call: Call,
  table: MemberTable,
  visit: ScanOptions & { readonly from: number; readonly members: ByteList; readonly values: ByteList },
): number {
  const { from, count, pattern, members, values } = visit
  const partStart = table.partStart()
  const memberStart = table.memberStart()
  const cursor = table.members(call, from)
  let lastHash = -1
  for (let visited = 0; cursor.next(); visited++) {
    const { key } = cursor
    const hash = hashAt(key, partStart)
    if (visited >= count && hash !== lastHash) return hash
    lastHash = hash
    if (pattern && !globMatches(pattern, key, memberStart, key.length)) continue
    members.push(key, memberStart)
    values.push(cursor.value)
  }
  return 0
}
