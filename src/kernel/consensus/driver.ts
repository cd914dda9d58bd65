import { ByteReader } from '#kernel/base/byte-reader.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Clock, Random, Timer } from '#kernel/base/host.ts'
import type { GroupId, HardState, LogBoundary, NodeLog, NodeLogEvents } from '#kernel/storage/log/node-log-types.ts'
import { type Configuration, membersOf, type ReplicaId } from './configuration.ts'
import { Group, type Outgoing, type StateMachine } from './group.ts'
import { type Message, readMessage, writeMessage } from './messages.ts'
import { encodeConfiguration, Raft, type RaftSettings } from './raft.ts'
import { RaftLog } from './raft-log.ts'

export interface DriverOptions {
  readonly self: ReplicaId
  readonly clock: Clock
  readonly random: Random
  readonly settings: RaftSettings
  readonly outgoing: Outgoing
  /** A follower needs a snapshot of the group: send it, then tell `raft.snapshotFinished` and `touch` the group. */
  readonly sendSnapshot: (group: Group, to: ReplicaId) => void
}

export interface GroupOptions {
  readonly id: GroupId
  readonly machine: StateMachine
  /** As of `applied`. */
  readonly configuration: Configuration
  /** What the machine's flushed state holds. */
  readonly flushed: LogBoundary
  /** The flushed state is lost: it must be fetched from another replica. */
  readonly lacksState?: boolean
}

/** What waits for a batch of the node log. */
interface PersistTicket {
  readonly batch: number
  readonly group: Group
  readonly index: number
  readonly term: number
  readonly hardState: HardState | undefined
  readonly messages: readonly Message[]
}

/**
 * Runs the groups of a node: turns the effects of their step machines into one batch of the node log and one frame per peer
 * and turn, and brings the answers of disk and network back to them.
 *
 * Invariants:
 * D1. Messages that promise something leave when the batch that holds the promise is synced, in the order they were made.
 * D2. What is free to leave is sent before the turn's batch is written, so that followers write at the same time.
 * D3. Committed entries are applied in the same call in which their commitment was learnt.
 */
export class ConsensusDriver {
  readonly groups = new Map<GroupId, Group>()
  readonly #options: DriverOptions
  readonly #startedMs: number
  #log: NodeLog | undefined
  #dirty: Group[] = []
  /** Followers with entries to apply at the end of this turn. */
  readonly #behind = new Set<Group>()
  #turnScheduled = false
  #tickets: PersistTicket[] = []
  /** By node: when anything of it was last heard, and when something was last sent to it. */
  readonly #heardMs = new Map<ReplicaId, number>()
  readonly #sentMs = new Map<ReplicaId, number>()
  readonly #outbox = new Map<ReplicaId, { readonly group: GroupId; readonly message: Message }[]>()
  #timer: Timer | undefined
  #timerDueMs = 0
  #isStopped = false

  constructor(options: DriverOptions) {
    this.#options = options
    this.#startedMs = options.clock.monotonicMs()
  }

  /** For `openNodeLog`. */
  get logEvents(): Pick<NodeLogEvents, 'synced'> {
    return { synced: (batch) => this.#synced(batch) }
  }

  start(log: NodeLog): void {
    this.#log = log
    this.#armTimer()
  }

  /** One timer for all groups, for the first that has something to do. */
  #armTimer(): void {
    const nowMs = this.#options.clock.monotonicMs()
    let dueMs = nowMs + this.#options.settings.electionTimeoutMs
    let isAnyResting = false
    for (const { raft } of this.groups.values()) {
      dueMs = Math.min(dueMs, raft.dueMs)
      isAnyResting ||= raft.isResting
    }
    if (isAnyResting) dueMs = Math.min(dueMs, nowMs + this.#beatMs)
    dueMs = Math.max(dueMs, nowMs + timerMsMin)
    this.#timer?.cancel()
    this.#timerDueMs = dueMs
    this.#timer = this.#options.clock.timer(dueMs - nowMs, () => this.#tick())
  }

  /** How often nodes hear of each other while groups that they share rest. */
  get #beatMs(): number {
    return this.#options.settings.electionTimeoutMs / beatsPerTimeout
  }

