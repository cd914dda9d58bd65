import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { type Configuration, readConfiguration, writeConfiguration } from '#kernel/consensus/configuration.ts'
import { entryKinds } from '#kernel/consensus/raft.ts'
import type { LogEntry } from '#kernel/storage/log/node-log-types.ts'
import type { Tree } from '#kernel/storage/tables/tree.ts'
import { type EntryVisitor, readEntry } from './entry.ts'
import { ReplyWindow } from './replies.ts'

/** Told of each transaction as it is applied; `reply` shares the entry's memory. */
export type TransactionListener = (reply: Uint8Array | undefined) => void

/**
 * The replicated state of a shard: rows, counters, replies, the newest timestamp. It changes by applying entries and in no
 * other way, so that it is the same on every replica at the same index.
 */
export class ShardState implements EntryVisitor {
  readonly tree: Tree
  readonly replies: ReplyWindow
  readonly counters = new Map<string, number>()
  /** Timestamp of the newest transaction. */
  timestampUs = 0
  /** Index and term of the newest entry applied. */
  index = 0
  term = 0
  #listener: TransactionListener | undefined

  constructor(tree: Tree, retentionUs: number) {
    this.tree = tree
    this.replies = new ReplyWindow(retentionUs)
    this.index = tree.flushed.index
    this.term = tree.flushed.term
  }

  apply(entry: LogEntry, listener: TransactionListener | undefined): void {
    this.#listener = listener
    if (entry.kind === entryKinds.command) readEntry(entry.data, this)
    this.index = entry.index
    this.term = entry.term
  }

  put(bytes: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void {
    this.tree.putRange(bytes, keyStart, keyEnd, valueStart, valueEnd)
  }

  delete(key: Uint8Array): void {
    this.tree.delete(key)
  }

  deleteRange(from: Uint8Array, to: Uint8Array | undefined): void {
    this.tree.deleteRange({ from, to })
  }

  count(name: string, delta: number): void {
    this.counters.set(name, (this.counters.get(name) ?? 0) + delta)
  }

  transaction(
    gateway: number,
    sequence: number,
    low: number,
    timestampUs: number,
    reply: Uint8Array | undefined,
  ): void {
    if (timestampUs > this.timestampUs) this.timestampUs = timestampUs
    if (gateway !== 0) this.replies.record(gateway, sequence, low, timestampUs, reply)
    this.#listener?.(reply)
  }

  /** All but the rows, for a flush mark (docs/formats/shard-entry.md). */
  writeMeta(configuration: Configuration): Uint8Array {
    const writer = new ByteWriter(1024)
    writer.uint8(metaVersion)
    writeConfiguration(writer, configuration)
    writer.uint64(this.timestampUs)
    writer.varint(this.counters.size)
    for (const [name, value] of this.counters) {
      writer.text(name)
      writer.float64(value)
    }
    this.replies.write(writer)
    return writer.take()
  }

  /**
   * Takes over what the tree's flush mark holds.
   * @returns the configuration in it.
   * @throws UnumError `DATA_DAMAGED`, `FORMAT_UNKNOWN`
   */
  readMeta(): Configuration {
    const { index, term, meta } = this.tree.flushed
    const reader = new ByteReader(meta)
    const version = reader.uint8()
    if (version !== metaVersion) {
      throw new UnumError(
        'FORMAT_UNKNOWN',
        `Cannot open a shard whose state has version ${version}: version ${metaVersion} is known`,
      )
    }
    const configuration = readConfiguration(reader)
    this.timestampUs = reader.uint64()
    this.counters.clear()
    for (let left = reader.varint(); left > 0; left--) {
      const name = reader.text()
      this.counters.set(name, reader.float64())
    }
    this.replies.read(reader)
    this.index = index
    this.term = term
    return configuration
  }
}

const metaVersion = 1
