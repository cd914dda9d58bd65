import { UnumError } from '#kernel/base/errors.ts'
import type { TreeSnapshot } from '#kernel/storage/tables/tree.ts'
import type { Checkpoint } from './checkpoint.ts'
import { encodeCheckpoint } from './checkpoint.ts'
import { type Segment, segmentName } from './segment.ts'

/** The checkpoint among the files of a snapshot, until all of them are there and checked. */
export const checkpointReceivedName = 'checkpoint.received'

/** What a durable checkpoint names, held until `release`. */
export class PartitionSnapshot implements TreeSnapshot {
  readonly mark
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  readonly #checkpoint: Uint8Array
  readonly #segments: ReadonlyMap<string, Segment>
  #isReleased = false

  constructor(checkpoint: Checkpoint, segments: readonly Segment[]) {
    this.mark = { ...checkpoint.boundary, meta: checkpoint.configuration }
    this.#checkpoint = encodeCheckpoint(checkpoint)
    this.#segments = new Map(segments.map((segment) => [segmentName(segment.baseOffset), segment]))
    for (const segment of segments) segment.hold()
    this.files = [
      ...checkpoint.segments.map(({ baseOffset, bytes }) => ({ name: segmentName(baseOffset), bytes })),
      { name: checkpointReceivedName, bytes: this.#checkpoint.length },
    ]
  }

  async read(name: string, position: number, length: number): Promise<Uint8Array> {
    if (name === checkpointReceivedName) return this.#checkpoint.subarray(position, position + length)
    const segment = this.#segments.get(name)
    if (segment === undefined) throw new UnumError('FILE_MISSING', `Cannot read ${name}: not a file of this snapshot`)
    return segment.read(position, length)
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    for (const segment of this.#segments.values()) segment.release()
  }
}
