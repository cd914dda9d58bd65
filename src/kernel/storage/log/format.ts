/**
 * The frame of the node log's segments: names, the segment's header and a batch's header (docs/formats/node-log.md).
 * What is in a batch is `records.ts`.
 */

import { crc32c } from '#kernel/base/crc32c.ts'
import { UnumError } from '#kernel/base/errors.ts'

export const formatVersion = 1

/** Batches start at multiples of it: what a disk writes as a whole, so that no batch shares a sector with another. */
export const sectorBytes = 512

/** Writes end at multiples of it, so that overwriting a recycled file never has to read a page first. */
export const pageBytes = 4096

/** The first batch starts here. */
export const segmentHeaderBytes = sectorBytes

export const batchHeaderBytes = 40

const segmentMagic = [0x55, 0x4e, 0x55, 0x4d, 0x4c, 0x4f, 0x47, 0x0a] // "UNUMLOG\n"
const batchMagic = 0x4354_4255 // "UBTC"

export function alignUp(position: number, unit: number): number {
  return Math.ceil(position / unit) * unit
}

/** Ids are consecutive: none that a log has given comes near it. */
export const segmentIdMax = 2 ** 48

const segmentName = /^([0-9a-f]{16})\.(log|spare)$/

export function segmentFileName(id: number, kind: 'log' | 'spare'): string {
  return `${id.toString(16).padStart(16, '0')}.${kind}`
}

/** Undefined for a name that is not the log's: others' files in the directory are left alone. */
export function parseSegmentFileName(
  name: string,
): { readonly id: number; readonly kind: 'log' | 'spare' } | undefined {
  const match = segmentName.exec(name)
  if (!match) return undefined
  const id = Number.parseInt(match[1]!, 16)
  if (id < 1 || id > segmentIdMax) return undefined
  return { id, kind: match[2] as 'log' | 'spare' }
}

export interface SegmentHeader {
  /** Random, the same in all segments and batches of one log: bytes of another log are never taken for its own. */
  readonly identity: number
  readonly id: number
  /** Number of the segment's first batch: all before it were synced when it was written. */
  readonly firstBatch: number
  /** How many groups the log had seen come into being before that batch. */
  readonly born: number
}

/**
 * One sector:
 *
 *     magic 8 | version u32 | CRC32C of the 12 bytes before |
 *     identity u64 | id u64 | first batch u64 | born u64 | CRC32C of the 48 bytes before
 *
 * The first 16 bytes are the same in every version.
 */
export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(segmentHeaderBytes)
  const view = new DataView(bytes.buffer)
  bytes.set(segmentMagic)
  view.setUint32(8, formatVersion, true)
  view.setUint32(12, crc32c(bytes, 0, 12), true)
  setUint64(view, 16, header.identity)
  setUint64(view, 24, header.id)
  setUint64(view, 32, header.firstBatch)
  setUint64(view, 40, header.born)
  view.setUint32(48, crc32c(bytes, 0, 48), true)
  return bytes
}

/**
 * Undefined where there is no whole header: never written, torn or rotten.
 * @throws UnumError `FORMAT_UNKNOWN`
 */
export function decodeSegmentHeader(bytes: Uint8Array, name: string): SegmentHeader | undefined {
  if (bytes.length < 52) return undefined
  for (let i = 0; i < segmentMagic.length; i++) if (bytes[i] !== segmentMagic[i]) return undefined
  if (crc32c(bytes, 0, 12) !== uint32At(bytes, 12)) return undefined
  const version = uint32At(bytes, 8)
  if (version !== formatVersion) {
    throw new UnumError(
      'FORMAT_UNKNOWN',
      `Cannot read "${name}": it has format ${version} of the node log, this program reads format ${formatVersion}`,
    )
  }
  if (crc32c(bytes, 0, 48) !== uint32At(bytes, 48)) return undefined
  const header = {
    identity: uint64At(bytes, 16),
    id: uint64At(bytes, 24),
    firstBatch: uint64At(bytes, 32),
    born: uint64At(bytes, 40),
  }
  return Object.values(header).every(Number.isSafeInteger) ? header : undefined
}

export interface BatchHeader {
  readonly identity: number
  /** Consecutive over all segments, from 1 on. */
  readonly number: number
  /** How many groups the log has seen come into being, those of this batch included. */
  readonly born: number
  /** Bytes of records, which follow the header. */
  readonly bodyBytes: number
  readonly bodyChecksum: number
}

/**
 *     magic u32 | CRC32C of the 32 bytes that follow |
 *     identity u64 | number u64 | born u64 | body bytes u32 | CRC32C of the body
 *
 * Both checksums start from the segment's salt.
 */
export function encodeBatchHeader(target: DataView, header: BatchHeader, salt: number): void {
  target.setUint32(0, batchMagic, true)
  setUint64(target, 8, header.identity)
  setUint64(target, 16, header.number)
  setUint64(target, 24, header.born)
  target.setUint32(32, header.bodyBytes, true)
  target.setUint32(36, header.bodyChecksum, true)
  const bytes = new Uint8Array(target.buffer, target.byteOffset, batchHeaderBytes)
  target.setUint32(4, crc32c(bytes, 8, batchHeaderBytes, salt), true)
}

/** Undefined where `bytes` hold no whole header of this segment at `at`. */
export function decodeBatchHeader(bytes: Uint8Array, at: number, salt: number): BatchHeader | undefined {
  if (bytes[at] !== (batchMagic & 0xff) || uint32At(bytes, at) !== batchMagic) return undefined
  if (crc32c(bytes, at + 8, at + batchHeaderBytes, salt) !== uint32At(bytes, at + 4)) return undefined
  const header = {
    identity: uint64At(bytes, at + 8),
    number: uint64At(bytes, at + 16),
    born: uint64At(bytes, at + 24),
    bodyBytes: uint32At(bytes, at + 32),
    bodyChecksum: uint32At(bytes, at + 36),
  }
  return Object.values(header).every(Number.isSafeInteger) && header.number > 0 ? header : undefined
}

/**
 * What the checksums of a segment's batches start from. Checksums of equal bytes under different salts differ, so bytes
 * of another segment, left in a recycled file, never pass for the segment's own.
 */
export function segmentSalt(id: number): number {
  const bytes = new Uint8Array(8)
  setUint64(new DataView(bytes.buffer), 0, id)
  return crc32c(bytes)
}

function setUint64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true)
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true)
}

function uint32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

function uint64At(bytes: Uint8Array, at: number): number {
  return uint32At(bytes, at + 4) * 0x1_0000_0000 + uint32At(bytes, at)
}
