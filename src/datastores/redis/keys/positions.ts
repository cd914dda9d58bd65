import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { copyBytes } from '#kernel/base/bytes.ts'
import type { Call } from '../call.ts'
import { nowMs } from '../call.ts'
import { expireAtMsOf, headerPrefixBytes, Key, kinds } from '../keyspace.ts'
import { slotCount } from '../slots.ts'

/**
 * A place among all keys of the space: `slot * 2 ** 32 + hash`, of the first key at or after it. 46 bits, so that it is a safe
 * integer, also as a cursor in languages whose integers are signed.
 */
export type KeyPosition = number

const hashCount = 2 ** 32
export const positionEnd: KeyPosition = slotCount * hashCount

export function positionOfSlot(slot: number): KeyPosition {
  return slot * hashCount
}

export function slotOfPosition(position: KeyPosition): number {
  return Math.floor(position / hashCount)
}

const from = new ByteWriter(16)
const key = new Key()

/**
 * Visits the keys of this shard from `position` on: `visit` gets the row's key, in which the name begins at
 * `headerPrefixBytes`, and its value, valid during the call; it returns false to end before this key. Keys that are expired
 * are not shown: they are deleted, which runs a read again as a write.
 * @returns the position of the key at which it ended, `positionEnd` after the last
 */
export function visitKeys(
  call: Call,
  position: KeyPosition,
  visit: (position: KeyPosition, rowKey: Uint8Array, row: Uint8Array) => boolean,
): KeyPosition {
  const now = nowMs(call)
  const expired: Uint8Array[] = []
  const ended = visitRows(call, position, (at, rowKey, row) => {
    const expireAtMs = expireAtMsOf(row)
    if (expireAtMs === 0 || expireAtMs > now) return visit(at, rowKey, row)
    expired.push(copyBytes(rowKey.subarray(headerPrefixBytes)))
    return true
  })
  // Finding an expired key deletes it; a cursor does not outlive changes, so that is done when all are found.
  for (const name of expired) key.findName(call, name, 0, name.length)
  return ended
}

function visitRows(
  call: Call,
  position: KeyPosition,
  visit: (position: KeyPosition, rowKey: Uint8Array, row: Uint8Array) => boolean,
): KeyPosition {
  for (let next = position; next < positionEnd; ) {
    const slot = slotOfPosition(next)
    from.clear()
    from.uint16Be(slot)
    from.uint8(kinds.header)
    from.uint32Be(next - positionOfSlot(slot))
    const cursor = call.evaluation.scan({ from: from.copy(), to: undefined })
    for (;;) {
      if (!cursor.next()) return positionEnd
      const rowKey = cursor.key
      const rowSlot = (rowKey[0]! << 8) | rowKey[1]!
      if (rowKey[2] !== kinds.header) {
        next = positionOfSlot(rowSlot + 1)
        break
      }
      const hash = ((rowKey[3]! << 24) | (rowKey[4]! << 16) | (rowKey[5]! << 8) | rowKey[6]!) >>> 0
      const at = positionOfSlot(rowSlot) + hash
      if (!visit(at, rowKey, cursor.value)) return at
    }
  }
  return positionEnd
}
