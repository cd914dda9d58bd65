import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { emptyBytes } from '#kernel/base/bytes.ts'
import { assert } from '#kernel/base/errors.ts'
import type { Random } from '#kernel/base/host.ts'
import type { HardState, LogBoundary, LogEntry } from '#kernel/storage/log/node-log-types.ts'
import {
  type Configuration,
  isVoter,
  mayFollow,
  membersOf,
  type ReplicaId,
  readConfiguration,
  writeConfiguration,
} from './configuration.ts'
import { checkQuorum, handleTimeoutNow, handleVote, handleVoteReply, startElection, tallyVotes } from './election.ts'
import type { Message } from './messages.ts'
import { becomeProbe, newProgress, type Progress, resend } from './progress.ts'
import { reachedByMajority } from './quorum.ts'
import type { RaftLog } from './raft-log.ts'
import {
  advanceCommit,
  collectAppends,
  handleAppend,
  handleAppendReply,
  handleHeartbeat,
  handleHeartbeatReply,
  sendHeartbeats,
} from './replication.ts'

/** Kinds of log entries. On disk and on the wire: never reused. */
export const entryKinds = { noop: 0, configuration: 1, command: 2 } as const

export interface RaftSettings {
  /** A follower that hears nothing campaigns after one to two of these; nobody votes sooner. */
  readonly electionTimeoutMs: number
  /** At most a third of the election timeout. */
  readonly heartbeatMs: number
  /** Bound on how much faster one clock runs than another, as a fraction: shortens the lease. */
  readonly clockDriftMax: number
  readonly appendsInFlightMax: number
  readonly appendBytesMax: number
  /** A group that nobody has used for so long rests (R7); 0: never. */
  readonly restAfterMs: number
}

export interface RaftOptions {
  readonly self: ReplicaId
  readonly settings: RaftSettings
  readonly hardState: HardState
  readonly log: RaftLog
  /** As of the log's boundary; entries above it may hold newer ones. */
  readonly configuration: Configuration
  /** Known to be committed: in flushed tables. */
  readonly committed: number
  readonly random: Random
  readonly nowMs: number
  /** When this process began: promises of the one before it are over an election timeout later (R4). */
  readonly startedMs: number
}

export type Role = 'follower' | 'preCandidate' | 'candidate' | 'leader'

/** What the driver must do. Drained by `ready`, once per turn. */
export interface Ready {
  /** To be made durable in one batch. */
  readonly hardState: HardState | undefined
  readonly entries: readonly LogEntry[]
  /** Free to leave at once, also before this turn's batch is durable. */
  readonly now: readonly Message[]
  /** Must not leave before everything persisted up to and including this turn is durable. */
  readonly afterPersist: readonly Message[]
  /** Followers that need more than the log holds: send each a snapshot, then call `snapshotFinished`. */
  readonly snapshots: readonly ReplicaId[]
}

/**
 * One replica of one group: the Raft of Ongaro and Ousterhout as a pure step machine. Inputs are messages, passing time,
 * proposals and completed writes; each changes the state and leaves effects that `ready` hands out. No I/O, no clock.
 *
 * Invariants:
 * R1. `term`, `vote` and log are durable before anyone learns of a vote given or is asked for one (`afterPersist`). So
 *     nobody leads in a term that it could forget and lead again with another log, and no grant rests on entries that were
 *     lost since.
 * R2. The own copy of an entry counts for commitment only once it is durable (`persisted`); appends leave before that.
 * R3. Only entries of the own term are committed by counting (Raft §5.4.2); earlier ones go with them.
 * R4. A replica gives no vote, to itself neither, while it may be part of a lease: for one election timeout after it heard
 *     from a leader, and after its start unless it is new or alone. It is part of none before its term is durable, for only
 *     that tells it from a new one. An election that the leader itself asked for is exempt: that leader's lease is over.
 * R5. A lease counts from the sending of the newest round that a majority acknowledged, lasts less than the election
 *     timeout by the drift of clocks, and is given up for the rest of the term before leadership is offered to another.
 * R6. The configuration is the newest in the log, committed or not (Raft §6), and falls back when the log is truncated. A
 *     new one is taken only while the one before is committed, and only if it may follow (`mayFollow`).
 * R7. A group whose replicas all have the same committed log may rest: its leader sends no heartbeats, and its followers wait for none and
 *     give no vote. Anything that happens to one of them ends its rest; so does its owner when the node of another replica is silent
 *     (`wake`), and a leader that steps down. A leader that rests has no lease for long, as one counts from rounds. It says from time to
 *     time that it still rests, and followers believe it for so long only.
 */
