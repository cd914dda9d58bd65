import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import type { Dice } from '#kernel/base/testing/fuzz/index.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { BatchEncoder } from './batch-encoder.ts'
import { batchHeaderBytes } from './format.ts'
import { GroupState } from './group-state.ts'
import { noFloors, Replay, readFloors } from './replay.ts'

/**
 * Bodies of batches whose checksums were right, and that say anything. An input is some of them, each behind its length
 * (u16) and behind how many batches before it are lost (u8, mostly 0).
 */
function batches(input: Uint8Array): { readonly lost: number; readonly body: Uint8Array }[] {
  const found = []
  for (let at = 0; at + 3 <= input.length; ) {
    const length = input[at]! | (input[at + 1]! << 8)
    const lost = input[at + 2]! & 3
    found.push({ lost, body: input.subarray(at + 3, at + 3 + length) })
    at += 3 + length
  }
  return found
}

/** Bodies as the log itself makes them. */
function example(fill: ((encoder: BatchEncoder) => void)[]): Uint8Array {
  const writer = new ByteWriter()
  for (const [i, act] of fill.entries()) {
    const encoder = new BatchEncoder()
    encoder.reset()
    act(encoder)
    const chunks: Uint8Array[] = []
    const length = encoder.finish(chunks, 512, 0, { identity: 1, number: i + 1, born: 2 }) - batchHeaderBytes
    writer.uint16(length)
    writer.uint8(0)
    writer.rawRange(chunks[0]!, batchHeaderBytes, batchHeaderBytes + length)
  }
  return writer.take()
}

function examples(): Uint8Array[] {
  const groups = [new GroupState(1, 0), new GroupState(7, 0)]
  const [first, second] = groups as [GroupState, GroupState]
  const next = (group: GroupState) => {
    group.sequence++
    return group
  }
  const entry = (index: number) => ({ index, term: 2, kind: 0, data: latin1Bytes(`entry ${index}`) })
  first.configuration = latin1Bytes('members')
  const live = new Map(groups.map((group) => [group.id, group]))
  const opening = (encoder: BatchEncoder) => encoder.opening(live, new Map(), 2)
  const first4 = example([
    (encoder) => {
      encoder.configuration(next(first))
      encoder.hardState(next(second))
      opening(encoder)
    },
    (encoder) => encoder.entries(next(first), [1, 2, 3].map(entry), 0, 3),
    (encoder) => {
      encoder.witness(2, [first])
      encoder.entries(next(second), [1, 2].map(entry), 0, 2)
      first.boundaryIndex = 2
      first.boundaryTerm = 2
      encoder.boundary(next(first), false)
    },
    (encoder) => {
      encoder.witness(3, groups)
      encoder.entries(next(first), [3, 4].map(entry), 0, 2)
      encoder.boundary(next(second), true)
    },
  ])
  first.lastIndex = 4
  const rest = example([
    opening,
    (encoder) => {
      encoder.removal(next(second))
      second.isRemoved = true
    },
    (encoder) => {
      encoder.witness(5, [second])
      encoder.opening(new Map([[1, first]]), new Map([[7, second]]), 2)
    },
  ])
  return [first4, rest]
}

function replay(input: Uint8Array, dice: Dice): string {
  const found = batches(input)
  const floors = found.length > 1 && dice.once(4) ? readFloors(found.length, found.at(-1)!.body) : noFloors
  const replaying = new Replay(floors)
  let number = 1
  for (const { lost, body } of found) {
    number += lost
    replaying.proveSyncedBelow(number, replaying.born)
    replaying.apply(number++, body)
    if (dice.once(4)) replaying.endSegment()
  }
  let damaged = 0
  const groups = replaying.finish()
  for (const { boundary, entries, hardState, damaged: isDamaged } of groups.values()) {
    if (isDamaged) damaged++
    check(
      entries.every(({ index }, i) => index === boundary.index + 1 + i && Number.isSafeInteger(index)),
      'entries are consecutive, from behind the boundary on',
    )
    check(Number.isSafeInteger(hardState.term) && Number.isSafeInteger(boundary.term), 'terms are safe integers')
  }
  return `${bucket(found.length)} ${bucket(groups.size)} ${bucket(damaged)} ${replaying.lost.length > 0}`
}

const target: FuzzTarget = {
  name: 'log-records',
  family: 'log',
  refusals: ['DATA_DAMAGED'],
  inputBytesMax: 1024,
  corpus: () => [...examples(), ...committedCorpus(import.meta.dirname, 'log-records')],
  run: replay,
}

export const targets = [target]
