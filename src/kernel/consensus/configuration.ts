import type { ByteReader } from '#kernel/base/byte-reader.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'

/** Identifies a replica of a group. Small, positive, never reused within a cluster. */
export type ReplicaId = number

/**
 * Who takes part in a group (Raft §6, joint consensus). While `outgoing` is not empty, every decision needs a majority of
 * `voters` and a majority of `outgoing`.
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

/** `varint count, varint id …` for voters, outgoing and learners. */
export function writeConfiguration(writer: ByteWriter, configuration: Configuration): void {
  for (const list of [configuration.voters, configuration.outgoing, configuration.learners]) {
    writer.varint(list.length)
    for (const replica of list) writer.varint(replica)
  }
}

/** @throws UnumError `DATA_DAMAGED` */
export function readConfiguration(reader: ByteReader): Configuration {
  const readList = () => {
    const list: ReplicaId[] = []
    for (let left = reader.varint(); left > 0; left--) list.push(reader.varint())
    return list
  }
  return { voters: readList(), outgoing: readList(), learners: readList() }
}
