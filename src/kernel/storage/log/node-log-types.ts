/**
 * The contract of the node log: one append-only log per disk for the entries and hard states of all Raft groups of a
 * node (docs/architecture.md "The node log").
 */

export type GroupId = number

/** What consensus appends. The bytes belong to the log's reader and writer alike and are never changed. */
export interface LogEntry {
  readonly index: number
  readonly term: number
  /** `entryKinds` of consensus: opaque here. 0 to 255. */
  readonly kind: number
  readonly data: Uint8Array
}

export interface HardState {
  readonly term: number
  /** Replica voted for in `term`; 0 for none. */
  readonly vote: number
}

/** Entries at or below `index` are no longer needed here: they are in flushed tables, or in an installed snapshot. */
export interface LogBoundary {
  readonly index: number
  readonly term: number
}

/** What is known of a group after opening. */
export interface RecoveredGroup {
  readonly id: GroupId
  readonly hardState: HardState
  readonly boundary: LogBoundary
  /** Consecutive, from `boundary.index + 1` on. */
  readonly entries: readonly LogEntry[]
  /** The group's configuration as last written: opaque here. */
  readonly configuration: Uint8Array
  /**
   * Records of this group that were once synced are gone (a failed checksum before a valid batch, a missing segment).
   * It may neither vote nor count any more.
   */
  readonly damaged: boolean
}

export interface NodeLog {
  /** As found at opening. A group's part is let go with its first new record: the log keeps no entries in memory. */
  readonly recovered: ReadonlyMap<GroupId, RecoveredGroup>
  /** Highest batch whose bytes are durable. */
  readonly syncedBatch: number
  /**
   * Each of these queues a record for the next batch and returns that batch's number. Nothing is written before
   * `flush`. A record of entries supersedes what the group had at and above its first index, which is at most one above
   * its last or its boundary. Very many entries become several batches, of which the last one's number is returned;
   * other records, queued one after the other, share a batch: after a crash all of them are there, or none. Without
   * effect after a failure or `close`.
   */
  appendEntries(group: GroupId, entries: readonly LogEntry[]): number
  appendHardState(group: GroupId, state: HardState): number
  /**
   * Entries at and below are forgotten. A boundary above the last entry leaves the group's log empty behind it, as does
   * `forget`: after a snapshot was installed that contradicts what the log holds.
   */
  appendBoundary(group: GroupId, boundary: LogBoundary, above?: 'keep' | 'forget'): number
  appendConfiguration(group: GroupId, configuration: Uint8Array): number
  /** The group was removed from this node: nothing of it is recovered any more. */
  appendRemoval(group: GroupId): number
  /**
   * Writes and syncs the queued batch as one request, unless one is under way: then it follows when that one is synced.
   * Call it once at the end of a turn.
   */
  flush(): void
  /**
   * Bytes written to all segments that are still needed. Flushing groups and moving their boundaries brings it down.
   */
  readonly bytes: number
  /** After it nothing is written; what `flush` was called for is synced first. */
  close(): Promise<void>
}

export interface NodeLogEvents {
  /** All batches up to `batch` are durable. Called once per batch, in order. */
  synced(batch: number): void
  /**
   * The disk has no room for what is next; what waits is written once it has. Called with true for each attempt that found none, with
   * false when one did.
   */
  full(isFull: boolean): void
  /** A write or sync failed: nothing unsynced may be trusted, the node must stop. Called once. */
  failed(error: Error): void
}
