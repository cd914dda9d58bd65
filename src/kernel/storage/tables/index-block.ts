import { ByteReader } from '#kernel/base/byte-reader.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Block } from './block.ts'
import { BlockCursor } from './block.ts'
import type { Section } from './table-format.ts'
import { endOf } from './table-format.ts'

/*
 * The index of a table file is a block whose rows are the file's data blocks: the key is at or above every key of the
 * block and below every key of the next, the value is the block's place, `offset:varint length:varint`.
 */

/** @returns where the handle ends. At most 13 bytes. */
export function writeHandle(target: Uint8Array, offset: number, length: number): number {
  return writeVarint(target, writeVarint(target, 0, offset), length)
}

function writeVarint(target: Uint8Array, at: number, value: number): number {
  while (value >= 0x80) {
    target[at++] = (value % 128) | 0x80
    value = Math.floor(value / 128)
  }
  target[at++] = value
  return at
}

/** The handle that begins at `at` of a checked index. */
export function handleAt(bytes: Uint8Array, at: number): Section {
  let offset = 0
  let factor = 1
  let byte = bytes[at++]!
  for (; byte >= 0x80; byte = bytes[at++]!) {
    offset += (byte & 0x7f) * factor
    factor *= 128
  }
  offset += byte * factor
  let length = 0
  factor = 1
  byte = bytes[at++]!
  for (; byte >= 0x80; byte = bytes[at++]!) {
    length += (byte & 0x7f) * factor
    factor *= 128
  }
  return { offset, length: length + byte * factor }
}

/**
 * Checks that the data blocks that an index names fill the file from its start to `dataEnd` without a gap.
 * @throws UnumError `DATA_DAMAGED`
 */
export function checkIndex(index: Block, dataEnd: number, place: string): void {
  const cursor = new BlockCursor()
  cursor.reset(index)
  let next = 0
  for (cursor.first(); cursor.valid; cursor.next()) {
    const reader = new ByteReader(index.bytes, cursor.valueStart, Math.max(cursor.valueStart, cursor.valueEnd))
    const section = { offset: reader.varint(), length: reader.varint() }
    if (section.offset !== next || reader.remaining > 0) {
      throw new UnumError('DATA_DAMAGED', `${place}: a block at ${section.offset} where ${next} must follow`)
    }
    next = endOf(section)
  }
  if (next !== dataEnd) throw new UnumError('DATA_DAMAGED', `${place}: blocks end at ${next}, data at ${dataEnd}`)
}
