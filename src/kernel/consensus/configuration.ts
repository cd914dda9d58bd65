import type { ByteReader } from '#kernel/base/byte-reader.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { UnumError } from '#kernel/base/errors.ts'

/** Identifies a replica of a group. Small, positive, never reused within a cluster. */
export type ReplicaId = number

/**
 * Who takes part in a group (Raft §6, joint consensus). While `outgoing` is not empty, every decision needs a majority of
 * `voters` and a majority of `outgoing`. There is a voter; no list has a replica twice; a learner is none of the `voters`,
 * but may be of the `outgoing`.
 */
export interface Configuration {
  readonly voters: readonly ReplicaId[]
  readonly outgoing: readonly ReplicaId[]
  /** Receive entries and count for nothing. */
  readonly learners: readonly ReplicaId[]
}

export function simpleConfiguration(voters: readonly ReplicaId[]): Configuration {
  return { voters: [...voters].sort((a, b) => a - b), outgoing: [], learners: [] }
}

/** Everyone who receives entries, each once, ascending. */
export function membersOf(configuration: Configuration): ReplicaId[] {
  const all = new Set([...configuration.voters, ...configuration.outgoing, ...configuration.learners])
  return [...all].sort((a, b) => a - b)
}

export function isVoter(configuration: Configuration, replica: ReplicaId): boolean {
  return configuration.voters.includes(replica) || configuration.outgoing.includes(replica)
}

/**
 * Whether `next` may come after `current` (Raft §6): into a joint configuration from the voters that there are, out of it to
 * its new voters, learners at any time. Never back to the outgoing voters, as long as the joint configuration is committed:
 * another leader may have gone forward already, and the two would decide without each other.
 */
export function mayFollow(current: Configuration, next: Configuration): boolean {
  const keepsVoters = isSame(next.voters, current.voters)
  if (keepsVoters && isSame(next.outgoing, current.outgoing)) return true
  if (current.outgoing.length > 0) return keepsVoters && next.outgoing.length === 0
  return isSame(next.outgoing, current.voters)
}

function isSame(a: readonly ReplicaId[], b: readonly ReplicaId[]): boolean {
  return a.length === b.length && a.every((replica) => b.includes(replica))
}

/** `varint count, varint id …` for voters, outgoing and learners. */
export function writeConfiguration(writer: ByteWriter, configuration: Configuration): void {
  for (const list of [configuration.voters, configuration.outgoing, configuration.learners]) {
    writer.varint(list.length)
    for (const replica of list) writer.varint(replica)
  }
}

/** @throws UnumError `DATA_DAMAGED`, also where it is none that could be. */
export function readConfiguration(reader: ByteReader): Configuration {
  const configuration = { voters: readList(reader), outgoing: readList(reader), learners: readList(reader) }
  const { voters, learners } = configuration
  if (voters.length === 0 || learners.some((replica) => voters.includes(replica))) {
    throw new UnumError('DATA_DAMAGED', `No group can have voters ${voters} and learners ${learners}`)
  }
  return configuration
}

function readList(reader: ByteReader): ReplicaId[] {
  const list: ReplicaId[] = []
  for (let left = reader.varint(); left > 0; left--) list.push(reader.varint())
  if (list.includes(0) || new Set(list).size !== list.length) {
    throw new UnumError('DATA_DAMAGED', `A list of replicas has 0, or one of them twice: ${list}`)
  }
  return list
}
