import type { Arguments } from '#kernel/base/arguments.ts'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { errors, fail } from '../errors.ts'
import { globMatches } from '../glob.ts'
import { headerPrefixBytes, typeNames, typeOf } from '../keyspace.ts'
import { ByteList } from '../members/byte-list.ts'
import { chanceOf } from '../members/sampling.ts'
import { integerArgument } from '../numbers.ts'
import { array, bulk, bulkRange, nullBulk } from '../reply.ts'
import { slotCount } from '../slots.ts'
import type { KeyPosition } from './positions.ts'
import { positionEnd, positionOfSlot, visitKeys } from './positions.ts'

/** SCAN, KEYS, RANDOMKEY over the keys of one shard; the connection puts shards together. */

function replyWithNames(call: Call, names: ByteList): void {
  array(call, names.count)
  for (let i = 0; i < names.count; i++) bulkRange(call, names.bytes, names.start(i), names.end(i))
}

/**
 * `SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]`. A cursor is the position of the next key: nothing is kept between
 * calls, and a key that is there from the first call to the last is shown, since it stands in one place. Keys with the same
 * position are shown together, so a reply can have more than `count`.
 */
export function scan(call: Call): void {
  const start = parseCursor(call.args.latin1(1))
  if (start === undefined) throw fail(errors.invalidCursor)
  const { count, pattern, type } = scanOptions(call.args)
  const found = new ByteList()
  let visited = 0
  let last: KeyPosition = -1
  const next = visitKeys(call, start, (position, rowKey, row) => {
    if (visited >= count && position !== last) return false
    visited++
    last = position
    if (type !== undefined && typeNames[typeOf(row)] !== type) return true
    if (pattern && !globMatches(pattern, rowKey, headerPrefixBytes, rowKey.length)) return true
    found.push(rowKey, headerPrefixBytes)
    return true
  })
  array(call, 2)
  bulk(call, latin1Bytes(next === positionEnd ? '0' : String(next)))
  replyWithNames(call, found)
}

/**
 * Undefined where Redis sees no cursor, which it reads with C's `strtoul`: nothing is 0, and a sign is allowed. What is beyond all
 * positions is the end.
 */
export function parseCursor(text: string): KeyPosition | undefined {
  if (!/^([+-]?\d+)?$/.test(text)) return undefined
  const number = text === '' ? 0n : BigInt(text.replace('+', ''))
  if (number >= 2n ** 64n || number <= -(2n ** 64n)) return undefined
  return Math.min(Number(BigInt.asUintN(64, number)), positionEnd)
}

interface ScanOptions {
  count: number
  pattern: Uint8Array | undefined
  type: string | undefined
}

function scanOptions(args: Arguments): ScanOptions {
  const options: ScanOptions = { count: 10, pattern: undefined, type: undefined }
  for (let i = 2; i < args.count; i += 2) {
    if (i + 1 === args.count) throw fail(errors.syntax)
    if (args.is(i, 'COUNT')) {
      options.count = integerArgument(args, i + 1)
      if (options.count < 1) throw fail(errors.syntax)
    } else if (args.is(i, 'MATCH')) {
      options.pattern = args.slice(i + 1)
    } else if (args.is(i, 'TYPE')) {
      options.type = args.latin1(i + 1).toLowerCase()
    } else {
      throw fail(errors.syntax)
    }
  }
  return options
}

export function keys(call: Call): void {
  const pattern = call.args.slice(1)
  const found = new ByteList()
  visitKeys(call, 0, (_position, rowKey) => {
    if (globMatches(pattern, rowKey, headerPrefixBytes, rowKey.length)) found.push(rowKey, headerPrefixBytes)
    return true
  })
  replyWithNames(call, found)
}

/**
 * The first key at or after a random position: exactly uniform it would be only by counting. Where nothing follows, the first
 * of all.
 */
export function randomkey(call: Call): void {
  const found = new ByteList()
  const takeFirst = (_position: KeyPosition, rowKey: Uint8Array) => {
    found.push(rowKey, headerPrefixBytes)
    return false
  }
  const chance = chanceOf(call)
  visitKeys(call, positionOfSlot(chance.below(slotCount)) + chance.uint32(), takeFirst)
  if (found.count === 0) visitKeys(call, 0, takeFirst)
  if (found.count === 0) nullBulk(call)
  else bulk(call, found.slice(0))
}
