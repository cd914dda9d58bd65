import { Arguments } from '#kernel/base/arguments.ts'
import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { EvaluatorSpec } from '#kernel/shards/evaluation.ts'

/**
 * What the cluster remembers of consumer groups, in a key space of its own. Keys begin with the group's slot (two bytes), a kind and the
 * group's name with its length before it:
 *
 *     group:  → JSON: its generation and protocol
 *     offset: topic, its length before it, partition(uint32 be) → offset(uint64) epoch + 1(varint) time(uint64) metadata(text)
 */
export const groupsSpace = 'kafka'
export const groupSlots = 64

export interface GroupRow {
  /** Rises with each rebalance: only members of the newest may commit. */
  readonly generation: number
  readonly protocolType: string
}

export interface CommittedOffset {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  /** -1: not said. */
  readonly leaderEpoch: number
  readonly timestampMs: number
  readonly metadata: string
}

/** As long as a text of the protocol may be: one that is not UTF-8 can become longer where it is read. */
export function isGroupName(group: string): boolean {
  return utf8Bytes(group).length <= 0x7fff
}

export function slotOfGroup(group: string): number {
  return crc32c(utf8Bytes(group)) % groupSlots
}

const kinds = { group: 1, offset: 2 } as const

function keyOf(kind: keyof typeof kinds, group: string): Uint8Array {
  const writer = new ByteWriter()
  writer.uint16Be(slotOfGroup(group))
  writer.uint8(kinds[kind])
  const name = utf8Bytes(group)
  writer.uint16Be(name.length)
  writer.raw(name)
  return writer.take()
}

function offsetKey(group: string, topic: string, partition: number): Uint8Array {
  const writer = new ByteWriter()
  writer.raw(keyOf('offset', group))
  const name = utf8Bytes(topic)
  writer.uint16Be(name.length)
  writer.raw(name)
  writer.uint32Be(partition)
  return writer.take()
}

/** All keys that begin with `prefix`. */
function under(prefix: Uint8Array): { readonly from: Uint8Array; readonly to: Uint8Array } {
  const to = prefix.slice()
  let at = to.length - 1
  while (to[at] === 0xff) at--
  to[at]!++
  return { from: prefix, to: to.subarray(0, at + 1) }
}

function readGroup(bytes: Uint8Array): GroupRow {
  const row = JSON.parse(utf8Text(bytes)) as Partial<GroupRow>
  if (!Number.isSafeInteger(row.generation) || typeof row.protocolType !== 'string') {
    throw new UnumError('DATA_DAMAGED', 'A row of a consumer group cannot be read')
  }
  return row as GroupRow
}

function writeOffset(writer: ByteWriter, committed: Omit<CommittedOffset, 'topic' | 'partition'>): void {
  writer.uint64(committed.offset)
  writer.varint(committed.leaderEpoch + 1)
  writer.uint64(committed.timestampMs)
  writer.text(committed.metadata)
}

function readOffset(reader: ByteReader): Omit<CommittedOffset, 'topic' | 'partition'> {
  return {
    offset: reader.uint64(),
    leaderEpoch: reader.varint() - 1,
    timestampMs: reader.uint64(),
    metadata: reader.text(),
  }
}

// ---- what is asked ----

export const groupEvaluators = {
  begin: 'kafka.begin-generation',
  get: 'kafka.group',
  commit: 'kafka.commit-offsets',
  offsets: 'kafka.offsets',
  deleteOffsets: 'kafka.delete-offsets',
  remove: 'kafka.delete-group',
  list: 'kafka.groups',
} as const

/** The next generation, if the group's is still `expected`; it is 0 in a group that there was not. */
export function beginArguments(group: string, expected: number, row: GroupRow): Arguments {
  return Arguments.of(utf8Bytes(group), utf8Bytes(String(expected)), utf8Bytes(JSON.stringify(row)))
}

export function groupArguments(group: string): Arguments {
  return Arguments.of(utf8Bytes(group))
}

/** Offsets of a member of `generation`; -1: of a client that is no member of a group. */
export function commitArguments(group: string, generation: number, offsets: readonly CommittedOffset[]): Arguments {
  const writer = new ByteWriter()
  for (const { topic, partition, ...committed } of offsets) {
    writer.text(topic)
    writer.uint32(partition)
    writeOffset(writer, committed)
  }
  return Arguments.of(utf8Bytes(group), utf8Bytes(String(generation)), writer.take())
}

