import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'

/**
 * What a partition's group replicates, in entries of the kind `command`: a type (uint8), then
 *
 *     batches: record batches, one after the other, with their offsets and the leader's epoch (docs: `batch.ts`)
 *     start:   offset(uint64) below which records are gone
 *
 * On disk and between nodes: numbers are never reused.
 */
export const entryTypes = { batches: 1, start: 2 } as const

export function startEntry(offset: number): Uint8Array {
  const writer = new ByteWriter(9)
  writer.uint8(entryTypes.start)
  writer.uint64(offset)
  return writer.take()
}

/** @throws UnumError `DATA_DAMAGED` */
export function readStart(data: Uint8Array): number {
  return new ByteReader(data, 1).uint64()
}
