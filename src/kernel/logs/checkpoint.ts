import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { LogBoundary } from '#kernel/storage/log/node-log-types.ts'
import type { EpochStart } from './epochs.ts'
import { Producers, readProducers, writeProducers } from './producers.ts'

/** What a partition's files hold as of an entry of its group: written with each flush, replaced by a rename. */
export interface Checkpoint {
  /** The last entry whose batches are in the segments. */
  readonly boundary: LogBoundary
  /** The group's configuration then: opaque here. */
  readonly configuration: Uint8Array
  readonly startOffset: number
  readonly nextOffset: number
  /** Rising; the last one is written to. */
  readonly segments: readonly SegmentRow[]
  readonly epochs: readonly EpochStart[]
  readonly producers: Producers
}

export interface SegmentRow {
  readonly baseOffset: number
  /** What is beyond is of entries that the log still has. */
  readonly bytes: number
  readonly maxTimestamp: number
}

export const emptyCheckpoint: Checkpoint = {
  boundary: { index: 0, term: 0 },
  configuration: new Uint8Array(0),
  startOffset: 0,
  nextOffset: 0,
  segments: [],
  epochs: [],
  producers: new Producers(),
}

/** "UPCK", and the version of what follows. */
const magic = 0x4b435055
const version = 1

export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const writer = new ByteWriter(256)
  writer.uint32(magic)
  writer.varint(version)
  writer.uint64(checkpoint.boundary.index)
  writer.uint64(checkpoint.boundary.term)
  writer.block(checkpoint.configuration)
  writer.uint64(checkpoint.startOffset)
  writer.uint64(checkpoint.nextOffset)
  writer.varint(checkpoint.segments.length)
  for (const { baseOffset, bytes, maxTimestamp } of checkpoint.segments) {
    writer.uint64(baseOffset)
    writer.uint64(bytes)
    writer.uint64(maxTimestamp + 1)
  }
  writer.varint(checkpoint.epochs.length)
  for (const { epoch, startOffset } of checkpoint.epochs) {
    writer.varint(epoch)
    writer.uint64(startOffset)
  }
  writeProducers(writer, checkpoint.producers)
  writer.uint32(crc32c(writer.view()))
  return writer.take()
}

/** @throws UnumError `DATA_DAMAGED`, `FORMAT_UNKNOWN` */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const end = bytes.length - 4
  if (end < 8 || new ByteReader(bytes, end).uint32() !== crc32c(bytes, 0, end)) throw damaged('wrong checksum')
  const reader = new ByteReader(bytes, 0, end)
  if (reader.uint32() !== magic) throw damaged('it is none')
  const found = reader.varint()
  if (found !== version) {
    throw new UnumError(
      'FORMAT_UNKNOWN',
      `A checkpoint of a partition has format ${found}, this version knows ${version}`,
    )
  }
  const boundary = { index: reader.uint64(), term: reader.uint64() }
  const configuration = reader.block().slice()
  const startOffset = reader.uint64()
  const nextOffset = reader.uint64()
  const segments: SegmentRow[] = []
  for (let left = reader.varint(); left > 0; left--) {
    segments.push({ baseOffset: reader.uint64(), bytes: reader.uint64(), maxTimestamp: reader.uint64() - 1 })
  }
  const epochs: EpochStart[] = []
  for (let left = reader.varint(); left > 0; left--) {
    epochs.push({ epoch: reader.varint(), startOffset: reader.uint64() })
  }
  const producers = readProducers(reader)
  const checkpoint = { boundary, configuration, startOffset, nextOffset, segments, epochs, producers }
  const isRising = segments.every(({ baseOffset }, i) => i === 0 || baseOffset > segments[i - 1]!.baseOffset)
  if (reader.remaining > 0 || !isRising || startOffset > nextOffset) throw damaged('what it says cannot be')
  return checkpoint
}

function damaged(what: string): UnumError {
  return new UnumError('DATA_DAMAGED', `A checkpoint of a partition cannot be read: ${what}`)
}