export function deleteOffsetsArguments(
  group: string,
  partitions: readonly { readonly topic: string; readonly partition: number }[],
): Arguments {
  const writer = new ByteWriter()
  for (const { topic, partition } of partitions) {
    writer.text(topic)
    writer.uint32(partition)
  }
  return Arguments.of(utf8Bytes(group), writer.take())
}

export function listArguments(): Arguments {
  return Arguments.of(new Uint8Array(0))
}

export function parseOffsets(bytes: Uint8Array): CommittedOffset[] {
  const reader = new ByteReader(bytes)
  const offsets: CommittedOffset[] = []
  while (reader.remaining > 0) offsets.push({ topic: reader.text(), partition: reader.uint32(), ...readOffset(reader) })
  return offsets
}

export function parseGroup(bytes: Uint8Array): GroupRow | undefined {
  return bytes.length === 0 ? undefined : readGroup(bytes)
}

export function parseGroups(bytes: Uint8Array): { readonly group: string; readonly row: GroupRow }[] {
  const reader = new ByteReader(bytes)
  const groups: { group: string; row: GroupRow }[] = []
  while (reader.remaining > 0) groups.push({ group: reader.text(), row: readGroup(reader.block()) })
  return groups
}

/** Each answers with `done`, the generation that there is instead, or rows. */
export const groupEvaluatorSpecs: readonly EvaluatorSpec[] = [
  {
    name: `${groupEvaluators.begin}@1`,
    kind: 'write',
    run(evaluation, args, reply) {
      const key = keyOf('group', args.utf8(0))
      const found = evaluation.get(key)
      const generation = found ? readGroup(found).generation : 0
      if (generation !== Number(args.utf8(1))) {
        reply.ascii(String(generation))
        return
      }
      evaluation.put(key, args.slice(2))
      reply.ascii('done')
    },
  },
  {
    name: `${groupEvaluators.get}@1`,
    kind: 'read',
    run(evaluation, args, reply) {
      const found = evaluation.get(keyOf('group', args.utf8(0)))
      if (found) reply.raw(found)
    },
  },
  {
    name: `${groupEvaluators.commit}@1`,
    kind: 'write',
    run(evaluation, args, reply) {
      const group = args.utf8(0)
      const generation = Number(args.utf8(1))
      const key = keyOf('group', group)
      const found = evaluation.get(key)
      const known = found && readGroup(found).generation
      if (generation >= 0 && known !== generation) {
        reply.ascii(String(known ?? 0))
        return
      }
      if (!found) evaluation.put(key, utf8Bytes(JSON.stringify({ generation: 0, protocolType: '' })))
      for (const { topic, partition, ...committed } of parseOffsets(args.slice(2))) {
        const writer = new ByteWriter()
        writeOffset(writer, committed)
        evaluation.put(offsetKey(group, topic, partition), writer.take())
      }
      reply.ascii('done')
    },
  },
  {
    name: `${groupEvaluators.offsets}@1`,
    kind: 'read',
    run(evaluation, args, reply) {
      const prefix = keyOf('offset', args.utf8(0))
      const rows = evaluation.scan(under(prefix))
      while (rows.next()) {
        const key = new ByteReader(rows.key, prefix.length)
        reply.text(utf8Text(key.raw(key.uint16Be())))
        reply.uint32(key.uint32Be())
        reply.raw(rows.value)
      }
    },
  },
  {
    name: `${groupEvaluators.deleteOffsets}@1`,
    kind: 'write',
    run(evaluation, args, reply) {
      const group = args.utf8(0)
      const reader = new ByteReader(args.slice(1))
      while (reader.remaining > 0) evaluation.delete(offsetKey(group, reader.text(), reader.uint32()))
      reply.ascii('done')
    },
  },
  {
    name: `${groupEvaluators.remove}@1`,
    kind: 'write',
    run(evaluation, args, reply) {
      const group = args.utf8(0)
      const key = keyOf('group', group)
      if (!evaluation.get(key)) {
        reply.ascii('unknown')
        return
      }
      evaluation.delete(key)
      evaluation.deleteRange(under(keyOf('offset', group)))
      reply.ascii('done')
    },
  },
  {
    name: `${groupEvaluators.list}@1`,
    kind: 'read',
    run(evaluation, _args, reply) {
      for (let slot = 0; slot < groupSlots; slot++) {
        const rows = evaluation.scan(under(Uint8Array.of(slot >> 8, slot, kinds.group)))
        while (rows.next()) {
          reply.block(rows.key.subarray(5))
          reply.block(rows.value)
        }
      }
    },
  },
]
