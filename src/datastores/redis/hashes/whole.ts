import type { Call } from '../call.ts'
import { drawArguments } from '../count-arguments.ts'
import type { Sample } from '../members/sampling.ts'
import { sampleDistinct, sampleWithRepeats } from '../members/sampling.ts'
import { scanMembers } from '../members/scan.ts'
import { array, bulk, bulkRange, map, nullBulk } from '../reply.ts'
import { Hash } from './hash.ts'

/** Commands that read a hash as a whole, or part after part, or by chance. */

const hash = new Hash()

export function hgetall(call: Call): void {
  hash.open(call, 1)
  map(call, hash.count)
  if (hash.count === 0) return
  const memberStart = hash.memberStart()
  const cursor = hash.members(call)
  while (cursor.next()) {
    bulkRange(call, cursor.key, memberStart, cursor.key.length)
    bulk(call, cursor.value)
  }
}

export function hkeys(call: Call): void {
  hash.open(call, 1)
  array(call, hash.count)
  if (hash.count === 0) return
  const memberStart = hash.memberStart()
  const cursor = hash.members(call)
  while (cursor.next()) bulkRange(call, cursor.key, memberStart, cursor.key.length)
}

export function hvals(call: Call): void {
  hash.open(call, 1)
  array(call, hash.count)
  if (hash.count === 0) return
  const cursor = hash.members(call)
  while (cursor.next()) bulk(call, cursor.value)
}

export function hscan(call: Call): void {
  scanMembers(call, hash, (to, value) => bulk(to, value))
}

export function hrandfield(call: Call): void {
  const { args } = call
  if (args.count === 2) {
    if (!hash.open(call, 1)) {
      nullBulk(call)
      return
    }
    const { members } = sampleDistinct(call, hash, 1)
    bulkRange(call, members.bytes, members.start(0), members.end(0))
    return
  }
  const { count, withValues } = drawArguments(args, 'WITHVALUES')
  const exists = hash.open(call, 1)
  if (!exists || count === 0) {
    array(call, 0)
    return
  }
  replySample(call, count > 0 ? sampleDistinct(call, hash, count) : sampleWithRepeats(call, hash, -count), withValues)
}

/** With values: pairs, in RESP2 one flat list of them. */
function replySample(call: Call, { members, values }: Sample, withValues: boolean): void {
  array(call, withValues && call.protocol === 2 ? members.count * 2 : members.count)
  for (let i = 0; i < members.count; i++) {
    if (withValues && call.protocol === 3) array(call, 2)
    bulkRange(call, members.bytes, members.start(i), members.end(i))
    if (withValues) bulkRange(call, values.bytes, values.start(i), values.end(i))
  }
}