export class Raft {
  readonly self: ReplicaId
  readonly settings: RaftSettings
  readonly log: RaftLog
  readonly random: Random
  /** Length of a lease by the leader's own clock: the leader's may be slow and the follower's fast by `clockDriftMax`. */
  readonly leaseMs: number

  term: number
  vote: ReplicaId
  leader: ReplicaId = 0
  role: Role = 'follower'
  /** Everything up to here is decided. */
  committed: number
  /** Own entries up to here are durable. */
  persistedIndex: number
  configuration: Configuration

  nowMs: number
  electionDeadlineMs = 0
  heartbeatDueMs = 0
  /** No vote before this time (R4); a leader gives none at all. */
  voteFromMs: number
  /** When the role was last taken. */
  roleSinceMs: number
  /** When heartbeats were last begun or to be waited for. */
  awakeSinceMs: number
  /** R7. */
  isResting = false
  /** When a leader was last asked for anything. */
  usedMs: number
  votes = new Map<ReplicaId, boolean>()
  progress = new Map<ReplicaId, Progress>()
  transfer: { readonly to: ReplicaId; readonly deadlineMs: number; sent: boolean } | undefined
  /** Votes and keeps the log, but does not lead: for a replica whose state is not there. */
  isPassive = false
  /** The disk takes nothing: no term that it campaigned in could be kept, and each would only end another's leadership. */
  cannotWrite = false
  /** R5: leadership was offered in this term; reads need a round of their own from here on. */
  leaseGivenUp = false

  /** Configurations in the log above its boundary, and below them the one of the boundary itself. */
  #configurations: { readonly index: number; readonly configuration: Configuration }[]
  #hardStateChanged = false
  #durableTerm: number
  #persistFrom: number
  #now: Message[] = []
  #afterPersist: Message[] = []
  #snapshots: ReplicaId[] = []

  constructor(options: RaftOptions) {
    const { settings, log, hardState } = options
    assert(settings.heartbeatMs * 3 <= settings.electionTimeoutMs, 'three heartbeats fit in an election timeout')
    this.self = options.self
    this.settings = settings
    this.log = log
    this.random = options.random
    this.leaseMs = (settings.electionTimeoutMs * (1 - settings.clockDriftMax)) / (1 + settings.clockDriftMax)
    this.term = hardState.term
    this.vote = hardState.vote
    this.#durableTerm = hardState.term
    this.committed = Math.max(options.committed, log.boundary.index)
    this.persistedIndex = log.lastIndex
    this.#persistFrom = log.lastIndex + 1
    this.nowMs = options.nowMs
    this.roleSinceMs = options.nowMs
    this.awakeSinceMs = options.nowMs
    this.usedMs = options.nowMs
    this.#configurations = [{ index: log.boundary.index, configuration: options.configuration }]
    this.configuration = options.configuration
    for (let index = log.firstIndex; index <= log.lastIndex; index++) this.noteConfiguration(log.entryAt(index)!)
    const isFree = hardState.term === 0 || this.#isAlone
    this.voteFromMs = isFree ? options.nowMs : options.startedMs + settings.electionTimeoutMs
    this.resetElectionDeadline()
  }

  // ---- inputs ----

  /** When `tick` has something to do next, if nothing else happens before. */
  get dueMs(): number {
    if (this.role !== 'leader') return this.electionDeadlineMs
    return Math.min(this.heartbeatDueMs, this.transfer?.deadlineMs ?? Number.POSITIVE_INFINITY)
  }

  /** Time has passed. */
  tick(nowMs: number): void {
    this.nowMs = nowMs
    if (this.role === 'leader') {
      if (!this.isResting) checkQuorum(this)
      if (this.role !== 'leader' || nowMs < this.heartbeatDueMs) return
      const rests = this.#mayRest
      sendHeartbeats(this, rests)
      this.isResting = rests
      if (rests) this.heartbeatDueMs = nowMs + restTimeouts * this.settings.electionTimeoutMs
    } else if (nowMs >= this.electionDeadlineMs) {
      this.resetElectionDeadline()
      if (this.mayLead) startElection(this, { pre: true, transfer: false })
    }
  }

