/**
 * An ordered table of byte-string keys: the contract that the log-structured merge tree and its dumb twin (a sorted map)
 * both pass the compliance suite of.
 *
 * A tree is the state machine's storage. It has no log of its own: what is not flushed is put back by applying the
 * consensus log from `flushed.index + 1` on. All changes are made by one writer, synchronously, in memory; only `flush`,
 * compaction and `load` touch the disk.
 */
export interface TreeReader {
  /**
   * The newest value, or undefined where there is none. The bytes may share the tree's memory: they are valid until
   * the tree is changed or the caller returns to the event loop, and must not be changed.
   * @throws BlockMiss when a block that is needed is not in memory.
   */
  get(key: Uint8Array): Uint8Array | undefined
  /** Rows with `from <= key < to` in order, or in reverse order. `to` undefined: to the end. */
  scan(range: KeyRange, options?: { readonly reverse?: boolean }): Cursor
}

export interface KeyRange {
  readonly from: Uint8Array
  readonly to: Uint8Array | undefined
}

/** Valid until the caller returns to the event loop, and while the tree is not changed. */
export interface Cursor {
  /**
   * Moves to the next row, the first time to the first.
   * @returns false at the end.
   * @throws BlockMiss
   */
  next(): boolean
  /** Of the current row; shares memory as `get` does, until `next`. */
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/**
 * Thrown by reads for a block that is on disk only. The evaluation is abandoned, `load` brings the block into the cache
 * and pins it, and the evaluation runs again from its start. One shared instance per tree: no stack is captured.
 */
export class BlockMiss {
  /** What to load; opaque to all but the tree that threw it. */
  block: unknown = undefined
}

/** Where in the consensus log the flushed state stands, and what the state machine keeps beside its rows. */
export interface FlushMark {
  readonly index: number
  readonly term: number
  /** The group's own small state at `index` (dedupe window, counters, configuration), opaque here. Up to 16 MiB. */
  readonly meta: Uint8Array
}

export interface TreeWriter extends TreeReader {
  put(key: Uint8Array, value: Uint8Array): void
  /** As `put` of key and value that lie in the same bytes: what is applied from a log makes no object per row. */
  putRange(bytes: Uint8Array, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number): void
  delete(key: Uint8Array): void
  deleteRange(range: KeyRange): void
}

export interface Tree extends TreeWriter {
  /** State of the last flush that is durable; index 0 in a new tree. */
  readonly flushed: FlushMark
  /** Bytes of rows in memory that no file holds yet: when to flush is the owner's decision. */
  readonly unflushedBytes: number
  /** Bytes of all live files. */
  readonly fileBytes: number
  /**
   * How far compaction is behind: 0 not at all; the owner slows writes down before it comes to 1 and holds them back from there
   * on, as reads get slower with every flush.
   */
  readonly pressure: number
  /** Brings the block of a `BlockMiss` into the cache, pinned until `unpin` is called. */
  load(block: unknown): Promise<void>
  /** Lets go of everything that `load` pinned for the evaluation that is over. */
  unpin(): void
  /**
   * Freezes what is in memory (later changes go to a new memory table at once) and writes it to files. When it
   * resolves, files and manifest are durable and `flushed` is `mark`. One at a time.
   * @throws UnumError `DISK_FULL`, `DISK_FAILED`: the frozen rows stay readable and the next flush includes them.
   */
  flush(mark: FlushMark): Promise<void>
  /**
   * The immutable files of the flushed state, to copy to another replica. They are kept until `release`.
   */
  snapshot(): TreeSnapshot
  /**
   * Reads every byte of the files and checks it.
   * @throws UnumError `DATA_DAMAGED`
   */
  verify(): Promise<void>
  /** Ends background work and closes files; nothing unflushed is written. */
  close(): Promise<void>
}

export interface TreeSnapshot {
  readonly mark: FlushMark
  readonly files: readonly { readonly name: string; readonly bytes: number }[]
  /** Reads a part of a file by its name in `files`. */
  read(name: string, position: number, length: number): Promise<Uint8Array>
  release(): void
}
