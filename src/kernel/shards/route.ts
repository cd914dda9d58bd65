import type { Arguments } from '#kernel/base/arguments.ts'
import type { Group } from '#kernel/consensus/group.ts'
import type { FailureReason, PendingReply } from '#kernel/handles/service.ts'
import type { CallFrame, Outcome } from './call-codec.ts'
import type { EvaluatorSpec } from './evaluation.ts'
import { SequenceWindow } from './sequence-window.ts'
import type { Shard } from './shard.ts'
import type { ShardCall } from './shard-call.ts'

/** How a route reaches a leader on another node. */
export interface CallSender {
  /** `not sent`: there is no connection, or too much waits for it already. `too large`: no frame can hold it. */
  send(node: number, call: CallFrame): 'sent' | 'not sent' | 'too large'
}

/** Whose call it is: keeps count of what it has in flight. */
export interface CallOwner {
  readonly id: number
  finished(route: Route): void
}

/**
 * A shard as this node's gateway sees it: what it was asked and has not answered. Calls are sent in order of their sequence; when
 * leadership moves or a connection breaks, those without an answer are sent again in that order, before any newer one.
 */
export class Route {
  readonly shard: Shard
  readonly group: Group
  readonly self: number
  readonly gateway: number
  readonly outstanding = new SequenceWindow<RoutedCall>()
  /** Calls through this node's own gateway. */
  localCalls = 0
  readonly #remoteCalls = new Map<number, number>()
  readonly #sender: CallSender
  #sequence = 0
  /** By session with something outstanding: sequence of the last call that was answered. */
  readonly #lastAnswered = new Map<number, number>()
  /** By session: sequence of the first call whose answer was lost. It and what follows it are to be sent again. */
  readonly #lostFrom = new Map<number, number>()
  /** Some outstanding call was not sent to the present leader. */
  #isBehind = false
  #isPumping = false
  /** Leadership that everything outstanding was sent to. */
  #pumpedTerm = 0
  #pumpedLeader = 0

  constructor(options: { shard: Shard; group: Group; self: number; gateway: number; sender: CallSender }) {
    this.shard = options.shard
    this.group = options.group
    this.self = options.self
    this.gateway = options.gateway
    this.#sender = options.sender
  }

