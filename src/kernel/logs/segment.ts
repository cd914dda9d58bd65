import { UnumError } from '#kernel/base/errors.ts'
import type { Disk, DiskFile } from '#kernel/base/host.ts'
import { baseOffsetAt, batchBytesAt, batchHeadBytes, maxTimestampAt } from './batch.ts'
import type { SegmentRow } from './checkpoint.ts'
import { SparseIndex } from './sparse-index.ts'

/** `00000000000000012345.log`, as Kafka names them. */
export function segmentName(baseOffset: number): string {
  return `${String(baseOffset).padStart(20, '0')}.log`
}

export function indexName(baseOffset: number): string {
  return `${String(baseOffset).padStart(20, '0')}.index`
}

/** @returns the base offset of a segment or its index; undefined: the name is of something else */
export function baseOffsetOf(name: string): number | undefined {
  const match = /^(\d{20})\.(log|index)$/.exec(name)
  return match ? Number(match[1]) : undefined
}

/** How much is read at a time of a segment's heads, to make its index anew. */
const scanBytes = 1 << 20

/** A file of batches that follow each other, as they came. Files that nobody reads or writes are not open. */
export class Segment {
  readonly baseOffset: number
  readonly #disk: Disk
  readonly #directory: string
  /** Of all that was appended, also what is not written yet. */
  bytes: number
  maxTimestamp: number
  /** Written since it was synced last. */
  isDirty = false
  /** Its index is in a file. */
  hasIndexFile = false
  #file: Promise<DiskFile> | undefined
  #index: SparseIndex | undefined
  #users = 0
  /** Those that need its files although the log has given it up. */
  #holders = 0
  #isGone = false

  constructor(disk: Disk, directory: string, row: SegmentRow) {
    this.#disk = disk
    this.#directory = directory
    this.baseOffset = row.baseOffset
    this.bytes = row.bytes
    this.maxTimestamp = row.maxTimestamp
    if (row.bytes === 0) this.#index = new SparseIndex()
  }

  get row(): SegmentRow {
    return { baseOffset: this.baseOffset, bytes: this.bytes, maxTimestamp: this.maxTimestamp }
  }

  get path(): string {
    return `${this.#directory}/${segmentName(this.baseOffset)}`
  }

  /** Notes batches whose bytes are written by `write`, sooner or later. */
  appended(bytes: Uint8Array, start: number, end: number): void {
    const index = this.#index?.endPosition === this.bytes ? this.#index : undefined
    this.bytes += end - start
    for (let from = start; from < end; ) {
      const length = batchBytesAt(bytes, from)
      const timestamp = maxTimestampAt(bytes, from)
      this.maxTimestamp = Math.max(this.maxTimestamp, timestamp)
      index?.addBatch(baseOffsetAt(bytes, from), timestamp, length)
      from += length
    }
  }

  /** @throws UnumError `DISK_FULL`, `DISK_FAILED` */
  async write(position: number, bytes: Uint8Array): Promise<void> {
    try {
      await this.using((file) => file.write(position, bytes))
    } finally {
      // Behind the write: a sync that began meanwhile may not have seen it.
      this.isDirty = true
    }
  }

  /** @throws UnumError `DISK_FAILED` */
  async sync(): Promise<void> {
    this.isDirty = false
    await this.using((file) => file.sync())
  }

  /** Makes the file as long as its row says: a crash may have left more. @throws UnumError `DATA_DAMAGED`: it is shorter */
  async cut(): Promise<void> {
    await this.using(async (file) => {
      if (file.size < this.bytes) {
        throw new UnumError(
          'DATA_DAMAGED',
          `${this.path} has ${file.size} bytes, and had ${this.bytes} when it was synced`,
        )
      }
      if (file.size > this.bytes) await file.truncate(this.bytes)
    })
  }

  read(position: number, length: number): Promise<Uint8Array> {
    return this.using((file) => file.read(position, Math.min(length, this.bytes - position)))
  }

  /** With the file open for that long. */
  async using<T>(act: (file: DiskFile) => Promise<T>): Promise<T> {
    this.#users++
    try {
      this.#file ??= this.#disk.open(this.path, { create: true })
      return await act(await this.#file)
    } catch (error) {
      // A failed opening is tried again by whoever comes next.
      if (this.#users === 1) this.#file = undefined
      throw error
    } finally {
      this.#users--
    }
  }

  /** The file, if it is open and nobody uses it, is closed. */
  async close(): Promise<void> {
    if (this.#users > 0 || this.#file === undefined) return
    const file = this.#file
    this.#file = undefined
    await (await file).close()
  }

  hold(): void {
    this.#holders++
  }

  release(): void {
    this.#holders--
    if (this.#isGone && this.#holders === 0) void this.remove()
  }

  /** Its files are removed, now or when nobody holds it any more. What cannot be removed is at the next opening. */
  async remove(): Promise<void> {
    this.#isGone = true
    if (this.#holders > 0) return
    this.hold()
    await this.close()
    for (const path of [this.path, `${this.#directory}/${indexName(this.baseOffset)}`]) {
      await this.#disk.remove(path).catch(() => {})
    }
  }

  /** Of its first `bytes` at least, which must be written: from memory, from its file, or made anew. */
  async index(bytes = this.bytes): Promise<SparseIndex> {
    if (this.#index && this.#index.endPosition >= bytes) return this.#index
    const index = (await this.#readIndex(bytes)) ?? (await this.#scan(bytes))
    if (index.endPosition > (this.#index?.endPosition ?? 0)) this.#index = index
    return index
  }

  async #readIndex(bytes: number): Promise<SparseIndex | undefined> {
    try {
      const file = await this.#disk.open(`${this.#directory}/${indexName(this.baseOffset)}`, { create: false })
      try {
        const index = SparseIndex.decode(await file.read(0, file.size))
        return index.endPosition === bytes ? index : undefined
      } finally {
        await file.close()
      }
    } catch (error) {
      if (error instanceof UnumError && (error.code === 'FILE_MISSING' || error.code === 'DATA_DAMAGED'))
        return undefined
      throw error
    }
  }

  async #scan(bytes: number): Promise<SparseIndex> {
    const index = new SparseIndex()
    let chunk: Uint8Array = new Uint8Array(0)
    let chunkAt = 0
    while (index.endPosition < bytes) {
      const at = index.endPosition
      if (at < chunkAt || at + batchHeadBytes > chunkAt + chunk.length) {
        chunkAt = at
        chunk = await this.read(at, scanBytes)
      }
      const length = chunk.length < batchHeadBytes ? 0 : batchBytesAt(chunk, at - chunkAt)
      if (length < batchHeadBytes || at + length > bytes) {
        throw new UnumError('DATA_DAMAGED', `${this.path}: no batch begins at ${at}`)
      }
      index.addBatch(baseOffsetAt(chunk, at - chunkAt), maxTimestampAt(chunk, at - chunkAt), length)
    }
    return index
  }

  /** Not synced: where it is lost or torn it is made anew. */
  async writeIndex(): Promise<void> {
    const index = await this.index()
    const file = await this.#disk.open(`${this.#directory}/${indexName(this.baseOffset)}`, { create: true })
    try {
      await file.write(0, index.encode())
      this.hasIndexFile = true
    } finally {
      await file.close()
    }
  }
}
