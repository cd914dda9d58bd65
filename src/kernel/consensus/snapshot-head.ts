import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { GroupId, LogBoundary } from '#kernel/storage/log/node-log-types.ts'

/**
 * What opens the stream of a snapshot: `group(varint) term(varint) index(varint) boundaryTerm(varint) count(varint) (name(text)
 * bytes(uint64))*`.
 */
export interface SnapshotHead {
  readonly group: GroupId
  /** The sender's. */
  readonly term: number
  readonly boundary: LogBoundary
  /** In the order in which their bytes follow. */
  readonly files: readonly FileHead[]
}

export interface FileHead {
  readonly name: string
  readonly bytes: number
}

/** Files of one snapshot. */
const filesMax = 1 << 20

export function encodeSnapshotHead({ group, term, boundary, files }: SnapshotHead): Uint8Array {
  const writer = new ByteWriter(256)
  for (const number of [group, term, boundary.index, boundary.term, files.length]) writer.varint(number)
  for (const { name, bytes } of files) {
    writer.text(name)
    writer.uint64(bytes)
  }
  return writer.take()
}

/** @throws UnumError `DATA_DAMAGED`, `LIMIT_EXCEEDED` */
export function decodeSnapshotHead(bytes: Uint8Array): SnapshotHead {
  const reader = new ByteReader(bytes)
  const group = reader.varint()
  const term = reader.varint()
  const boundary = { index: reader.varint(), term: reader.varint() }
  const count = reader.varint()
  if (count > filesMax)
    throw new UnumError('LIMIT_EXCEEDED', `A snapshot has ${count} files: at most ${filesMax} are taken`)
  const files: FileHead[] = []
  while (files.length < count) files.push({ name: reader.text(), bytes: reader.uint64() })
  return { group, term, boundary, files }
}
