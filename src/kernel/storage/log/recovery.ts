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
import { type ReadBatch, SegmentReader } from './segment-reader.ts'
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
  /** Undefined where it is not whole, or of another segment. */
  readonly header: SegmentHeader | undefined
  /**
   * The file was made ready to be used again, and its new header was never written: so it holds no more than a part of
   * a first batch.
   */
  readonly isUnwritten: boolean
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
  const reading = new Reading(disk, identity, await findFloors(disk, files, identity))
  const segments: Segment[] = []
  let blanks: SegmentFile[] = []
  for (const [index, file] of files.entries()) {
    const segment = await reading.readSegment(file, files[index + 1]?.header?.firstBatch)
    if (!segment) {
      blanks.push(file)
      continue
    }
    for (const blank of blanks) segments.push(newSegment(blank.id, blank.bytes))
    blanks = []
    segments.push(segment)
  }
  refuseUnreadable(files, spares, segments)

  const { replay, tail, batches, bytes } = reading
  const groups = replay.finish()
  if (tail) await writeAnew(disk, tail)
  const live = new Map<GroupId, GroupState>()
  const removed = new Map<GroupId, GroupState>()
  for (const [id, { state }] of replay.groups) (state.isRemoved ? removed : live).set(id, state)
  const damagedGroups = [...groups.values()].filter(({ damaged }) => damaged).map(({ id }) => id)
  return {
    identity: reading.identity,
    nextSegment: nextId(files),
    nextBatch: replay.expected ?? 1,
    born: replay.born,
    live,
    removed,
    groups,
    segments,
    spares: [...blanks.map(({ name }) => name), ...spares],
    foundDamage: replay.foundDamage,
    report: { segments: segments.length, batches, bytes, lost: replay.lost, damagedGroups },
  }
}

/** Segments as they are read, in order. */
class Reading {
  readonly #disk: Disk
  readonly replay: Replay
  /** Of the log: from a segment's header, or else from the first batch that is found. */
  identity: number | undefined
  tail: Tail | undefined
  batches = 0
  /** Of these batches. */
  bytes = 0

  constructor(disk: Disk, identity: number | undefined, floors: Floors) {
    this.#disk = disk
    this.identity = identity
    this.replay = new Replay(floors)
  }

  /**
   * @param end Number of the batch with which the next segment begins, where that is known.
   * @returns undefined for a file that holds nothing of the log, not even a proof
   */
  async readSegment(segment: SegmentFile, end: number | undefined): Promise<Segment | undefined> {
    const { replay } = this
    const { id, path, header } = segment
    if (header) replay.proveSyncedBelow(header.firstBatch, header.born)
    let position = segmentHeaderBytes
    let isBlank = header === undefined
    await withFile(this.#disk, path, async (file) => {
      const reader = new SegmentReader(file, id, this.identity, segment.isUnwritten)
      while (end === undefined || replay.expected !== end) {
        const batch = await reader.next()
        if (!batch) return
        isBlank = false
        this.#take(segment, batch)
        if (batch.bytes) position = alignUp(batch.position + batch.bytes.length, sectorBytes)
      }
    })
    return isBlank ? undefined : { ...newSegment(id, segment.bytes), position, pins: replay.endSegment() }
  }

  #take(segment: SegmentFile, { header, position, bytes }: ReadBatch): void {
    const { replay } = this
    const { number, born, identity } = header
    this.identity = identity
    // Without the segment's header it is not known how many there were before the first one that is found.
    replay.expected ??= position === segmentHeaderBytes ? number : Math.max(1, number - 1)
    replay.proveSyncedBelow(number, born)
    if (!bytes) return
    describeErrors(segment.name, number, () => replay.apply(number, bytes.subarray(batchHeaderBytes)))
    this.tail = { segment, position, bytes }
    this.batches++
    this.bytes += bytes.length
  }
}

function nextId(files: readonly SegmentFile[]): number {
  const last = files.at(-1)
  if (!last) return 1
  if (last.id < segmentIdMax) return last.id + 1
  throw new UnumError('DATA_DAMAGED', `Cannot go on after "${last.name}": there is no higher id`)
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
      const isOwn = header?.id === id
      const isUnwritten = header !== undefined && !isOwn
      files.push({ id, name, path, bytes: file.size, header: isOwn ? header : undefined, isUnwritten })
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
    const batch = await withFile(disk, path, (file) => new SegmentReader(file, id, identity, true).next())
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
