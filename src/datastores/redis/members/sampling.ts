import { latin1Text } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Random } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import type { Call } from '../call.ts'
import { ByteList } from './byte-list.ts'
import type { MemberTable } from './member-table.ts'

/**
 * Random members: SPOP, SRANDMEMBER, HRANDFIELD, ZRANDMEMBER.
 *
 * Chance is a function of the evaluation: its timestamp, which no other transaction of the shard has, and where the
 * reply begins, which tells apart the commands of one MULTI.
 *
 * In a table of up to `exactCountMax` members each is exactly as likely as every other. In a larger one, walking to a
 * random rank would read half of it: a random hash is looked up and a random number of steps taken from there. A member is
 * then as likely as its neighbours' gaps, summed over `stepsMax` of them, are wide: within some ten per cent of uniform.
 */
const exactCountMax = 256
const stepsMax = 64

/** Members, each with the value of its row. */
export interface Sample {
  readonly members: ByteList
  readonly values: ByteList
}

export function chanceOf(call: Call): Random {
  return createRandom(`${call.evaluation.timestampUs}/${call.reply.length}`)
}

/** `count` different members; all of them where there are not more. */
export function sampleDistinct(call: Call, table: MemberTable, count: number): Sample {
  const chance = chanceOf(call)
  if (table.count <= exactCountMax || count * 8 > table.count) return selectDistinct(call, table, count, chance)
  const sample = emptySample()
  const seen = new Set<string>()
  while (seen.size < count) drawOne(call, table, chance, sample, seen)
  return sample
}

/** `count` members, each drawn from all. */
export function sampleWithRepeats(call: Call, table: MemberTable, count: number): Sample {
  const chance = chanceOf(call)
  const sample = emptySample()
  if (table.count > exactCountMax) {
    while (sample.members.count < count) drawOne(call, table, chance, sample, undefined)
    return sample
  }
  const all = selectDistinct(call, table, table.count, chance)
  for (let drawn = 0; drawn < count; drawn++) {
    const i = chance.below(table.count)
    sample.members.push(all.members.bytes, all.members.start(i), all.members.end(i))
    sample.values.push(all.values.bytes, all.values.start(i), all.values.end(i))
  }
  return sample
}

function emptySample(): Sample {
  return { members: new ByteList(), values: new ByteList() }
}

/** Selection sampling (Knuth, TAOCP volume 2, section 3.4.2, algorithm S): one pass, every subset equally likely. */
function selectDistinct(call: Call, table: MemberTable, count: number, chance: Random): Sample {
  const sample = emptySample()
  const memberStart = table.memberStart()
  const cursor = table.members(call)
  let wanted = Math.min(count, table.count)
  for (let left = table.count; wanted > 0 && cursor.next(); left--) {
    if (wanted < left && chance.below(left) >= wanted) continue
    sample.members.push(cursor.key, memberStart)
    sample.values.push(cursor.value)
    wanted--
  }
  return sample
}

/** Adds a member near a random hash, unless it is in `seen`. */
function drawOne(call: Call, table: MemberTable, chance: Random, sample: Sample, seen: Set<string> | undefined): void {
  let cursor = table.members(call, chance.uint32())
  for (let steps = 1 + chance.below(stepsMax); steps > 0; steps--) {
    if (cursor.next()) continue
    cursor = table.members(call)
    if (!cursor.next()) throw new UnumError('DATA_DAMAGED', `A key that counts ${table.count} members has no rows`)
  }
  const memberStart = table.memberStart()
  const { key, value } = cursor
  if (seen) {
    const member = latin1Text(key, memberStart, key.length)
    if (seen.has(member)) return
    seen.add(member)
  }
  sample.members.push(key, memberStart)
  sample.values.push(value)
}