  /** Calls that this replica was asked, by the node through which they came; since the last call. */
  takeOrigins(): ReadonlyMap<number, number> {
    const origins = new Map(this.#remoteCalls).set(this.self, this.localCalls)
    this.#remoteCalls.clear()
    this.localCalls = 0
    return origins
  }

  countRemote(node: number): void {
    this.#remoteCalls.set(node, (this.#remoteCalls.get(node) ?? 0) + 1)
  }

  /** Lowest sequence without an answer. */
  get low(): number {
    return this.outstanding.lowest ?? this.#sequence + 1
  }

  /** Takes a call and sends it, if all before it are sent. `args` must stay unchanged. */
  submit(
    owner: CallOwner,
    evaluator: EvaluatorSpec,
    args: Arguments,
    options: { readonly followsOwn: boolean; readonly sinceMs: number; readonly pending: PendingReply },
  ): void {
    this.#sequence++
    const call = new RoutedCall(this, owner, evaluator, args, this.#sequence, options)
    this.outstanding.set(call.sequence, call)
    if (this.#isPumping) return // an answer brought it about: its turn comes after those that wait from before
    if (this.#isBehind || !this.#send(call)) this.#isBehind = true
  }

  /**
   * Sends what the present leader has not been sent, if there is anything of the kind. Cheap where nothing has changed.
   *
   * A read cannot be repeated once a later write of its session may have taken effect, or a later call was answered (by a leader whose
   * answer to this one was lost): it would see more than what comes after it. Writes can, since the leader finds them among the
   * replies of the group.
   */
  pump(): void {
    const { term, leader } = this.group.raft
    if (this.#isPumping) return
    if (!this.#isBehind && term === this.#pumpedTerm && leader === this.#pumpedLeader) return
    this.#pumpedTerm = term
    this.#pumpedLeader = leader
    this.#isBehind = !this.#canSend()
    if (this.#isBehind) return
    this.#takeBackLost()
    this.#isPumping = true
    try {
      if (!this.#sendOutstanding(term)) this.#isBehind = true
    } finally {
      this.#isPumping = false
    }
  }

  /** Also those that are added meanwhile. @returns false where it came to one that cannot be sent */
  #sendOutstanding(term: number): boolean {
    const last = this.#lastEffective()
    for (const call of this.outstanding.values()) {
      if (call.sentTerm === term) continue
      if (call.evaluator.kind === 'read' && (last.get(call.session) ?? 0) > call.sequence) {
        call.failed('UNAVAILABLE')
      } else if (!this.#send(call)) return false
    }
    return true
  }

  /** By session: sequence of the last call that was answered or is a write that may have taken effect. */
  #lastEffective(): ReadonlyMap<number, number> {
    const last = new Map(this.#lastAnswered)
    for (const { isBegun, evaluator, session, sequence } of this.outstanding.values()) {
      if (isBegun && evaluator.kind === 'write') last.set(session, Math.max(sequence, last.get(session) ?? 0))
    }
    return last
  }

  /** What was sent to `node` on a connection that broke is to be sent again. */
  connectionLost(node: number): void {
    for (const call of this.outstanding.values()) {
      if (call.sentTo !== node || call.sentTerm === 0) continue
      call.sentTerm = 0
      this.#isBehind = true
    }
  }

  callAnswered(session: number, sequence: number): void {
    const before = this.#lastAnswered.get(session) ?? 0
    if (sequence > before) this.#lastAnswered.set(session, sequence)
  }

  /** The session has nothing outstanding here. */
  sessionIdle(session: number): void {
    this.#lastAnswered.delete(session)
  }

  /**
   * An answer from another node: does nothing for a call that was answered or sent again since, or is going to be.
   *
   * A leader that had no room for an answer says that it is lost, and may have room for a later one. That is not heeded if it is of the
   * same session: were it told, and the earlier call asked again, the session would see what came first as it became afterwards.
   */
  answered(sequence: number, attempt: number, outcome: Outcome, reply: Uint8Array): void {
    const call = this.outstanding.get(sequence)
    if (call?.attempt !== attempt || call.sentTerm === 0 || this.#isLost(call)) return
    if (outcome === 'lost') {
      this.#lostFrom.set(call.session, sequence)
      this.#isBehind = true
    } else if (outcome === 'replied') call.replied(reply)
    else if (outcome === 'moved') call.moved()
    else if (outcome === 'refused') call.refused()
    else call.failed(outcome)
  }

  #isLost({ session, sequence }: RoutedCall): boolean {
    return sequence >= (this.#lostFrom.get(session) ?? Number.POSITIVE_INFINITY)
  }

  #takeBackLost(): void {
    if (this.#lostFrom.size === 0) return
    for (const call of this.outstanding.values()) if (this.#isLost(call)) call.sentTerm = 0
    this.#lostFrom.clear()
  }

  /** Gives up on calls that arrived before `beforeMs`. */
  expire(beforeMs: number): void {
    for (const call of this.outstanding.values()) {
      if (call.sinceMs >= beforeMs) return
      call.failed(call.isBegun && call.evaluator.kind === 'write' ? 'UNKNOWN' : 'UNAVAILABLE')
    }
  }

  markBehind(): void {
    this.#isBehind = true
  }

  /** Whether there is a leader, and, if that is this node, it serves. */
  #canSend(): boolean {
    const { leader } = this.group.raft
    return leader === this.self ? this.shard.leader.isServing : leader !== 0
  }

  #send(call: RoutedCall): boolean {
    if (!this.#canSend()) return false
    const { term, leader } = this.group.raft
    const isHere = leader === this.self
    call.isRetry = call.isBegun
    if (!isHere) {
      const outcome = this.#sender.send(leader, this.#frame(call, term))
      if (outcome === 'not sent') return false
      if (outcome === 'too large') {
        call.failed('TOO_LARGE')
        return true
      }
    }
    call.sent(leader, term)
    if (isHere) this.shard.leader.submit(call)
    return true
  }

  #frame(call: RoutedCall, term: number): CallFrame {
    return {
      group: this.group.id,
      term,
      gateway: call.gateway,
      sequence: call.sequence,
      attempt: call.attempt + 1,
      low: this.low,
      session: call.session,
      followsOwn: call.followsOwn,
      isRetry: call.isRetry,
      evaluator: call.evaluator.name,
      args: call.args,
    }
  }
}

/** A call of one of this node's sessions, kept until it is answered. */
export class RoutedCall implements ShardCall {
  readonly evaluator: EvaluatorSpec
  readonly args: Arguments
  readonly gateway: number
  readonly sequence: number
  readonly session: number
  readonly followsOwn: boolean
  readonly sinceMs: number
  /** How often it was sent. */
  attempt = 0
  /** It may have taken effect by the present attempt or an earlier one. */
  isBegun = false
  /** It may have taken effect by an earlier attempt. */
  isRetry = false
  /** Term of the leadership that it was last sent to; 0: to none that could still answer. */
  sentTerm = 0
  /** The node that it was last sent to. */
  sentTo = 0
  readonly #route: Route
  readonly #owner: CallOwner
  readonly #pending: PendingReply

  constructor(
    route: Route,
    owner: CallOwner,
    evaluator: EvaluatorSpec,
    args: Arguments,
    sequence: number,
    options: { readonly followsOwn: boolean; readonly sinceMs: number; readonly pending: PendingReply },
  ) {
    this.evaluator = evaluator
    this.args = args
    this.gateway = route.gateway
    this.sequence = sequence
    this.session = owner.id
    this.followsOwn = options.followsOwn
    this.sinceMs = options.sinceMs
    this.#route = route
    this.#owner = owner
    this.#pending = options.pending
  }

  get low(): number {
    return this.#route.low
  }

  sent(node: number, term: number): void {
    this.attempt++
    this.isBegun = true
    this.sentTerm = term
    this.sentTo = node
  }

  replied(bytes: Uint8Array): void {
    if (this.#finish(true)) this.#pending.replied(bytes)
  }

  failed(reason: FailureReason): void {
    if (this.#finish(false)) this.#pending.failed(reason)
  }

  refused(): void {
    this.isBegun = this.isRetry
    this.moved()
  }

  moved(): void {
    this.sentTerm = 0
    this.#route.markBehind()
  }

  /** @returns false for a call that was given up before: of that nothing is kept, for its session may be gone */
  #finish(isAnswered: boolean): boolean {
    if (!this.#route.outstanding.delete(this.sequence)) return false
    if (isAnswered) this.#route.callAnswered(this.session, this.sequence)
    this.#owner.finished(this.#route)
    return true
  }
}
