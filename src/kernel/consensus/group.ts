import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import type { SnapshotReceiver } from '#kernel/storage/generations.ts'
import type { GroupId, LogEntry } from '#kernel/storage/log/node-log-types.ts'
import type { TreeSnapshot } from '#kernel/storage/tables/tree.ts'
import type { Configuration } from './configuration.ts'
import type { Raft } from './raft.ts'

/** What a group replicates: applies what is committed, and gathers what is to be proposed. */
export interface StateMachine {
  /** At the end of a turn, before writes and messages are collected: propose what this turn has gathered. */
  propose(group: Group): void
  /** Every committed entry of every kind, once, in order, on every replica. */
  apply(entry: LogEntry): void
  /** After a turn's entries were applied: answers that waited for them can go. */
  applied(group: Group): void
  /** Role, term, leader or readiness may have changed. */
  changed(group: Group): void
  /** The flushed state, for a follower that needs more than the log holds. */
  snapshot(): TreeSnapshot
  /** Makes the flushed state as new as what is applied now. */
  flush(): Promise<void>
  /** Reads all of the flushed state; where it is damaged, it is given up. */
  verify(): Promise<void>
  /** Where the files of a snapshot are put, beside those in use. */
  receive(): Promise<SnapshotReceiver>
  /** Takes the received files, which are durable by now, for its state. @returns the configuration in it */
  install(): Promise<Configuration>
}

/** A replica of a group on this node: its consensus and what it replicates. */
export class Group {
  readonly id: GroupId
  readonly raft: Raft
  readonly machine: StateMachine
  /** Highest entry given to `machine.apply`. */
  applied: number
  /** In the driver's list of groups to look at when the turn ends. */
  isDirty = false
  /** Last batch of the node log with anything of this group: promises wait until it is durable. */
  lastBatch = 0
  /**
   * The machine's state is damaged: nothing is applied, and this replica does not lead, until a snapshot was taken in. It goes on to
   * vote and to keep the log, which is whole.
   */
  lacksState = false
  /** A snapshot replaces the machine's state: nothing is applied meanwhile. */
  isInstalling = false
  /** It is no longer of this node. */
  isRemoved = false

  constructor(id: GroupId, raft: Raft, machine: StateMachine, applied: number) {
    this.id = id
    this.raft = raft
    this.machine = machine
    this.applied = applied
  }
}

/** How the driver reaches other nodes; `NodeId` and `ReplicaId` are the same number while members are fixed. */
export interface Outgoing {
  /** Starts a frame of consensus messages to a node; undefined: not connected, what it would hold is dropped. */
  begin(to: number): ByteWriter | undefined
  finish(to: number): void
  /** Sends what was queued in this turn at once. */
  flush(): void
}
