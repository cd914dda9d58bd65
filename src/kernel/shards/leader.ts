import type { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { assert, UnumError } from '#kernel/base/errors.ts'
import { Fifo } from '#kernel/base/fifo.ts'
import type { Clock, Timer } from '#kernel/base/host.ts'
import { never, type Rarely } from '#kernel/base/rarely.ts'
import type { Group } from '#kernel/consensus/group.ts'
import { entryKinds } from '#kernel/consensus/raft.ts'
import type { Log } from '#kernel/handles/service.ts'
import type { LogEntry } from '#kernel/storage/log/node-log-types.ts'
import { BlockMiss } from '#kernel/storage/tables/tree.ts'
import { CallQueue, sessionKey } from './call-queue.ts'
import { EntryWriter } from './entry.ts'
import { type EvaluatorSpec, WriteNeeded } from './evaluation.ts'
import { ReadContext, RowTooLarge, WriteContext } from './evaluation-context.ts'
import { Overlay } from './overlay.ts'
import { SequenceWindow } from './sequence-window.ts'
import type { ShardCall } from './shard-call.ts'
import type { ShardState, TransactionListener } from './shard-state.ts'

export interface LeaderLimits {
  /** Entries proposed and not yet applied. */
  readonly proposalsInFlightMax: number
  /** How long an entry may wait for calls that seem to be on their way. */
  readonly gatherMsMax: number
  /** A further entry is proposed only so long after the one before, if that is still under way. */
  readonly proposalPaceMs: number
  /** Effects of one transaction; beyond it the call is refused. Must fit in a frame between nodes. */
  readonly transactionBytesMax: number
  /** Effects not yet applied; beyond it calls wait. */
  readonly inFlightBytesMax: number
  /** Rows that no file holds yet; beyond it, or where compaction is behind, calls that write wait. */
  readonly unflushedBytesMax: number
  /** Replies above it are not kept for retries: a retry then ends as `UNKNOWN`. */
  readonly replyBytesMax: number
  /** Blocks that one evaluation may have loaded before it is refused. */
  readonly missesMax: number
  /** How far wall and monotonic clock may drift apart while a lease holds. */
  readonly clockJumpMaxMs: number
  readonly reads: 'lease' | 'read-index'
}

/** An entry with the calls that wait for it. */
interface Flight {
  /** 0 while it is open. */
  index: number
  proposedMs: number
  batch: number
  bytes: number
  /** One per transaction in the entry, in order. */
  readonly calls: ShardCall[]
  /** Replies that the entry does not hold. */
  readonly largeReplies: Map<number, Uint8Array>
  /** Reads over the overlay, which may have seen what this entry or an earlier one writes. */
  readonly attached: { readonly call: ShardCall; readonly reply: Uint8Array }[]
}

/**
 * What a shard's replica does while it leads: evaluates calls, gathers their effects into entries, answers.
 *
 * Invariants:
 * S1. An evaluation over the overlay is answered only when the newest entry that was in flight then, or its own, is applied.
 * S2. A read of the applied rows alone is answered at once under the lease, or when a majority has confirmed this leader since.
 * S3. Calls of one session are evaluated in the order in which they were submitted.
 * S4. When leadership ends every call that is not answered is `moved`, or `refused` where none of its effects were proposed, and the
 *     overlay is dropped.
 */
export class ShardLeader {
  readonly #state: ShardState
  readonly #clock: Clock
  readonly #limits: LeaderLimits
  readonly #log: Log
  readonly #rarely: Rarely
  readonly #damaged: (error: Error) => void
  readonly #stuck: () => void
  readonly #overlay: Overlay
  readonly #entry = new EntryWriter()
  readonly #readContext: ReadContext
  readonly #writeContext: WriteContext
  readonly #reply = new ByteWriter(1024)
  #group: Group | undefined

  /** Term of the leadership that is served now; 0: none. */
  #term = 0
  /** Monotonic time of the newest round that a majority has acknowledged; the lease counts from it. */
  #confirmedMs = Number.NEGATIVE_INFINITY
  #leaseUntilMs = Number.NEGATIVE_INFINITY
  /** Wall minus monotonic time, and since when (monotonic) the two have agreed on it. */
  #clockOffsetMs = 0
  #clocksAgreeSinceMs = Number.NEGATIVE_INFINITY
  #timestampUs = 0
  #flights: Flight[] = []
  #open: Flight = newFlight()
  #inFlightBytes = 0
  #openIsHeld = false
  #lastProposedMs = Number.NEGATIVE_INFINITY
  #paceTimer: Timer | undefined
  /** Calls in the open entry when this turn's end last waited for more; 0: it did not. */
  #gatheredCount = 0
  #gatheringSinceMs = 0
  /** Calls that wait for room in flight. */
  readonly #waiting = new CallQueue()
  /** Calls that wait for a round to a majority which was sent after they arrived, and those that must follow them. */
  #confirming = new CallQueue()
  #roundMs = 0
  /** Those that arrived since, for the next round. */
  #unconfirmed = new CallQueue()
  /** Sessions with a call whose blocks are being loaded: that call and those behind it. */
  readonly #parked = new Map<string, Fifo<ShardCall>>()
  readonly #misses = new Map<ShardCall, number>()
  /** Those parked that a majority has confirmed this leadership for: they need no further round, however many blocks they wait for. */
  readonly #confirmed = new Set<ShardCall>()
  /** By gateway: what was submitted in this leadership and is not answered, in whichever of the above it is. */
  readonly #underWay = new Map<number, SequenceWindow<ShardCall>>()
  /** Newest attempts of calls under way that were asked again: they get the answer. */
  readonly #newestAttempts = new Map<ShardCall, ShardCall>()
  /** Attempts of reads under way that were asked again. */
  readonly #void = new Set<ShardCall>()
  #answers: { readonly call: ShardCall; readonly reply: Uint8Array }[] = []
  /** There is no room for the log, or for tables. */
  isDiskFull = false

  constructor(options: {
    state: ShardState
    clock: Clock
    limits: LeaderLimits
    log: Log
    rarely?: Rarely
    /** The disk has no room for writes, which are refused. */
    stuck?: () => void
    /** A block of the rows is damaged: this replica cannot go on. */
    damaged: (error: Error) => void
  }) {
    this.#state = options.state
    this.#clock = options.clock
    this.#limits = options.limits
    this.#log = options.log
    this.#rarely = options.rarely ?? never
    this.#damaged = options.damaged
    this.#stuck = options.stuck ?? (() => {})
    this.#overlay = new Overlay(options.state.tree, this.#entry.writer)
    this.#readContext = new ReadContext(options.state.tree, options.state.counters)
    this.#writeContext = new WriteContext(this.#overlay, this.#entry, options.state.counters)
  }

  /** Whether this replica serves calls. */
  get isServing(): boolean {
    return this.#term !== 0 && !this.#group!.raft.transfer
  }

  /** Called by the group's machine whenever consensus may have moved. */
  changed(group: Group): void {
    this.#group = group
    const { raft } = group
    const hasEnded = raft.role !== 'leader' || (this.#term !== 0 && raft.term !== this.#term)
    if (hasEnded && (this.#term !== 0 || this.#waiting.length > 0)) this.#endLeadership()
    if (this.#term === 0 && raft.isReady) this.#beginLeadership(raft.term)
    if (this.#term === 0) return
    this.#updateLease()
    if (this.#waiting.length > 0) this.deliver()
    if (this.#confirming.length > 0 && group.raft.confirmedMs() >= this.#roundMs) this.#serveConfirmed()
  }

  /** Fast path: a read of the applied rows that can be answered in this call. On false nothing was written to `reply`. */
  tryRead(evaluator: EvaluatorSpec, args: Arguments, reply: ByteWriter): boolean {
    if (this.#term === 0 || !this.#holdsLease()) return false
    const length = reply.length
    try {
      this.#readContext.timestampUs = this.#readTimestampUs()
      evaluator.run(this.#readContext, args, reply)
      return true
    } catch {
      // Whatever it is, `submit` meets it again and deals with it.
      reply.length = length
      return false
    }
  }

  /**
   * A leader that does not serve yet, or is handing over, lets calls wait: were some of them `refused` and later ones served, a
   * session's calls would change their order. Only the end of leadership turns calls away, and then all that come after.
   */
  submit(call: ShardCall): void {
    if (call.gateway !== 0 && !this.#register(call)) return
    const behind = this.#parked.size > 0 ? this.#parked.get(sessionKey(call)) : undefined
    if (behind) {
      behind.push(call)
      return
    }
    if (!this.isServing) {
      if (this.#group?.raft.role === 'leader') this.#waiting.push(call)
      else this.#newestOf(call).refused()
      return
    }
    const needsRoom = call.evaluator.kind === 'write' || call.followsOwn
    if (needsRoom && this.#waiting.length > 0) this.#waiting.push(call)
    else this.#begin(call)
  }

  /** Proposes what is gathered, unless enough is in flight. Called at the end of each turn. */
  propose(group: Group): void {
    if (this.#term === 0) return
    if (this.#unconfirmed.length > 0 && this.#confirming.length === 0) this.#beginRound(group)
    if (this.#entry.isEmpty) return
    this.#openIsHeld = this.#isPaced()
    if (!this.#openIsHeld) this.#closeEntry(group)
  }

  /**
   * Whether what is gathered should wait: each entry costs much beside what is in it, so that while one is under way the next
   * gathers. Only where that takes long, because disks or links are slow, more are sent meanwhile. And whether files are so far behind
   * that writers must slow down.
   */
  #isPaced(): boolean {
    const slowMs = this.#rarely('leader.holdEntry') ? rareHoldMs : this.#slowMs()
    if (this.#flights.length === 0 && slowMs === 0) return this.#isGathering()
    if (this.#flights.length >= this.#limits.proposalsInFlightMax) return true
    const paceMs = this.#flights.length === 0 ? slowMs : Math.max(slowMs, this.#limits.proposalPaceMs)
    const leftMs = this.#lastProposedMs + paceMs - this.#clock.monotonicMs()
    if (leftMs <= 0) return false
    this.#paceTimer ??= this.#clock.timer(leftMs, () => {
      this.#paceTimer = undefined
      this.#touch()
    })
    return true
  }

  /**
   * With nothing under way: whether more calls seem to be on their way. Clients that were answered together ask again within a few
   * turns, and one entry for all of them costs what one for a part of them does. Never for a few calls, and never for long.
   */
  #isGathering(): boolean {
    const count = this.#open.calls.length
    const nowMs = this.#clock.monotonicMs()
    if (this.#gatheredCount === 0) this.#gatheringSinceMs = nowMs
    const hasGrown = count > this.#gatheredCount
    const isOver = nowMs - this.#gatheringSinceMs >= this.#limits.gatherMsMax
    if (count < gatherCountMin || !hasGrown || isOver) {
      this.#gatheredCount = 0
      return false
    }
    this.#gatheredCount = count
    this.#clock.timer(0, () => this.#touch())
    return true
  }

  /** Offers leadership to another replica; calls wait until it is clear who leads. */
  transferTo(replica: number): boolean {
    const group = this.#group
    if (!group || this.#term === 0) return false
    if (!this.#entry.isEmpty) this.#closeEntry(group)
    return group.raft.transferTo(replica, this.#clock.monotonicMs())
  }

  /** For `ShardState.apply`: collects the answers of an entry of this leadership. */
  listener(entry: LogEntry): TransactionListener | undefined {
    const flight = this.#flights[0]
    if (!flight || flight.index !== entry.index || entry.term !== this.#term) return undefined
    let at = 0
    return (kept) => {
      const reply = kept ?? flight.largeReplies.get(at)!
      this.#answers.push({ call: flight.calls[at++]!, reply })
    }
  }

  /** After an entry was applied. */
  entryApplied(entry: LogEntry): void {
    const flight = this.#flights[0]
    if (!flight || flight.index !== entry.index || entry.term !== this.#term) return
    this.#flights.shift()
    this.#inFlightBytes -= flight.bytes
    this.#overlay.applied(flight.batch)
    for (const answer of flight.attached) this.#answers.push(answer)
  }

  /** After all that could be applied in this turn was: answers go out, what had no room begins. */
  deliver(): void {
    if (this.#answers.length > 0) {
      const answers = this.#answers
      this.#answers = []
      for (const { call, reply } of answers) this.#newestOf(call).replied(reply)
    }
    while (this.#waiting.length > 0 && this.isServing && (this.#hasRoom() || this.#isStuck())) {
      this.#begin(this.#waiting.shift()!)
    }
  }

  // ---- leadership ----

  #beginLeadership(term: number): void {
    this.#term = term
    this.#timestampUs = this.#state.timestampUs
    this.#overlay.clear()
  }

  #endLeadership(): void {
    this.#term = 0
    this.#leaseUntilMs = Number.NEGATIVE_INFINITY
    const moved = this.#flights.flatMap(({ calls }) => calls)
    const refused = [
      ...this.#flights.flatMap(({ attached }) => attached.map(({ call }) => call)),
      ...this.#open.calls,
      ...this.#open.attached.map(({ call }) => call),
      ...this.#confirming.take(),
      ...this.#unconfirmed.take(),
      ...[...this.#parked.values()].flatMap((calls) => calls.take()),
      ...this.#waiting.take(),
    ]
    this.#flights = []
    this.#open = newFlight()
    this.#inFlightBytes = 0
    this.#entry.take()
    this.#overlay.clear()
    this.#parked.clear()
    if (this.#misses.size > 0) this.#state.tree.unpin()
    this.#misses.clear()
    this.#confirmed.clear()
    this.deliver()
    for (const call of moved) this.#newestOf(call).moved()
    for (const call of refused) this.#newestOf(call).refused()
  }

  #updateLease(): void {
    if (this.#limits.reads === 'read-index') return
    const nowMs = this.#clock.monotonicMs()
    const { raft } = this.#group!
    raft.nowMs = nowMs
    this.#compareClocks(nowMs)
    this.#confirmedMs = raft.confirmedMs()
    this.#leaseUntilMs = this.#confirmedMs + raft.leaseMs
  }

  #holdsLease(): boolean {
    const nowMs = this.#clock.monotonicMs()
    const { raft } = this.#group!
    if (nowMs >= this.#leaseUntilMs || raft.leaseGivenUp || this.#rarely('leader.noLease')) return false
    raft.usedMs = nowMs
    this.#compareClocks(nowMs)
    return this.#confirmedMs >= this.#clocksAgreeSinceMs
  }

  /**
   * Where one clock has moved against the other, as when the machine was suspended, nobody knows how long ago a round was really
   * sent: only those that are sent from now on count.
   */
  #compareClocks(nowMs: number): void {
    const offsetMs = this.#clock.wallMs() - nowMs
    if (Math.abs(offsetMs - this.#clockOffsetMs) <= this.#limits.clockJumpMaxMs) return
    this.#clockOffsetMs = offsetMs
    this.#clocksAgreeSinceMs = nowMs
  }

  // ---- evaluation ----

  #begin(call: ShardCall): void {
    if (call.isRetry && this.#wasDone(call)) return
    if (this.#confirmed.delete(call)) {
      this.#evaluateConfirmed(call)
      return
    }
    if (call.followsOwn && this.#followsUnconfirmed(call)) {
      this.#confirmFirst(call)
      return
    }
    if (call.evaluator.kind === 'read' && !call.followsOwn) {
      if (this.#holdsLease()) this.#evaluateRead(call, false)
      else this.#confirmFirst(call)
      return
    }
    if (this.#isStuck()) {
      this.#newestOf(call).failed('DISK_FULL')
      this.#stuck()
    } else if (!this.#hasRoom()) this.#waiting.push(call)
    else this.#evaluateWrite(call, false)
  }

  /**
   * The disk has no room, and writes need some: what is in flight waits until there is, or another leads, and nothing is added to it.
   */
  #isStuck(): boolean {
    if (!this.isDiskFull || this.#term === 0) return false
    const oldest = this.#flights[0]
    return !this.#hasRoom() || (oldest !== undefined && this.#clock.monotonicMs() - oldest.proposedMs > stuckAfterMs)
  }

  /** Also for what comes after: rows wait in memory while files are written, files while they are compacted, both within bounds. */
  #hasRoom(): boolean {
    const { length } = this.#entry.writer
    if (this.#inFlightBytes + length >= this.#limits.inFlightBytesMax) return false
    const pressure = this.#pressure()
    return pressure <= slowFrom || (pressure < 1 && length < this.#group!.raft.settings.appendBytesMax)
  }

  /** How near rows in memory and files come to where writes must wait: 1 is there. */
  #pressure(): number {
    const { tree } = this.#state
    return Math.max(tree.unflushedBytes / this.#limits.unflushedBytesMax, tree.pressure)
  }

  /**
   * How far apart entries are sent, so that writes slow down to what flushes and compaction can follow, instead of going on at full
   * speed and then standing still.
   */
  #slowMs(): number {
    const pressure = this.#pressure()
    if (pressure <= slowFrom) return 0
    return pressure < 1 ? Math.min(slowMsMax, (slowMsUnit * (pressure - slowFrom)) / (1 - pressure)) : slowMsMax
  }

  /**
   * Notes what is under way. A retry of a write that is takes over its place: only the newest attempt's answer is heeded. A read that is
   * asked again is evaluated again, and its earlier evaluation is void: one that came before it in its session may be evaluated anew as
   * well, and must not see more than it did (S3).
   * @returns whether the call is to be dealt with
   */
  #register(call: ShardCall): boolean {
    let calls = this.#underWay.get(call.gateway)
    if (calls === undefined) this.#underWay.set(call.gateway, (calls = new SequenceWindow()))
    const known = calls.get(call.sequence)
    if (known !== undefined && call.evaluator.kind === 'write') {
      this.#newestAttempts.set(known, call)
      return false
    }
    if (known !== undefined) this.#void.add(known)
    calls.set(call.sequence, call)
    return true
  }

  /** Of a call that is being answered, and with it no longer under way: the attempt to answer. */
  #newestOf(call: ShardCall): Pick<ShardCall, 'replied' | 'failed' | 'refused' | 'moved'> {
    if (this.#void.size > 0 && this.#void.delete(call)) return nobody
    const calls = this.#underWay.get(call.gateway)
    calls?.delete(call.sequence)
    if (calls?.size === 0) this.#underWay.delete(call.gateway)
    if (this.#newestAttempts.size === 0) return call
    const newest = this.#newestAttempts.get(call) ?? call
    this.#newestAttempts.delete(call)
    return newest
  }

  /** @returns whether the retry was dealt with: it has taken effect before, and is answered or refused. */
  #wasDone(call: ShardCall): boolean {
    const found = this.#state.replies.find(call.gateway, call.sequence)
    if (found === 'unknown') return false
    if (found === 'stale' || found === 'lost') this.#newestOf(call).failed('UNKNOWN')
    else this.#newestOf(call).replied(found)
    return true
  }

  #evaluateConfirmed(call: ShardCall): void {
    if (call.evaluator.kind === 'read' && !call.followsOwn) this.#evaluateRead(call, true)
    else this.#evaluateWrite(call, true)
  }

  /** `isConfirmed`: this leader was confirmed by a majority since the call arrived. */
  #evaluateRead(call: ShardCall, isConfirmed: boolean): void {
    const reply = this.#reply
    reply.clear()
    try {
      this.#readContext.timestampUs = this.#readTimestampUs()
      call.evaluator.run(this.#readContext, call.args, reply)
    } catch (error) {
      if (error instanceof WriteNeeded) this.#evaluateWrite(call, isConfirmed)
      else this.#interrupted(call, error, isConfirmed)
      return
    }
    this.#evaluated(call)
    this.#newestOf(call).replied(reply.copy())
  }

  /** `isConfirmed`: as for a read. */
  #evaluateWrite(call: ShardCall, isConfirmed: boolean): void {
    const entry = this.#entry
    const context = this.#writeContext
    const reply = this.#reply
    const length = entry.writer.length
    const origins = entry.originCount
    const timestampUs = Math.max(Math.floor(this.#clock.wallMs() * 1000), this.#timestampUs + 1)
    reply.clear()
    entry.begin(call.gateway, call.sequence, call.low, timestampUs)
    context.begin(timestampUs)
    try {
      call.evaluator.run(context, call.args, reply)
    } catch (error) {
      this.#overlay.rollback(0)
      this.#overlay.commit()
      entry.reset(length, origins)
      this.#interrupted(call, error, isConfirmed)
      return
    }
    this.#evaluated(call)
    // A write is logged also where it changed nothing: a retry must find it, or it might change something then.
    if (context.hasEffects || (call.evaluator.kind === 'write' && call.gateway !== 0)) {
      if (entry.writer.length - length > this.#limits.transactionBytesMax) {
        this.#overlay.rollback(0)
        entry.reset(length, origins)
        this.#newestOf(call).failed('TOO_LARGE')
        return
      }
      this.#overlay.commit()
      this.#timestampUs = timestampUs
      if (reply.length > this.#limits.replyBytesMax) this.#open.largeReplies.set(this.#open.calls.length, reply.copy())
      entry.end(reply, this.#limits.replyBytesMax)
      this.#open.calls.push(call)
      if (entry.writer.length >= this.#group!.raft.settings.appendBytesMax) this.#closeEntry(this.#group!)
      if (!this.#openIsHeld) this.#touch()
      return
    }
    this.#overlay.rollback(0)
    entry.reset(length, origins)
    const newest = entry.isEmpty ? this.#flights.at(-1) : this.#open
    if (newest) newest.attached.push({ call, reply: reply.copy() })
    else if (isConfirmed || this.#holdsLease()) this.#newestOf(call).replied(reply.copy())
    else this.#confirmFirst(call)
  }

  #readTimestampUs(): number {
    return Math.max(Math.floor(this.#clock.wallMs() * 1000), this.#state.timestampUs)
  }

  #touch: () => void = () => {}

  /** How to have the group looked at when the turn ends. */
  set onWork(touch: () => void) {
    this.#touch = touch
  }

  #closeEntry(group: Group): void {
    const flight = this.#open
    const data = this.#entry.take()
    flight.index = group.raft.propose(entryKinds.command, data)
    flight.proposedMs = this.#lastProposedMs = this.#clock.monotonicMs()
    flight.batch = this.#overlay.closeBatch(data)
    flight.bytes = data.length
    this.#inFlightBytes += data.length
    assert(flight.index > 0, 'a serving leader can propose')
    this.#flights.push(flight)
    this.#open = newFlight()
    this.#openIsHeld = false
  }

  // ---- reads without a lease ----

  #confirmFirst(call: ShardCall): void {
    this.#unconfirmed.push(call)
    this.#touch()
  }

  #followsUnconfirmed(call: ShardCall): boolean {
    if (this.#confirming.length + this.#unconfirmed.length === 0) return false
    const key = sessionKey(call)
    return this.#confirming.hasSession(key) || this.#unconfirmed.hasSession(key)
  }

  /** At the end of a turn: one round for all that have arrived. Should it be lost, the next heartbeat does as well. */
  #beginRound(group: Group): void {
    this.#confirming = this.#unconfirmed
    this.#unconfirmed = new CallQueue()
    this.#roundMs = this.#clock.monotonicMs()
    group.raft.confirm(this.#roundMs)
    if (group.raft.confirmedMs() >= this.#roundMs) this.#serveConfirmed() // alone: a majority by itself
  }

  /** Not while leadership is offered: a read may turn out to have something to write. */
  #serveConfirmed(): void {
    while (this.#confirming.length > 0 && this.isServing) {
      this.#evaluateConfirmed(this.#confirming.shift()!)
    }
    if (this.#unconfirmed.length > 0) this.#touch()
  }

  // ---- blocks that are not in memory ----

  #interrupted(call: ShardCall, error: unknown, isConfirmed: boolean): void {
    if (error instanceof RowTooLarge) {
      this.#evaluated(call)
      this.#newestOf(call).failed('TOO_LARGE')
      return
    }
    if (error instanceof UnumError && error.code === 'FORMAT_UNKNOWN') {
      this.#evaluated(call)
      this.#newestOf(call).failed('UNSUPPORTED')
      return
    }
    if (!(error instanceof BlockMiss)) {
      this.#log.error(
        { evaluator: call.evaluator.name, error: String(error), stack: (error as Error)?.stack },
        'An evaluator failed',
      )
      this.#evaluated(call)
      this.#newestOf(call).failed('INTERNAL')
      return
    }
    const misses = (this.#misses.get(call) ?? 0) + 1
    if (misses > this.#limits.missesMax) {
      this.#evaluated(call)
      this.#newestOf(call).failed('TOO_LARGE')
      return
    }
    this.#misses.set(call, misses)
    this.#park(call, error.block, isConfirmed)
  }

  /** Until the block is there the session's later calls wait behind this one, also those that wait for something else by now (S3). */
  #park(call: ShardCall, block: unknown, isConfirmed: boolean): void {
    const key = sessionKey(call)
    const calls = this.#parked.get(key) ?? new Fifo<ShardCall>()
    calls.unshift(call)
    if (isConfirmed) this.#confirmed.add(call)
    for (const others of [this.#confirming, this.#unconfirmed, this.#waiting]) {
      for (const other of others.takeSession(key)) calls.push(other)
    }
    this.#parked.set(key, calls)
    const term = this.#term
    this.#state.tree.load(block).then(
      () => this.#unpark(key, term),
      (cause) => {
        // The tables were closed: this node stops, or took others in their place.
        if (cause instanceof UnumError && cause.code === 'STOPPED') return
        this.#log.error({ error: String(cause) }, 'A block could not be loaded')
        if (this.#term === term) this.#damaged(cause)
      },
    )
  }

  /** The call at the head runs again, and those behind it unless it misses once more. */
  #unpark(key: string, term: number): void {
    if (this.#term !== term) {
      if (this.#misses.size === 0) this.#state.tree.unpin() // it was pinned for a leadership that has ended
      return
    }
    // What a reply here makes the session submit finds the list and goes to its end.
    const calls = this.#parked.get(key)!
    while (calls.length > 0) {
      const call = calls.shift()!
      if (this.isServing && this.#waiting.length === 0) this.#begin(call)
      else this.#waiting.push(call)
      if (calls.first === call) return
    }
    this.#parked.delete(key)
  }

  #evaluated(call: ShardCall): void {
    if (this.#misses.size === 0) return
    this.#misses.delete(call)
    if (this.#misses.size === 0) this.#state.tree.unpin()
  }
}

/** Fewer calls than this wait for no others. */
const gatherCountMin = 4

/** An entry that the others can commit takes less, also with slow disks. */
const stuckAfterMs = 100

/** Writes are slowed down above this pressure, the more the nearer it comes to 1. */
const slowFrom = 0.5
/** Between entries at a pressure of three quarters, and at most. */
const slowMsUnit = 20
const slowMsMax = 500

/** At the fault point. */
const rareHoldMs = 5

/** Hears the answers that nobody waits for any more. */
const nobody: Pick<ShardCall, 'replied' | 'failed' | 'refused' | 'moved'> = {
  replied() {},
  failed() {},
  refused() {},
  moved() {},
}

function newFlight(): Flight {
  return { index: 0, proposedMs: 0, batch: 0, bytes: 0, calls: [], largeReplies: new Map(), attached: [] }
}
