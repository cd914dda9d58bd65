import type { Call } from '../call.ts'
import { fail } from '../errors.ts'
import { headerPrefixBytes } from '../keyspace.ts'
import { ByteList } from '../members/byte-list.ts'
import { integerArgument } from '../numbers.ts'
import { array, bulkRange, integer } from '../reply.ts'
import { slotCount } from '../slots.ts'
import { positionOfSlot, visitKeys } from './positions.ts'

/** The keys of one slot: what tools for Redis Cluster ask. */

function slotArgument(call: Call): number {
  const slot = integerArgument(call.args, 2, 'ERR Invalid or out of range slot')
  if (slot < 0 || slot >= slotCount) throw fail('ERR Invalid slot')
  return slot
}

export function countKeysInSlot(call: Call): void {
  const slot = slotArgument(call)
  let count = 0
  visitKeys(call, positionOfSlot(slot), (position) => {
    if (position >= positionOfSlot(slot + 1)) return false
    count++
    return true
  })
  integer(call, count)
}

export function getKeysInSlot(call: Call): void {
  const slot = slotArgument(call)
  const countMax = integerArgument(call.args, 3)
  if (countMax < 0) throw fail('ERR Invalid number of keys')
  const found = new ByteList()
  visitKeys(call, positionOfSlot(slot), (position, rowKey) => {
    if (position >= positionOfSlot(slot + 1) || found.count >= countMax) return false
    found.push(rowKey, headerPrefixBytes)
    return true
  })
  array(call, found.count)
  for (let i = 0; i < found.count; i++) bulkRange(call, found.bytes, found.start(i), found.end(i))
}
