import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { copyBytes, emptyBytes } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Disk } from '#kernel/base/host.ts'
import { isBelowEnd, isEmptyRange } from './keys.ts'
import { footerBytes, readRange, writeRange } from './table-format.ts'
import type { TableSummary } from './table-writer.ts'
import type { FlushMark } from './tree.ts'

/* One file says which files are the tree. It is replaced whole; docs/formats/tables.md has every byte. */

export const manifestName = 'manifest'
/** The next manifest, until it takes the place of the one before. */
export const manifestNextName = 'manifest.next'
/** A manifest that came with a snapshot, until all its files are checked. */
export const manifestReceivedName = 'manifest.received'

export const manifestVersion = 1
const manifestMagic = 0x664d_6e55 // "UnMf"
const headBytesMin = 24
/** Level 0 and six below it, each ten times the one above. */
export const levelCount = 7
export const metaBytesMax = 1 << 24
/** Far above what a tree of a million files needs: a declared length is not believed beyond it. */
const manifestBytesMax = 1 << 28

export interface Manifest {
  readonly mark: FlushMark
  /** Above the number of every file that was ever part of the tree. */
  readonly nextNumber: number
  /** Level 0 newest first, the others by key. Always `levelCount` of them. */
  readonly levels: readonly (readonly TableSummary[])[]
}

export const emptyManifest: Manifest = {
  mark: { index: 0, term: 0, meta: emptyBytes },
  nextNumber: 1,
  levels: Array.from({ length: levelCount }, () => []),
}

/** The manifest's bytes without `mark.meta`, which follows them as it is. */
export function encodeManifestHead(manifest: Manifest, metaChecksum: number): Uint8Array {
  const { mark, levels } = manifest
  const writer = new ByteWriter(1024)
  writer.uint32(manifestMagic)
  writer.uint16(manifestVersion)
  writer.uint16(0)
  writer.uint32(0) // the length of the head, below
  writer.uint32(mark.meta.length)
  writer.uint32(metaChecksum)
  writer.uint64(mark.index)
  writer.uint64(mark.term)
  writer.uint64(manifest.nextNumber)
  writer.varint(levels.length)
  for (const level of levels) {
    writer.varint(level.length)
    for (const file of level) {
      writer.uint64(file.number)
      writer.uint64(file.size)
      writer.uint32(file.checksum)
      writeRange(writer, file.range)
    }
  }
  writer.setUint32(8, writer.length + 4)
  writer.uint32(crc32c(writer.bytes, 0, writer.length))
  return writer.take()
}

/** @throws UnumError `DATA_DAMAGED`, `FORMAT_UNKNOWN` */
export function decodeManifest(bytes: Uint8Array, path: string): Manifest {
  const damaged = (at: number, what: string) => new UnumError('DATA_DAMAGED', `${path} at ${at}: ${what}`)
  if (bytes.length < headBytesMin) throw damaged(0, 'the head is cut')
  let reader = new ByteReader(bytes)
  if (reader.uint32() !== manifestMagic) throw damaged(0, 'not a manifest')
  const version = reader.uint16()
  reader.uint16()
  // Where the head ends and its checksum are the same in every version, so that damage is never taken for a new version.
  const headLength = reader.uint32()
  if (headLength < headBytesMin || headLength > bytes.length) throw damaged(8, `the head has ${headLength} bytes`)
  if (new ByteReader(bytes, headLength - 4).uint32() !== crc32c(bytes, 0, headLength - 4)) {
    throw damaged(headLength - 4, 'wrong checksum of the head')
  }
  if (version !== manifestVersion) {
    throw new UnumError(
      'FORMAT_UNKNOWN',
      `Cannot read ${path} as its version is ${version}: known is ${manifestVersion}`,
    )
  }
  const metaLength = reader.uint32()
  if (headLength + metaLength !== bytes.length) throw damaged(12, `${metaLength} bytes of meta do not fit`)
  const metaChecksum = reader.uint32()
  const meta = copyBytes(bytes.subarray(headLength))
  if (crc32c(meta) !== metaChecksum) throw damaged(headLength, 'wrong checksum of the meta')
  reader = new ByteReader(bytes, reader.position, headLength - 4)
  const mark = { index: reader.uint64(), term: reader.uint64(), meta }
  const nextNumber = reader.uint64()
  const levels: TableSummary[][] = []
  if (reader.varint() !== levelCount) throw damaged(reader.position, `there must be ${levelCount} levels`)
  for (let level = 0; level < levelCount; level++) {
    const files: TableSummary[] = []
    for (let count = reader.varint(); count > 0; count--) {
      const at = reader.position
      const file = {
        number: reader.uint64(),
        size: reader.uint64(),
        checksum: reader.uint32(),
        range: readRange(reader),
      }
      const before = files.at(-1)
      const isSorted =
        level === 0 ||
        before === undefined ||
        (before.range.to !== undefined && !isBelowEnd(file.range.from, before.range.to))
      if (
        !isSorted ||
        isEmptyRange(file.range) ||
        file.number < 1 ||
        file.number >= nextNumber ||
        file.size < footerBytes
      ) {
        throw damaged(at, `file ${file.number} does not fit`)
      }
      files.push(file)
    }
    levels.push(files)
  }
  if (reader.remaining > 0) throw damaged(reader.position, 'bytes after the levels')
  return { mark, nextNumber, levels }
}

/** @throws UnumError `DATA_DAMAGED`, `FORMAT_UNKNOWN`, `FILE_MISSING`, `DISK_FAILED` */
export async function readManifest(disk: Disk, directory: string, name: string): Promise<Manifest> {
  const path = `${directory}/${name}`
  const file = await disk.open(path, { create: false })
  try {
    if (file.size > manifestBytesMax) throw new UnumError('DATA_DAMAGED', `${path} has ${file.size} bytes`)
    return decodeManifest(await file.read(0, file.size), path)
  } finally {
    await file.close()
  }
}

/**
 * Writes the next manifest beside the current one. After it, `renameManifest` makes it the current one: until then the
 * tree on disk is the one before, whatever happens.
 * @throws UnumError `DISK_FULL`, `DISK_FAILED`
 */
export async function writeManifest(disk: Disk, directory: string, head: Uint8Array, meta: Uint8Array): Promise<void> {
  const file = await disk.open(`${directory}/${manifestNextName}`, { create: true })
  try {
    await file.truncate(0)
    await file.write(0, head)
    if (meta.length > 0) await file.write(head.length, meta)
    await file.sync()
  } finally {
    await file.close()
  }
  // The names of all files that it lists must be durable before its own.
  await disk.syncDirectory(directory)
}

/** @throws UnumError `DISK_FAILED`: then which of the two manifests a restart finds is not known. */
export async function renameManifest(disk: Disk, directory: string, from: string): Promise<void> {
  await disk.rename(`${directory}/${from}`, `${directory}/${manifestName}`)
  await disk.syncDirectory(directory)
}
