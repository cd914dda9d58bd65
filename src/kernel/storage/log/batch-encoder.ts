import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { alignUp, type BatchHeader, batchHeaderBytes, encodeBatchHeader, pageBytes } from './format.ts'
import type { GroupState } from './group-state.ts'
import type { GroupId, LogEntry } from './node-log-types.ts'
import { recordKinds } from './record-kinds.ts'

/** Data above it is written from where it lies, instead of being copied into the batch's buffer. */
const copiedBytesMax = 4096

/** A buffer that has grown beyond it is let go after its batch. */
const keptBytesMax = 4 << 20

/**
 * One batch as it is filled: records go straight into one buffer, which is used again for a later batch. Large data of
 * entries stays where it is and is put between by `finish`.
 */
export class BatchEncoder {
  #writer = newWriter()
  /** Large data, and where in the buffer each belongs. */
  readonly #apart: Uint8Array[] = []
  readonly #apartAt: number[] = []
  #apartBytes = 0
  #isEmpty = true

  /** Whether there is no record yet. */
  get isEmpty(): boolean {
    return this.#isEmpty
  }

  /** Of header and records so far. */
  get bytes(): number {
    return this.#writer.length + this.#apartBytes
  }

  /** Entries `from` to `to` (exclusive) of a list that is consecutive. */
  entries(group: GroupState, entries: readonly LogEntry[], from: number, to: number): void {
    const writer = this.#begin(recordKinds.entries, group)
    writer.varint(entries[from]!.index)
    writer.varint(to - from)
    for (let i = from; i < to; i++) {
      const { term, kind, data } = entries[i]!
      writer.varint(term)
      writer.uint8(kind)
      writer.varint(data.length)
      if (data.length <= copiedBytesMax) {
        writer.raw(data)
      } else {
        this.#apart.push(data)
        this.#apartAt.push(writer.length)
        this.#apartBytes += data.length
      }
    }
  }

  hardState(group: GroupState): void {
    const writer = this.#begin(recordKinds.hardState, group)
    writer.varint(group.term)
    writer.varint(group.vote)
  }

  boundary(group: GroupState, forgetsAbove: boolean): void {
    const writer = this.#begin(recordKinds.boundary, group)
    writer.varint(group.boundaryIndex)
    writer.varint(group.boundaryTerm)
    writer.uint8(forgetsAbove ? 1 : 0)
  }

  configuration(group: GroupState): void {
    this.#begin(recordKinds.configuration, group).block(group.configuration)
  }

  removal(group: GroupState): void {
    this.#begin(recordKinds.removal, group)
  }

  /** The sequences of groups with records in the batches from `firstBatch` up to the one before this. */
  witness(firstBatch: number, groups: readonly GroupState[]): void {
    const writer = this.#writer
    this.#isEmpty = false
    writer.uint8(recordKinds.witness)
    writer.varint(firstBatch)
    writer.varint(groups.length)
    for (const group of groups) {
      writer.varint(group.id)
      writer.uint8(group.isRemoved ? 1 : 0)
      writer.varint(group.sequence)
    }
  }

  /**
   * All live groups as they are after this batch, and the sequences of some that were removed.
   * @param born Number of all groups that there ever were.
   */
  opening(live: ReadonlyMap<GroupId, GroupState>, removed: ReadonlyMap<GroupId, GroupState>, born: number): void {
    const writer = this.#writer
    this.#isEmpty = false
    writer.uint8(recordKinds.opening)
    writer.varint(born)
    writer.varint(removed.size)
    for (const group of removed.values()) {
      writer.varint(group.id)
      writer.varint(group.sequence)
    }
    writer.varint(live.size)
    for (const group of live.values()) {
      writer.varint(group.id)
      writer.varint(group.sequence)
      writer.uint8(group.isDamaged ? 1 : 0)
      writer.varint(group.term)
      writer.varint(group.vote)
      writer.varint(group.boundaryIndex)
      writer.varint(group.boundaryTerm)
      writer.varint(group.lastIndex)
      writer.block(group.configuration)
    }
  }

  /**
   * Appends the batch to `chunks`, with zeros up to the end of the page, for a batch that starts at `position` of its
   * segment. The chunks share memory with this encoder: it must not be used before they are written.
   * @returns bytes of header and records, without the zeros
   */
  finish(
    chunks: Uint8Array[],
    position: number,
    salt: number,
    header: Pick<BatchHeader, 'identity' | 'number' | 'born'>,
  ): number {
    const writer = this.#writer
    const apart = this.#apart
    const { length } = writer
    let bodyChecksum = salt
    let from = batchHeaderBytes
    for (let i = 0; i < apart.length; i++) {
      const at = this.#apartAt[i]!
      bodyChecksum = crc32c(writer.bytes, from, at, bodyChecksum)
      bodyChecksum = crc32c(apart[i]!, 0, apart[i]!.length, bodyChecksum)
      from = at
    }
    bodyChecksum = crc32c(writer.bytes, from, length, bodyChecksum)

    const bytes = this.bytes
    const padding = alignUp(position + bytes, pageBytes) - position - bytes
    writer.reserve(padding)
    writer.bytes.fill(0, length, length + padding)
    const { buffer, byteOffset } = writer.bytes
    encodeBatchHeader(
      new DataView(buffer, byteOffset),
      { ...header, bodyBytes: bytes - batchHeaderBytes, bodyChecksum },
      salt,
    )

    from = 0
    for (let i = 0; i < apart.length; i++) {
      const at = this.#apartAt[i]!
      chunks.push(writer.bytes.subarray(from, at), apart[i]!)
      from = at
    }
    chunks.push(writer.bytes.subarray(from, length + padding))
    return bytes
  }

  /** Ready for another batch. */
  reset(): void {
    if (this.#writer.bytes.length > keptBytesMax) this.#writer = newWriter()
    this.#writer.length = batchHeaderBytes
    this.#apart.length = 0
    this.#apartAt.length = 0
    this.#apartBytes = 0
    this.#isEmpty = true
  }

  #begin(kind: number, group: GroupState): ByteWriter {
    const writer = this.#writer
    this.#isEmpty = false
    writer.uint8(kind)
    writer.varint(group.id)
    writer.varint(group.sequence)
    return writer
  }
}

function newWriter(): ByteWriter {
  const writer = new ByteWriter(64 << 10)
  writer.length = batchHeaderBytes
  return writer
}
