/**
 * Reads the log as it was left, and makes what it keeps durable.
 *
 * After a kill everything that was written can be read, but the last batch may be in the system's cache only: were it
 * believed and then lost with the power, the node would have said what it does not know any more. Syncing again is not
 * enough, for a system that failed to write a page may call it clean. So the last batch is written anew, with its
 * segment's header where it is the first, and synced. Those before it are synced: it would not have been written
 * otherwise.
 */

import { UnumError } from '#kernel/base/errors.ts'
import type { Disk, DiskFile } from '#kernel/base/host.ts'
import {
  alignUp,
  batchHeaderBytes,
  decodeSegmentHeader,
  encodeSegmentHeader,
  parseSegmentFileName,
  type SegmentHeader,
  sectorBytes,
  segmentHeaderBytes,
  segmentIdMax,
} from './format.ts'
import type { GroupState } from './group-state.ts'
import type { GroupId, RecoveredGroup } from './node-log-types.ts'
import { type Floors, type LostBatches, noFloors, Replay, readFloors } from './replay.ts'
import { newSegment, type Segment } from './segment-files.ts'
import { SegmentReader } from './segment-reader.ts'
import { writeDurably } from './write-durably.ts'

/** What the opening of a log found, for the node's own log and counters. */
export interface LogRecovery {
  readonly segments: number
  readonly batches: number
  /** Bytes of the batches that were read. */
  readonly bytes: number
  /** Batches that were once synced and cannot be read. */
  readonly lost: readonly LostBatches[]
  /** Ids of the groups that lost records by it, or may have. */
  readonly damagedGroups: readonly GroupId[]
}

export interface RecoveredLog {
  readonly identity: number | undefined
  readonly nextSegment: number
  readonly nextBatch: number
  readonly born: number
  readonly live: Map<GroupId, GroupState>
  /** Removed not long ago. */
  readonly removed: Map<GroupId, GroupState>
  readonly groups: Map<GroupId, RecoveredGroup>
  /** The oldest first. */
  readonly segments: Segment[]
  /** Names of files that hold nothing of the log, to be used for segments to come. */
  readonly spares: string[]
  /** A group is damaged of which the log does not say so yet. */
  readonly foundDamage: boolean
  readonly report: LogRecovery
}

interface SegmentFile {
  readonly id: number
  readonly name: string
  readonly path: string
  readonly bytes: number
  /** Undefined where it is not whole, or another segment's: the file was about to be used again. */
  readonly header: SegmentHeader | undefined
}

/** The last batch that can be read, and where it lies. */
interface Tail {
  readonly segment: SegmentFile
  readonly position: number
  readonly bytes: Uint8Array
}

/** @throws UnumError `FORMAT_UNKNOWN`, `DATA_DAMAGED` where the log cannot be used at all, `DISK_FAILED` */
export async function recoverLog(disk: Disk, directory: string): Promise<RecoveredLog> {
  const { files, spares } = await findFiles(disk, directory)
  const identity = commonIdentity(files)
  const nextSegment = (files.at(-1)?.id ?? 0) + 1
  if (nextSegment > segmentIdMax)
    throw new UnumError('DATA_DAMAGED', `Cannot go on after "${files.at(-1)!.name}": it is the last id there is`)
  const replay = new Replay(await findFloors(disk, files, identity))
  const segments: Segment[] = []
  let tail: Tail | undefined
  let batches = 0
  let bytes = 0
  let blanks: SegmentFile[] = []
  let readIdentity = identity

  for (const [index, segment] of files.entries()) {
    const { id, name, header } = segment
    let usedBytes = segmentHeaderBytes
    let isBlank = header === undefined
    if (header) replay.proveSyncedBelow(header.firstBatch, header.born)
    const end = files[index + 1]?.header?.firstBatch
    const file = await disk.open(segment.path, { create: false })
    try {
      const reader = new SegmentReader(file, id, readIdentity)
      while (end === undefined || replay.expected !== end) {
        const batch = await reader.next()
        if (!batch) break
        const { number, born } = batch.header
        isBlank = false
        readIdentity = batch.header.identity
        // Without the segment's header it is not known how many there were before the first one that is found.
        replay.expected ??= batch.position === segmentHeaderBytes ? number : Math.max(1, number - 1)
        replay.proveSyncedBelow(number, born)
        if (!batch.bytes) continue
        applyBatch(replay, number, batch.bytes, name)
        tail = { segment, position: batch.position, bytes: batch.bytes }
        usedBytes = alignUp(batch.position + batch.bytes.length, sectorBytes)
        batches++
        bytes += batch.bytes.length
      }
    } finally {
      await file.close()
    }
    if (isBlank) {
      blanks.push(segment)
      continue
    }
    for (const blank of blanks) segments.push(newSegment(blank.id, blank.bytes))
    blanks = []
    segments.push({ ...newSegment(id, segment.bytes), position: usedBytes, pins: replay.endSegment() })
  }
  refuseUnreadable(files, spares, segments)

  const groups = replay.finish()
  if (tail) await writeAnew(disk, tail)
  const live = new Map<GroupId, GroupState>()
  const removed = new Map<GroupId, GroupState>()
  for (const [id, { state }] of replay.groups) (state.isRemoved ? removed : live).set(id, state)
  return {
    identity: readIdentity,
    nextSegment,
    nextBatch: replay.expected ?? 1,
    born: replay.born,
    live,
    removed,
    groups,
    segments,
    spares: [...blanks.map(({ name }) => name), ...spares],
    foundDamage: replay.foundDamage,
    report: {
      segments: segments.length,
      batches,
      bytes,
      lost: replay.lost,
      damagedGroups: [...groups.values()].filter(({ damaged }) => damaged).map(({ id }) => id),
    },
  }
}