  /**
   * Campaigns now, or as soon as the own vote may be given (R4), instead of waiting for a timeout: for the first leader of a
   * group that starts. Refused votes do no harm.
   */
  campaign(nowMs: number): void {
    this.nowMs = nowMs
    if (this.role !== 'follower' || !this.mayLead) return // an election under way takes its time
    if (this.isInLease) {
      this.electionDeadlineMs = Math.min(this.electionDeadlineMs, this.voteFromMs)
      return
    }
    this.resetElectionDeadline()
    startElection(this, { pre: true, transfer: false })
  }

  /** Gives up leadership, or a candidacy, and leads no more until `isPassive` is false again. */
  becomePassive(nowMs: number): void {
    this.nowMs = nowMs
    this.isPassive = true
    if (this.role !== 'follower') this.becomeFollower(this.term, 0)
  }

  receive(message: Message, nowMs: number): void {
    this.nowMs = nowMs
    if (message.to !== this.self || !this.#acceptsTerm(message)) return
    // Answers to its last heartbeats do not end a leader's rest. A follower's is ended by its leader: whoever asks it for its vote has lost
    // the leader alone, or the owner finds out as well.
    if (this.role === 'leader' ? message.kind !== 'heartbeatReply' : message.kind === 'timeoutNow') this.wake(nowMs)
    switch (message.kind) {
      case 'vote':
        handleVote(this, message)
        break
      case 'voteReply':
        handleVoteReply(this, message)
        break
      case 'append':
        handleAppend(this, message)
        break
      case 'appendReply':
        handleAppendReply(this, message)
        break
      case 'heartbeat':
        handleHeartbeat(this, message)
        break
      case 'heartbeatReply':
        handleHeartbeatReply(this, message)
        break
      case 'timeoutNow':
        handleTimeoutNow(this, message)
        break
      default:
        message satisfies never
    }
  }

  /**
   * Adds an entry to the log.
   * @returns its index; 0 where this replica is not the leader, or is handing leadership over, and for a configuration
   * while the one before is not committed.
   */
  propose(kind: number, data: Uint8Array): number {
    if (this.role !== 'leader' || this.transfer) return 0
    this.wake(this.nowMs)
    this.usedMs = this.nowMs
    if (kind === entryKinds.configuration) {
      if (this.#isConfigurationOpen) return 0
      const next = readConfiguration(new ByteReader(data))
      assert(
        mayFollow(this.configuration, next),
        'a configuration decides with every one that could come instead of it',
      )
    }
    return this.appendOwn(kind, data)
  }

  /** A batch is durable: entries up to `index`, the last of which was of `term`, and the hard state of that time. */
  persisted(index: number, term: number, hardState: HardState | undefined): void {
    // A later truncation may have replaced the entry since: then its successor's own completion will count.
    if (index > this.persistedIndex && this.log.termAt(index) === term) {
      this.persistedIndex = index
      if (this.role === 'leader') advanceCommit(this)
    }
    if (hardState) this.#durableTerm = hardState.term
    if (hardState && hardState.term === this.term && hardState.vote === this.self && this.role === 'candidate') {
      this.votes.set(this.self, true)
      tallyVotes(this)
    }
  }

  /** A new connection to `replica`: what was under way on the old one is lost. */
  reconnected(replica: ReplicaId, nowMs: number): void {
    this.wake(nowMs)
    const progress = this.progress.get(replica)
    if (progress && progress.state !== 'snapshot') resend(progress)
  }

  /**
   * The connection to `replica` broke. If it leads, it may be gone: the next election need not wait for the whole of a random
   * timeout, only until others may vote again (R4).
   */
  disconnected(replica: ReplicaId, nowMs: number): void {
    this.nowMs = nowMs
    if (this.role === 'leader') this.wake(nowMs)
    if (this.role !== 'follower' || this.leader !== replica) return
    this.wake(nowMs)
    const soonMs = Math.max(nowMs, this.voteFromMs) + (this.random.float() * this.settings.electionTimeoutMs) / 4
    this.electionDeadlineMs = Math.min(this.electionDeadlineMs, soonMs)
  }

  /** Flushed tables hold everything up to `index`: the log forgets it. */
  compact(index: number): void {
    assert(index <= this.committed && index < this.#persistFrom, 'only what is committed and written is forgotten')
    this.log.compactTo(index)
    while (this.#configurations.length > 1 && this.#configurations[1]!.index <= index) this.#configurations.shift()
  }

  /** The configuration as of `index`, which is not below the log's boundary. */
  configurationAt(index: number): Configuration {
    return this.#configurations.findLast((known) => known.index <= index)!.configuration
  }

  /** A follower's tables were replaced by a leader's snapshot that ends at `boundary`. */
  installSnapshot(boundary: LogBoundary, configuration: Configuration): void {
    assert(boundary.index > this.committed, 'a snapshot goes beyond what is committed here')
    assert(this.role !== 'leader', 'a leader has all that is committed')
    this.log.resetTo(boundary)
    this.committed = boundary.index
    // What the log keeps above the boundary may still have to be written, or be on its way.
    const { lastIndex } = this.log
    this.persistedIndex = Math.max(boundary.index, Math.min(this.persistedIndex, lastIndex))
    this.#persistFrom = Math.max(boundary.index, Math.min(this.#persistFrom - 1, lastIndex)) + 1
    this.#configurations = [{ index: boundary.index, configuration }]
    for (let i = this.log.firstIndex; i <= this.log.lastIndex; i++) this.noteConfiguration(this.log.entryAt(i)!)
    this.configuration = this.#configurations.at(-1)!.configuration
  }

  /**
   * The sending of a snapshot that ends at `index` is over, well or not. What the follower holds durably it says itself, in
   * answer to the probe that comes next.
   */
  snapshotFinished(to: ReplicaId, index: number, installed: boolean): void {
    const progress = this.progress.get(to)
    if (this.role !== 'leader' || progress?.state !== 'snapshot') return
    becomeProbe(progress, installed ? index + 1 : 0)
    progress.resendAtMs = this.nowMs + (installed ? 0 : this.settings.electionTimeoutMs)
  }

  /**
   * Hands leadership to `to` once it has caught up; proposals are refused meanwhile. Given up after an election timeout.
   * @returns whether it was begun.
   */
  transferTo(to: ReplicaId, nowMs: number): boolean {
    this.nowMs = nowMs
    this.wake(nowMs)
    if (this.role !== 'leader' || this.transfer || to === this.self || !isVoter(this.configuration, to)) return false
    this.transfer = { to, deadlineMs: nowMs + this.settings.electionTimeoutMs, sent: false }
    return true
  }

  /** Of a leader: the other voters that have all that is committed. */
  get successors(): readonly ReplicaId[] {
    if (this.role !== 'leader') return []
    return [...this.progress]
      .filter(([replica, { matchIndex }]) => matchIndex >= this.committed && isVoter(this.configuration, replica))
      .map(([replica]) => replica)
  }

  /** Ends a rest: heartbeats are sent again, or waited for. */
  wake(nowMs: number): void {
    if (!this.isResting) return
    this.nowMs = nowMs
    this.isResting = false
    this.awakeSinceMs = nowMs
    this.usedMs = nowMs
    this.heartbeatDueMs = nowMs
    if (this.role !== 'leader') this.resetElectionDeadline()
  }

  /** The leader has said that it rests, with a log that ends at `commit`. */
  restBehind(commit: number): void {
    const { lastIndex, lastTerm } = this.log
    const isSame = commit === lastIndex && this.committed === lastIndex && lastTerm === this.term
    this.isResting = isSame && this.persistedIndex === lastIndex && !this.isPassive && !this.cannotWrite
    if (this.isResting) this.electionDeadlineMs += 2 * restTimeouts * this.settings.electionTimeoutMs
  }

  /** Nobody has used it for a while, and all replicas have answered of late and hold all that there is. */
  get #mayRest(): boolean {
    const { restAfterMs, electionTimeoutMs } = this.settings
    if (restAfterMs === 0 || this.nowMs - this.usedMs < restAfterMs) return false
    const { lastIndex } = this.log
    if (!this.isReady || this.transfer || this.committed !== lastIndex || this.persistedIndex !== lastIndex)
      return false
    const heardFromMs = this.isResting ? Number.NEGATIVE_INFINITY : this.nowMs - electionTimeoutMs
    return [...this.progress.values()].every(
      ({ state, matchIndex, inFlight, roundMs }) =>
        state === 'replicate' && matchIndex === lastIndex && inFlight === 0 && roundMs >= heardFromMs,
    )
  }

  // ---- what others may know ----

  /** The leader serves clients only after an entry of its own term is committed (Raft §8). */
  get isReady(): boolean {
    return this.role === 'leader' && this.log.termAt(this.committed) === this.term
  }

  /** The time, by this leader's clock, at which a majority certainly still followed it. */
  confirmedMs(): number {
    return reachedByMajority(this.configuration, (replica) =>
      replica === this.self ? this.nowMs : (this.progress.get(replica)?.roundMs ?? Number.NEGATIVE_INFINITY),
    )
  }

  /** May a read that arrived by `nowMs` be answered from the applied state? Under the lease (R5). */
  holdsLease(nowMs: number): boolean {
    this.nowMs = nowMs
    return this.isReady && !this.leaseGivenUp && nowMs < this.confirmedMs() + this.leaseMs
  }

  /** Asks every follower for a round now: for reads that need one. */
  confirm(nowMs: number): void {
    this.nowMs = nowMs
    if (this.role !== 'leader') return
    this.wake(nowMs)
    this.usedMs = nowMs
    sendHeartbeats(this)
  }

  // ---- effects ----

  ready(nowMs: number): Ready {
    this.nowMs = nowMs
    if (this.role === 'leader') collectAppends(this)
    const hardState = this.#hardStateChanged ? { term: this.term, vote: this.vote } : undefined
    const last = this.log.lastIndex
    const entries =
      this.#persistFrom <= last ? this.log.slice(this.#persistFrom, last, Number.POSITIVE_INFINITY) : noEntries
    const ready = {
      hardState,
      entries,
      now: this.#now,
      afterPersist: this.#afterPersist,
      snapshots: this.#snapshots,
    }
    this.#hardStateChanged = false
    this.#persistFrom = last + 1
    this.#now = []
    this.#afterPersist = []
    this.#snapshots = []
    return ready
  }

  // ---- for the parts of this machine (election.ts, replication.ts) ----

  /** The one place that decides what may leave before the disk has answered (R1, R2, R4). */
  send(message: Message): void {
    const isVoting = (message.kind === 'vote' || message.kind === 'voteReply') && !message.pre
    const isPromise = isVoting || message.kind === 'appendReply'
    const needsTerm = message.kind === 'heartbeatReply' && this.#durableTerm !== this.term // R4
    if (isPromise || needsTerm) this.#afterPersist.push(message)
    else this.#now.push(message)
  }

  wantSnapshot(to: ReplicaId): void {
    this.#snapshots.push(to)
  }

  setTerm(term: number, vote: ReplicaId): void {
    assert(term > this.term || (term === this.term && (this.vote === 0 || this.vote === vote)), 'votes stand')
    if (term === this.term && vote === this.vote) return
    this.term = term
    this.vote = vote
    this.#hardStateChanged = true
  }

  becomeFollower(term: number, leader: ReplicaId): void {
    if (this.role === 'follower' && (term > this.term || leader !== this.leader)) this.wake(this.nowMs)
    if (this.role !== 'follower') {
      // Those that rest behind it hear that there is something to wait for.
      if (this.role === 'leader' && this.isResting) sendHeartbeats(this)
    }
    if (term > this.term) this.setTerm(term, 0)
    if (this.role !== 'follower') {
      this.role = 'follower'
      this.isResting = false
      this.roleSinceMs = this.nowMs
      this.resetElectionDeadline()
    }
    this.leader = leader
    this.transfer = undefined
    this.progress.clear()
    this.votes.clear()
  }

  becomeLeader(): void {
    this.role = 'leader'
    this.isResting = false
    this.roleSinceMs = this.nowMs
    this.awakeSinceMs = this.nowMs
    this.usedMs = this.nowMs
    this.leader = this.self
    this.transfer = undefined
    this.leaseGivenUp = false
    this.votes.clear()
    this.#resetProgress()
    this.heartbeatDueMs = this.nowMs + this.settings.heartbeatMs
    this.appendOwn(entryKinds.noop, emptyBytes)
    advanceCommit(this)
  }

  /** A leader that is not a voter any more leads until that is decided (Raft §6). */
  resignIfRemoved(): void {
    if (!this.#isConfigurationOpen && !isVoter(this.configuration, this.self)) this.becomeFollower(this.term, 0)
  }

  /** The leader's, in its own term. */
  appendOwn(kind: number, data: Uint8Array): number {
    const entry = { index: this.log.lastIndex + 1, term: this.term, kind, data }
    this.log.append(entry)
    this.noteConfiguration(entry)
    return entry.index
  }

  /** From a leader: the entries from `index` on are replaced. */
  truncateFrom(index: number): void {
    assert(index > this.committed, 'committed entries are never replaced')
    this.log.truncateFrom(index)
    this.persistedIndex = Math.min(this.persistedIndex, index - 1)
    this.#persistFrom = Math.min(this.#persistFrom, index)
    while (this.#configurations.at(-1)!.index >= index) this.#configurations.pop()
    this.configuration = this.#configurations.at(-1)!.configuration
  }

  noteConfiguration(entry: LogEntry): void {
    if (entry.kind !== entryKinds.configuration) return
    this.configuration = readConfiguration(new ByteReader(entry.data))
    this.#configurations.push({ index: entry.index, configuration: this.configuration })
    if (this.role === 'leader') this.#resetProgress()
  }

  resetElectionDeadline(): void {
    const base = this.settings.electionTimeoutMs
    this.electionDeadlineMs = this.nowMs + base + this.random.float() * base
  }

  /**
   * A voter; and one that a configuration takes the vote from, while that is not known to be decided: it may be the only
   * one whose log is new enough (dissertation §4.2.2).
   */
  get mayLead(): boolean {
    if (this.isPassive || this.cannotWrite) return false
    if (isVoter(this.configuration, this.self)) return true
    return this.#isConfigurationOpen && isVoter(this.#configurations.at(-2)!.configuration, this.self)
  }

  /** The newest configuration is not known to be committed. */
  get #isConfigurationOpen(): boolean {
    return this.#configurations.at(-1)!.index > this.committed
  }

  /**
   * In every configuration known here it is the only voter. Then nobody else can have led since the oldest of them was
   * committed: a leader that was removed by it has resigned before it could say so.
   */
  get #isAlone(): boolean {
    return this.#configurations.every(({ configuration: { voters, outgoing } }) => {
      return outgoing.length === 0 && voters.length === 1 && voters[0] === this.self
    })
  }

  /** R4: whether this replica's vote may already be part of somebody's lease. */
  get isInLease(): boolean {
    return this.role === 'leader' || this.isResting || this.nowMs < this.voteFromMs
  }

  /** A legitimate leader of this term was heard. */
  heardFrom(leader: ReplicaId): void {
    assert(this.role !== 'leader', 'a term has one leader')
    this.becomeFollower(this.term, leader)
    this.isResting = false
    this.voteFromMs = this.nowMs + this.settings.electionTimeoutMs
    this.resetElectionDeadline()
  }

  #resetProgress(): void {
    const before = this.progress
    this.progress = new Map()
    for (const replica of membersOf(this.configuration)) {
      if (replica === this.self) continue
      this.progress.set(replica, before.get(replica) ?? newProgress(this.log.lastIndex + 1))
    }
  }

