import { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import type { BackgroundSpec } from '#kernel/handles/service.ts'
import type { Call } from '../call.ts'
import { nowMs } from '../call.ts'
import { Key, kinds, uint64At } from '../keyspace.ts'
import { ByteList } from '../members/byte-list.ts'
import { integerArgument } from '../numbers.ts'
import { integer } from '../reply.ts'
import { slotCount } from '../slots.ts'

/**
 * Deletes expired keys that nobody asks for, in the background, so that their memory comes back: each run looks at the soonest
 * expiry of some slots and goes round all of them. Keys that are asked for do not wait for this.
 */
const slotsPerRun = 1024
const deletionsPerRun = 500
const everyMs = 200

export function sweepSpec(space: string, evaluator: string): BackgroundSpec {
  return {
    space,
    evaluator,
    everyMs,
    args: (round, counter) => {
      if (counter('expires') === 0) return undefined
      const firstSlot = (round * slotsPerRun) % slotCount
      return Arguments.of(latin1Bytes('SWEEP'), latin1Bytes(String(firstSlot)))
    },
  }
}

const from = new ByteWriter(16)
const key = new Key()
/** Bytes of an expiry row's key before the name. */
const namePosition = 11

/** `SWEEP firstSlot`: answers how many keys it deleted. */
export function sweep(call: Call): void {
  const firstSlot = integerArgument(call.args, 1)
  const lastSlot = Math.min(firstSlot + slotsPerRun, slotCount) - 1
  const names = expiredNames(call, firstSlot, lastSlot)
  // Finding an expired key deletes it; a cursor does not outlive changes, so that is done when all are found.
  for (let i = 0; i < names.count; i++) key.findName(call, names.bytes, names.start(i), names.end(i))
  integer(call, names.count)
}

function expiredNames(call: Call, firstSlot: number, lastSlot: number): ByteList {
  const now = nowMs(call)
  const names = new ByteList()
  let slot = firstSlot
  while (slot <= lastSlot && names.count < deletionsPerRun) {
    from.clear()
    from.uint16Be(slot)
    from.uint8(kinds.expiry)
    const cursor = call.evaluation.scan({ from: from.copy(), to: undefined })
    for (;;) {
      if (!cursor.next()) return names
      const rowKey = cursor.key
      const rowSlot = (rowKey[0]! << 8) | rowKey[1]!
      if (rowSlot !== slot) {
        // The first row of a later slot, which may be far away: slots without keys cost nothing.
        slot = rowSlot
        break
      }
      if (uint64At(rowKey, 3) > now || names.count === deletionsPerRun) {
        slot++
        break
      }
      names.push(rowKey, namePosition)
    }
  }
  return names
}
