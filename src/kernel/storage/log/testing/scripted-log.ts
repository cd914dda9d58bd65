import { createRandom } from '#kernel/base/random.ts'
import { type OpenedNodeLog, openNodeLog } from '../node-log.ts'
import type { GroupId, LogEntry } from '../node-log-types.ts'
import { MemoryDisk, noClock } from './memory-disk.ts'

const headerSectorBytes = 512
const batchHeaderBytes = 40

/** Where a batch lies, without the zeros that fill its page. */
export interface BatchPlace {
  readonly number: number
  readonly path: string
  readonly start: number
  readonly end: number
  /** Its segment's first. */
  readonly isFirst: boolean
}

/** A log on a disk in memory that is written batch by batch, knows where each lies, and can be spoilt. */
export class ScriptedLog {
  readonly disk: MemoryDisk
  readonly #segmentBytes: number
  readonly batches = new Map<number, BatchPlace>()
  readonly failures: Error[] = []
  /** Numbers in the order in which they were acknowledged. */
  readonly synced: number[] = []
  onSynced: () => void = () => {}
  log!: OpenedNodeLog

  constructor(disk = new MemoryDisk(), segmentBytes = 16 << 10) {
    this.disk = disk
    this.#segmentBytes = segmentBytes
  }

  /** Opens the log, for the first time or again. */
  async open(options: { readonly batchBytesMax?: number; readonly seed?: string } = {}): Promise<OpenedNodeLog> {
    this.log = await openNodeLog({
      ...{ disk: this.disk, clock: noClock, random: createRandom(options.seed ?? 'scripted'), directory: 'log' },
      segmentBytes: this.#segmentBytes,
      ...(options.batchBytesMax === undefined ? {} : { batchBytesMax: options.batchBytesMax }),
      events: {
        synced: (batch) => {
          this.synced.push(batch)
          this.onSynced()
        },
        full: () => this.failures.push(new Error('the disk is full')),
        failed: (error) => this.failures.push(error),
      },
    })
    return this.log
  }

  /** Writes what `append` queues, as one batch, and waits for it. */
  async batch(append: (log: OpenedNodeLog) => void): Promise<BatchPlace> {
    append(this.log)
    this.log.flush()
    const number = this.log.syncedBatch + 1
    while (this.log.syncedBatch < number) await undefined
    const { path, position, chunks } = this.disk.durableWrites.at(-1)!
    const isFirst = position === 0
    const start = isFirst ? headerSectorBytes : position
    const head = isFirst ? chunks[1]! : chunks[0]!
    const bodyBytes = new DataView(head.buffer, head.byteOffset).getUint32(32, true)
    const place = { number, path, start, end: start + batchHeaderBytes + bodyBytes, isFirst }
    this.batches.set(number, place)
    return place
  }

  /** Changes bits of a batch: of its header, or of its records only. */
  spoil({ path, start, end }: BatchPlace, part: 'header' | 'records'): void {
    const at = part === 'header' ? start + 20 : start + batchHeaderBytes + ((end - start - batchHeaderBytes) >> 1)
    this.disk.files.get(path)![at]! ^= 0x40
  }

  /** Ids of the groups that the log calls damaged. */
  get damaged(): readonly GroupId[] {
    return this.log.recovery.damagedGroups.toSorted((a, b) => a - b)
  }

  get files(): readonly string[] {
    return [...this.disk.files.keys()].sort()
  }
}

export function entry(index: number, data: Uint8Array | string = `entry ${index}`): LogEntry {
  return { index, term: 1, kind: 0, data: typeof data === 'string' ? new TextEncoder().encode(data) : data }
}

/** So many turns of the microtask queue: enough for background work on a disk in memory. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 200; i++) await undefined
}
