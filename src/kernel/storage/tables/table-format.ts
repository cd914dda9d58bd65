import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { copyBytes } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { compareEnds, isEmptyRange } from './keys.ts'
import { RangeSet } from './range-set.ts'
import type { KeyRange } from './tree.ts'

/* The layout of a table file; docs/formats/tables.md has every byte. */

export const tableVersion = 1
export const footerBytes = 76
export const checksumBytes = 4
const footerMagic = 0x6254_6e55 // "UnTb"

export function tableName(number: number): string {
  return `${number}.table`
}

/** The number in a table file's name; undefined where it is none. */
export function tableNumber(name: string): number | undefined {
  const match = /^([1-9][0-9]{0,15})\.table$/.exec(name)
  const number = Number(match?.[1])
  return Number.isSafeInteger(number) ? number : undefined
}

/** A part of a table file that is checked as one: `length` bytes, then their checksum. */
export interface Section {
  readonly offset: number
  readonly length: number
}

export interface Footer {
  readonly number: number
  readonly filter: Section
  readonly index: Section
  readonly ranges: Section
  /** Tombstones included. */
  readonly rows: number
  readonly tombstones: number
  /** CRC-32C of the checksums of all sections in order, so that the footer's own checksum stands for the whole file. */
  readonly contents: number
}

/**
 * The checksum of a section: it covers which file the bytes belong to and where, so that a block that was written to a
 * wrong place is never taken for the one that should be there.
 */
export function sectionChecksum(bytes: Uint8Array, start: number, end: number, number: number, offset: number): number {
  setPlace(0, number)
  setPlace(8, offset)
  return crc32c(place, 0, 16, crc32c(bytes, start, end))
}

const place = new Uint8Array(16)
const placeView = new DataView(place.buffer)
function setPlace(at: number, value: number): void {
  placeView.setUint32(at, value >>> 0, true)
  placeView.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true)
}

/**
 * Checks the section that begins at `start` of `bytes`, whose checksum follows it.
 * @throws UnumError `DATA_DAMAGED`
 */
export function checkSection(
  bytes: Uint8Array,
  start: number,
  section: Section,
  number: number,
  path: string,
): Uint8Array {
  const end = start + section.length
  const at = `${path} at ${section.offset}`
  if (end + checksumBytes > bytes.length) throw new UnumError('DATA_DAMAGED', `${at}: the file ends too early`)
  const stored = (bytes[end]! | (bytes[end + 1]! << 8) | (bytes[end + 2]! << 16) | (bytes[end + 3]! << 24)) >>> 0
  const actual = sectionChecksum(bytes, start, end, number, section.offset)
  if (stored !== actual) throw new UnumError('DATA_DAMAGED', `${at}: checksum is ${hex(actual)}, stored ${hex(stored)}`)
  return bytes.subarray(start, end)
}

export function encodeFooter(footer: Footer): Uint8Array {
  const writer = new ByteWriter(footerBytes)
  writer.uint64(footer.number)
  for (const section of [footer.filter, footer.index, footer.ranges]) {
    writer.uint64(section.offset)
    writer.uint32(section.length)
  }
  writer.uint64(footer.rows)
  writer.uint64(footer.tombstones)
  writer.uint32(footer.contents)
  writer.uint16(tableVersion)
  writer.uint16(0)
  writer.uint32(crc32c(writer.bytes, 0, writer.length))
  writer.uint32(footerMagic)
  return writer.take()
}

/**
 * Reads the last `footerBytes` of a file of `size` bytes.
 * @throws UnumError `DATA_DAMAGED`, `FORMAT_UNKNOWN`
 */
export function decodeFooter(bytes: Uint8Array, size: number, path: string): Footer {
  const damaged = (what: string) => new UnumError('DATA_DAMAGED', `${path} at ${size - footerBytes}: ${what}`)
  if (bytes.length !== footerBytes) throw damaged('the footer is cut')
  const reader = new ByteReader(bytes)
  const checked = footerBytes - 8
  reader.position = checked
  if (reader.uint32() !== crc32c(bytes, 0, checked)) throw damaged('wrong checksum of the footer')
  if (reader.uint32() !== footerMagic) throw damaged('not a table file')
  reader.position = checked - 4
  const version = reader.uint16()
  if (version !== tableVersion) {
    throw new UnumError('FORMAT_UNKNOWN', `Cannot read ${path} as its version is ${version}: known is ${tableVersion}`)
  }
  reader.position = 0
  const number = reader.uint64()
  const [filter, index, ranges] = [0, 1, 2].map(() => ({ offset: reader.uint64(), length: reader.uint32() }))
  const footer = {
    number,
    filter: filter!,
    index: index!,
    ranges: ranges!,
    rows: reader.uint64(),
    tombstones: reader.uint64(),
    contents: reader.uint32(),
  }
  if (
    footer.index.offset !== endOf(footer.filter) ||
    footer.ranges.offset !== endOf(footer.index) ||
    endOf(footer.ranges) + footerBytes !== size ||
    footer.tombstones > footer.rows
  ) {
    throw damaged('the sections do not fit')
  }
  return footer
}

/** The footer's own checksum: the manifest keeps it, so that no other file is taken for the one it means. */
export function footerChecksum(bytes: Uint8Array): number {
  return new ByteReader(bytes, footerBytes - 8).uint32()
}

/** Where the next section begins. */
export function endOf(section: Section): number {
  return section.offset + section.length + checksumBytes
}

export function encodeRanges(ranges: readonly KeyRange[]): Uint8Array {
  const writer = new ByteWriter()
  writer.varint(ranges.length)
  for (const range of ranges) writeRange(writer, range)
  return writer.take()
}

/** @throws UnumError `DATA_DAMAGED` */
export function decodeRanges(bytes: Uint8Array, path: string): RangeSet {
  const reader = new ByteReader(bytes)
  const count = reader.varint()
  const ranges: KeyRange[] = []
  for (let i = 0; i < count; i++) {
    const range = readRange(reader)
    const before = ranges.at(-1)
    if (isEmptyRange(range) || (before !== undefined && compareEnds(before.to, range.from) >= 0)) {
      throw new UnumError('DATA_DAMAGED', `${path}: range ${i} is empty or out of order`)
    }
    ranges.push(range)
  }
  if (reader.remaining > 0) throw new UnumError('DATA_DAMAGED', `${path}: bytes after the ranges`)
  return new RangeSet(ranges)
}

export function writeRange(writer: ByteWriter, range: KeyRange): void {
  writer.block(range.from)
  writer.uint8(range.to === undefined ? 0 : 1)
  if (range.to !== undefined) writer.block(range.to)
}

/** With memory of its own. @throws UnumError `DATA_DAMAGED` */
export function readRange(reader: ByteReader): KeyRange {
  const from = copyBytes(reader.block())
  const bounded = reader.uint8()
  if (bounded > 1) throw new UnumError('DATA_DAMAGED', `Cannot read a range with kind ${bounded}`)
  return { from, to: bounded === 1 ? copyBytes(reader.block()) : undefined }
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0')
}