  /** Raft §5.1. Returns whether the message is to be handled in the (perhaps new) term. */
  #acceptsTerm(message: Message): boolean {
    if (message.term > this.term) {
      const isPreVote = (message.kind === 'vote' || message.kind === 'voteReply') && message.pre
      if (isPreVote && !(message.kind === 'voteReply' && !message.granted)) return true // asks about a term that nobody has
      if (message.kind === 'vote' && !message.transfer && this.isInLease) return false // R4
      const isFromLeader = message.kind === 'append' || message.kind === 'heartbeat'
      this.becomeFollower(message.term, isFromLeader ? message.from : 0)
      return true
    }
    if (message.term < this.term) {
      // An old leader, or a candidate behind: tell it the term, so that it steps down or catches up.
      if (message.kind === 'append' || message.kind === 'heartbeat') {
        this.send({
          kind: 'heartbeatReply',
          from: this.self,
          to: message.from,
          term: this.term,
          roundMs: Number.NEGATIVE_INFINITY,
        })
      } else if (message.kind === 'vote') {
        this.send({
          kind: 'voteReply',
          from: this.self,
          to: message.from,
          term: this.term,
          pre: message.pre,
          granted: false,
        })
      }
      return false
    }
    return true
  }
}

/** A leader that rests says so again after so many election timeouts; its followers believe it for twice as long. */
const restTimeouts = 20

const noEntries: readonly LogEntry[] = []

export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const writer = new ByteWriter(32)
  writeConfiguration(writer, configuration)
  return writer.take()
}