  /**
   * Instead of heartbeats of groups that rest, nodes that share some tell each other that they are there; a node that is silent is of
   * no use to its groups, which find out for themselves what that means to them.
   */
  #watchResting(nowMs: number): void {
    const { electionTimeoutMs } = this.#options.settings
    const silent = new Set<ReplicaId>()
    const peers = new Set<ReplicaId>()
    for (const { raft } of this.groups.values()) {
      if (!raft.isResting) continue
      for (const replica of membersOf(raft.configuration)) peers.add(replica)
    }
    peers.delete(this.#options.self)
    for (const peer of peers) {
      if (nowMs - (this.#heardMs.get(peer) ?? Number.NEGATIVE_INFINITY) > electionTimeoutMs) silent.add(peer)
      if (nowMs - (this.#sentMs.get(peer) ?? Number.NEGATIVE_INFINITY) >= this.#beatMs) this.#sendTo(peer, [])
    }
    if (peers.size > 0) this.#options.outgoing.flush()
    if (silent.size === 0) return
    for (const group of this.groups.values()) {
      const { raft } = group
      const isTold =
        raft.role === 'leader' ? [...silent].some((peer) => raft.progress.has(peer)) : silent.has(raft.leader)
      if (!raft.isResting || !isTold) continue
      raft.wake(nowMs)
      this.touch(group)
    }
  }

  #tick(): void {
    const nowMs = this.#options.clock.monotonicMs()
    this.#watchResting(nowMs)
    for (const group of this.groups.values()) {
      if (nowMs < group.raft.dueMs) continue
      group.raft.tick(nowMs)
      group.machine.changed(group)
      this.touch(group)
    }
    this.#armTimer()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
  }

  /** Starts a replica with what the node log and its tables hold of it. */
  add(options: GroupOptions): Group {
    const log = this.#log!
    const recovered = log.recovered.get(options.id)
    const { flushed } = options
    const raftLog = new RaftLog(recovered?.boundary ?? { index: 0, term: 0 }, recovered?.entries ?? [])
    // The log may lack what the tables hold: a snapshot that was taken in just before the node stopped.
    const isBehind = !options.lacksState && raftLog.termAt(flushed.index) !== flushed.term
    if (isBehind) raftLog.resetTo(flushed)
    const raft = new Raft({
      self: this.#options.self,
      settings: this.#options.settings,
      hardState: recovered?.hardState ?? { term: 0, vote: 0 },
      log: raftLog,
      configuration: options.configuration,
      committed: flushed.index,
      random: this.#options.random.child(`group ${options.id}`),
      nowMs: this.#options.clock.monotonicMs(),
      startedMs: this.#startedMs,
    })
    const group = new Group(options.id, raft, options.machine, flushed.index)
    if (options.lacksState) this.lost(group)
    this.groups.set(options.id, group)
    if (isBehind) this.#appendBoundary(group)
    else if (!recovered)
      group.lastBatch = log.appendConfiguration(options.id, encodeConfiguration(options.configuration))
    this.touch(group)
    return group
  }

  /** The group is no longer of this node: nothing more is sent or written for it. */
  remove(id: GroupId): void {
    const group = this.groups.get(id)
    if (!group) return
    group.isRemoved = true
    this.groups.delete(id)
    this.#behind.delete(group)
    this.#tickets = this.#tickets.filter((ticket) => ticket.group !== group)
    this.#dirty = this.#dirty.filter((dirty) => dirty !== group)
  }

  /** The machine's tables hold everything up to `index`: the log forgets it, in memory and on disk. */
  flushed(group: Group, boundary: LogBoundary): void {
    if (boundary.index <= group.raft.log.boundary.index) return
    group.raft.compact(boundary.index)
    group.lastBatch = this.#log!.appendBoundary(group.id, boundary)
    this.touch(group)
  }

  /** A leader's snapshot has replaced the machine's state. */
  installed(group: Group, boundary: LogBoundary, configuration: Configuration): void {
    group.isInstalling = false
    group.lacksState = false
    group.raft.isPassive = false
    group.applied = boundary.index
    if (boundary.index > group.raft.committed) {
      group.raft.installSnapshot(boundary, configuration)
      this.#log!.appendConfiguration(group.id, encodeConfiguration(configuration))
      this.#appendBoundary(group)
    }
    this.#apply(group) // what the log holds beyond it
    this.touch(group)
  }

  /** The machine's state is lost or damaged: this replica votes and keeps the log, and waits for a snapshot. */
  lost(group: Group): void {
    group.lacksState = true
    group.raft.becomePassive(this.#options.clock.monotonicMs())
    group.machine.changed(group)
    this.touch(group)
  }

  /** A snapshot's end becomes the log's boundary on disk; entries above it are forgotten where they are of another history. */
  #appendBoundary(group: Group): void {
    const { boundary, lastIndex } = group.raft.log
    group.lastBatch = this.#log!.appendBoundary(group.id, boundary, lastIndex === boundary.index ? 'forget' : 'keep')
  }

  /** Something about the group has changed: look at it when this turn ends. */
  touch(group: Group): void {
    if (group.isRemoved) return
    if (!group.isDirty) {
      group.isDirty = true
      this.#dirty.push(group)
    }
    if (this.#turnScheduled) return
    this.#turnScheduled = true
    this.#options.clock.defer(() => this.#endTurn())
  }

  /** A snapshot is about to replace the machine's state: until it has, nothing is applied, and this replica does not lead. */
  installing(group: Group): void {
    group.isInstalling = true
    group.raft.becomePassive(this.#options.clock.monotonicMs())
    group.machine.changed(group)
    this.touch(group)
  }

  /** It came to nothing, and the state is as it was. */
  notInstalled(group: Group): void {
    group.isInstalling = false
    group.raft.isPassive = group.lacksState
    this.#apply(group)
    this.touch(group)
  }

  /** One frame of messages from a node. @throws UnumError `DATA_DAMAGED` */
  receive(from: ReplicaId, bytes: Uint8Array): void {
    if (this.#isStopped) return
    const reader = new ByteReader(bytes)
    const nowMs = this.#options.clock.monotonicMs()
    this.#heardMs.set(from, nowMs)
    while (reader.remaining > 0) {
      const group = this.groups.get(reader.varint())
      const message = readMessage(reader)
      if (message.from !== from) {
        throw new UnumError('DATA_DAMAGED', `A consensus message of replica ${message.from} came from node ${from}`)
      }
      if (!group) continue // not here yet: its leader asks again
      group.raft.receive(message, nowMs)
      this.#advance(group)
      this.touch(group)
    }
  }

  /** A connection to a node was made anew. */
  reconnected(node: ReplicaId): void {
    const nowMs = this.#options.clock.monotonicMs()
    this.#heardMs.set(node, nowMs)
    for (const group of this.groups.values()) {
      group.raft.reconnected(node, nowMs)
      this.touch(group)
    }
  }

  /** The connection to a node broke. */
  disconnected(node: ReplicaId): void {
    const nowMs = this.#options.clock.monotonicMs()
    for (const group of this.groups.values()) {
      group.raft.disconnected(node, nowMs)
      this.touch(group) // its election may be due sooner
    }
  }

  /**
   * Consensus has gone on. A leader applies what is committed at once, for clients wait for it. For a follower's applying nobody waits,
   * but the leader does for its acknowledgement: new entries are written first, and what was synced is told.
   */
  #advance(group: Group): void {
    if (group.raft.role === 'leader' || group.applied === group.raft.committed) {
      this.#apply(group)
      return
    }
    group.machine.changed(group)
    if (this.#behind.add(group).size === 1) this.#applyAfterRounds(roundsToWrite)
  }

  /** A write on the event loop is done in the next round of this turn, and its messages leave in that. */
  #applyAfterRounds(rounds: number): void {
    this.#options.clock.defer(() => {
      if (rounds > 1) {
        this.#applyAfterRounds(rounds - 1)
        return
      }
      const groups = [...this.#behind]
      this.#behind.clear()
      if (!this.#isStopped) for (const group of groups) this.#apply(group)
    })
  }

  #apply(group: Group): void {
    const { raft, machine } = group
    if (group.applied < raft.committed && !group.isInstalling && !group.lacksState) {
      while (group.applied < raft.committed) {
        group.applied++
        machine.apply(raft.log.entryAt(group.applied)!)
      }
      machine.applied(group)
    }
    machine.changed(group)
  }

  #endTurn(): void {
    this.#turnScheduled = false
    if (this.#isStopped) return
    const nowMs = this.#options.clock.monotonicMs()
    const dirty = this.#dirty
    let isEarlier = false
    this.#dirty = []
    for (const group of dirty) {
      group.isDirty = false
      this.#collect(group, nowMs)
      if (group.raft.dueMs < this.#timerDueMs - timerMsMin) isEarlier = true
    }
    if (isEarlier) this.#armTimer()
    this.#send()
    this.#log!.flush()
  }

  #collect(group: Group, nowMs: number): void {
    const log = this.#log!
    group.machine.propose(group)
    const { hardState, entries, now, afterPersist, snapshots } = group.raft.ready(nowMs)
    if (hardState) group.lastBatch = log.appendHardState(group.id, hardState)
    const last = entries.at(-1)
    if (last) group.lastBatch = log.appendEntries(group.id, entries)
    for (const message of now) this.#queue(group.id, message)
    if (last || hardState || (afterPersist.length > 0 && group.lastBatch > log.syncedBatch)) {
      this.#tickets.push({
        batch: group.lastBatch,
        group,
        index: last?.index ?? 0,
        term: last?.term ?? 0,
        hardState,
        messages: afterPersist,
      })
    } else {
      for (const message of afterPersist) this.#queue(group.id, message)
    }
    for (const replica of snapshots) this.#options.sendSnapshot(group, replica)
  }

  #synced(batch: number): void {
    if (this.#isStopped) return
    let done = 0
    for (const ticket of this.#tickets) {
      if (ticket.batch > batch) break
      done++
      const { group } = ticket
      for (const message of ticket.messages) this.#queue(group.id, message)
      group.raft.persisted(ticket.index, ticket.term, ticket.hardState)
      this.#advance(group)
      this.touch(group)
    }
    this.#tickets.splice(0, done)
    this.#send()
  }

  #queue(group: GroupId, message: Message): void {
    const queued = this.#outbox.get(message.to)
    if (queued) queued.push({ group, message })
    else this.#outbox.set(message.to, [{ group, message }])
  }

  #send(): void {
    let any = false
    for (const [to, queued] of this.#outbox) {
      if (queued.length === 0) continue
      any = true
      this.#sendTo(to, queued)
      queued.length = 0
    }
    if (any) this.#options.outgoing.flush()
  }

  /** As one frame, or more where it would become large. */
  #sendTo(to: ReplicaId, queued: readonly { readonly group: GroupId; readonly message: Message }[]): void {
    const { outgoing } = this.#options
    let writer = outgoing.begin(to)
    if (!writer) return
    this.#sentMs.set(to, this.#options.clock.monotonicMs())
    let begin = writer.length
    for (const { group, message } of queued) {
      if (writer.length - begin > frameBytesGoal) {
        outgoing.finish(to)
        writer = outgoing.begin(to)
        if (!writer) return
        begin = writer.length
      }
      writer.varint(group)
      writeMessage(writer, message)
    }
    outgoing.finish(to)
  }
}

/** Of them at least one arrives in time, where two may be late. */
const beatsPerTimeout = 3

/** Groups that are due within this time of each other are looked at together. */
const timerMsMin = 5

/** Of the end of a turn, from the receipt of entries to the leaving of their acknowledgement: collect and write, acknowledge, apply. */
const roundsToWrite = 3

/** A frame that has reached this size is sent before the next message is added. */
const frameBytesGoal = 1 << 20