async function findFiles(disk: Disk, directory: string): Promise<{ files: SegmentFile[]; spares: string[] }> {
  const files: SegmentFile[] = []
  const spares: string[] = []
  for (const name of await disk.list(directory)) {
    const parsed = parseSegmentFileName(name)
    if (parsed?.kind === 'spare') spares.push(name)
    if (parsed?.kind !== 'log') continue
    const { id } = parsed
    const path = `${directory}/${name}`
    await withFile(disk, path, async (file) => {
      const header = decodeSegmentHeader(await file.read(0, segmentHeaderBytes), name)
      files.push({ id, name, path, bytes: file.size, header: header?.id === id ? header : undefined })
    })
  }
  return { files, spares }
}

function commonIdentity(files: readonly SegmentFile[]): number | undefined {
  let first: SegmentFile | undefined
  for (const file of files) {
    if (!file.header) continue
    first ??= file
    if (file.header.identity === first.header!.identity) continue
    throw new UnumError('DATA_DAMAGED', `Cannot read the node log: "${first.name}" and "${file.name}" are of two logs`)
  }
  return first?.header?.identity
}

/** From the newest opening that can be read. */
async function findFloors(disk: Disk, files: readonly SegmentFile[], identity: number | undefined): Promise<Floors> {
  for (const { id, name, path, header } of files.toReversed()) {
    if (!header) continue
    const batch = await withFile(disk, path, (file) => new SegmentReader(file, id, identity).next())
    const { firstBatch } = header
    if (batch?.bytes === undefined || batch.header.number !== firstBatch) continue
    const body = batch.bytes.subarray(batchHeaderBytes)
    return describeErrors(name, firstBatch, () => readFloors(firstBatch, body))
  }
  return noFloors
}

async function withFile<T>(disk: Disk, path: string, use: (file: DiskFile) => Promise<T>): Promise<T> {
  const file = await disk.open(path, { create: false })
  try {
    return await use(file)
  } finally {
    await file.close()
  }
}

function applyBatch(replay: Replay, number: number, bytes: Uint8Array, name: string): void {
  describeErrors(name, number, () => replay.apply(number, bytes.subarray(batchHeaderBytes)))
}

/**
 * A batch whose checksum fits and whose records make no sense was not written by this program: nothing can be concluded
 * from it.
 */
function describeErrors<T>(name: string, number: number, act: () => T): T {
  try {
    return act()
  } catch (error) {
    if (!(error instanceof UnumError)) throw error
    throw new UnumError(error.code, `Cannot read batch ${number} in "${name}": ${error.message}`, { cause: error })
  }
}

/** A log is begun anew only where there was none: its first segment's header is durable before anything else. */
function refuseUnreadable(
  files: readonly SegmentFile[],
  spares: readonly string[],
  segments: readonly Segment[],
): void {
  if (segments.length > 0) return
  const written = files.find(({ bytes }) => bytes > segmentHeaderBytes)?.name ?? spares[0]
  if (written !== undefined) {
    throw new UnumError(
      'DATA_DAMAGED',
      `Cannot read the node log: there is "${written}", but no segment of which anything can be read`,
    )
  }
}

async function writeAnew(disk: Disk, { segment, position, bytes }: Tail): Promise<void> {
  await withFile(disk, segment.path, (file) => {
    const { header } = segment
    if (header && position === segmentHeaderBytes) return writeDurably(file, 0, [encodeSegmentHeader(header), bytes])
    return writeDurably(file, position, [bytes])
  })
}
