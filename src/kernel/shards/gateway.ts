import type { Arguments } from '#kernel/base/arguments.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { emptyBytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Clock, Random, Timer } from '#kernel/base/host.ts'
import { never, type Rarely } from '#kernel/base/rarely.ts'
import type { Group } from '#kernel/consensus/group.ts'
import type { FailureReason, Gateway, PendingReply, Session, Submission } from '#kernel/handles/service.ts'
import { type CallFrame, type Outcome, readAnswer, readCall, writeAnswer, writeCall } from './call-codec.ts'
import { LeadershipDrift } from './drift.ts'
import type { EvaluatorSpec } from './evaluation.ts'
import { Evaluators } from './evaluators.ts'
import { type CallOwner, Route } from './route.ts'
import type { Shard } from './shard.ts'
import type { ShardCall } from './shard-call.ts'

/** One-way messages between nodes, by channel. */
export interface CallTransport {
  /** Both ways: what is asked can be answered. */
  connected(to: number): boolean
  /** Undefined: there is no connection, or too much waits for it already. */
  begin(to: number, channel: number): ByteWriter | undefined
  /** For a few bytes: also where too much waits. Undefined: there is no connection. */
  beginNotice(to: number, channel: number): ByteWriter | undefined
  finish(to: number): void
}

export interface GatewayOptions {
  readonly clock: Clock
  readonly random: Random
  /** This node's id. */
  readonly self: number
  readonly transport: CallTransport
  readonly channels: { readonly calls: number; readonly answers: number }
  /** How long a call waits for a leader. */
  readonly requestHoldMs: number
  readonly rarely?: Rarely
}

/**
 * Takes sessions' calls to the leaders of their shards, here or on other nodes, and serves other nodes' calls where this one
 * leads. Keeps every call until it is answered, so that a change of leaders is not seen by those who ask.
 */
export class ShardGateway implements Gateway {
  readonly #options: GatewayOptions
  /** Different at each start of each node: retries are known by it. */
  readonly #incarnation: number
  readonly evaluators = new Evaluators()
  /** By space, in order of slots. */
  readonly #spaces = new Map<string, readonly SlotRange[]>()
  readonly #routes = new Map<number, Route>()
  readonly #drift: LeadershipDrift
  #sessions = 0
  #timer: Timer | undefined
  #isStopped = false

  constructor(options: GatewayOptions) {
    this.#options = options
    this.#incarnation = options.self * 2 ** 44 + options.random.uint32() * 2 ** 12 + options.random.below(2 ** 12)
    this.#drift = new LeadershipDrift({
      clock: options.clock,
      routes: () => this.#routes.values(),
      ...(options.rarely && { rarely: options.rarely }),
    })
  }

  newest(evaluator: string): string | undefined {
    return this.evaluators.shared(evaluator)?.name
  }

  /** A shard of which this node has a replica. `slots`: first and last. */
  addShard(space: string, slots: readonly [number, number], shard: Shard, group: Group): void {
    const { self } = this.#options
    const send = (node: number, call: CallFrame) => this.#send(node, call)
    const route = new Route({ shard, group, self, gateway: this.#incarnation, sender: { send } })
    this.#routes.set(group.id, route)
    const routes = [...(this.#spaces.get(space) ?? []), { firstSlot: slots[0], lastSlot: slots[1], route }]
    this.#spaces.set(
      space,
      routes.sort((a, b) => a.firstSlot - b.firstSlot),
    )
  }

  start(): void {
    this.#drift.start()
  }

  stop(): void {
    this.#isStopped = true
    this.#timer?.cancel()
    this.#drift.stop()
    for (const route of this.#routes.values()) route.expire(Number.POSITIVE_INFINITY)
  }

  /** While calls are outstanding: those without a leader are tried again, old ones given up. */
  watch(): void {
    if (this.#timer || this.#isStopped) return
    const { clock, requestHoldMs, rarely = never } = this.#options
    this.#timer = clock.timer(retryMs, () => {
      this.#timer = undefined
      const beforeMs = clock.monotonicMs() - requestHoldMs
      for (const route of this.#routes.values()) {
        if (route.outstanding.size === 0) continue
        if (rarely('gateway.askAgain')) route.connectionLost(route.group.raft.leader)
        route.pump()
        route.expire(beforeMs)
        this.watch()
      }
    })
  }

  openSession(): Session {
    this.#sessions++
    return new ShardSession(this, this.#sessions)
  }

  /** The leader of a group may have changed. */
  groupChanged(group: Group): void {
    this.#routes.get(group.id)?.pump()
  }

  connectedChanged(node: number, connected: boolean): void {
    for (const route of this.#routes.values()) {
      if (connected) route.pump()
      else route.connectionLost(node)
    }
  }

  /** A call of another node's gateway. @throws UnumError `DATA_DAMAGED` */
  receiveCall(from: number, bytes: Uint8Array): void {
    const frame = readCall(bytes)
    const route = this.#routes.get(frame.group)
    const evaluator = this.evaluators.named(frame.evaluator)
    const answer = (outcome: Outcome, reply: Uint8Array) => this.#answer(from, frame, outcome, reply)
    if (!route || route.group.raft.term !== frame.term || route.group.raft.role !== 'leader')
      answer('refused', emptyBytes)
    // An earlier attempt at a leader of another version may have taken effect.
    else if (!evaluator) answer(frame.isRetry ? 'UNKNOWN' : 'UNSUPPORTED', emptyBytes)
    else {
      route.countRemote(from)
      route.shard.leader.submit(new RemoteCall(frame, evaluator, answer))
    }
  }

  /** @throws UnumError `DATA_DAMAGED` */
  receiveAnswer(bytes: Uint8Array): void {
    const frame = readAnswer(bytes)
    if (frame.gateway !== this.#incarnation) return
    this.#routes.get(frame.group)?.answered(frame.sequence, frame.attempt, frame.outcome, frame.reply)
  }

  /** For sessions. */
  find(space: string, slot: number | undefined, slots: readonly number[] | undefined): Route | FailureReason {
    const ranges = this.#spaces.get(space)
    if (!ranges) return 'UNAVAILABLE'
    if (ranges.length === 1) return ranges[0]!.route
    if (slot === undefined) return 'CROSS_SHARD'
    const range = findRange(ranges, slot)
    if (!range) return 'UNAVAILABLE'
    if (slots?.some((other) => other < range.firstSlot || other > range.lastSlot)) return 'CROSS_SHARD'
    return range.route
  }

  get nowMs(): number {
    return this.#options.clock.monotonicMs()
  }

  defer(callback: () => void): void {
    this.#options.clock.defer(callback)
  }

  #send(node: number, call: CallFrame): 'sent' | 'not sent' | 'too large' {
    const { transport, channels, rarely = never } = this.#options
    // Where the other node has no connection to this one yet, the call would arrive and its answer would not.
    const isOpen = transport.connected(node) && !rarely('gateway.noRoom')
    const writer = isOpen ? transport.begin(node, channels.calls) : undefined
    if (!writer) return 'not sent'
    writeCall(writer, call)
    try {
      transport.finish(node)
      return 'sent'
    } catch (error) {
      if (error instanceof UnumError && error.code === 'LIMIT_EXCEEDED') return 'too large'
      throw error
    }
  }

  /** An answer is not lost in silence: where it finds no room its gateway is told so, and asks again. */
  #answer(to: number, call: CallFrame, outcome: Outcome, reply: Uint8Array): void {
    const { transport, channels, rarely = never } = this.#options
    if (outcome === 'replied' && rarely('gateway.noRoomForAnswer')) {
      this.#answer(to, call, 'lost', emptyBytes)
      return
    }
    const isNotice = reply.length <= noticeReplyBytesMax
    const writer = isNotice ? transport.beginNotice(to, channels.answers) : transport.begin(to, channels.answers)
    if (!writer) {
      // Without a connection its gateway asks again by itself.
      if (!isNotice) this.#answer(to, call, 'lost', emptyBytes)
      return
    }
    const { group, gateway, sequence, attempt } = call
    writeAnswer(writer, { group, gateway, sequence, attempt, outcome, reply })
    try {
      transport.finish(to)
    } catch (error) {
      if (!(error instanceof UnumError) || error.code !== 'LIMIT_EXCEEDED' || outcome !== 'replied') throw error
      this.#answer(to, call, 'UNKNOWN', emptyBytes) // it may have taken effect, but its reply cannot be told
    }
  }
}

/** How often calls without a leader are tried again, and old ones given up. */
const retryMs = 20

/** A reply of so few bytes takes no more room than the notice of its loss would. */
const noticeReplyBytesMax = 64

interface SlotRange {
  readonly firstSlot: number
  readonly lastSlot: number
  readonly route: Route
}

/** The last range that begins at or before `slot`, if it holds it. */
function findRange(ranges: readonly SlotRange[], slot: number): SlotRange | undefined {
  let low = 0
  let high = ranges.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ranges[middle]!.firstSlot <= slot) low = middle + 1
    else high = middle
  }
  const range = ranges[low - 1]
  return range && slot <= range.lastSlot ? range : undefined
}

class ShardSession implements Session, CallOwner {
  readonly id: number
  readonly #gateway: ShardGateway
  #inFlight = 0
  readonly #inFlightByRoute = new Map<Route, number>()

  constructor(gateway: ShardGateway, id: number) {
    this.#gateway = gateway
    this.id = id
  }

  submit(submission: Submission, reply: ByteWriter, pending: PendingReply): boolean {
    const gateway = this.#gateway
    const route = gateway.find(submission.space, submission.slot, submission.slots)
    if (typeof route === 'string') {
      gateway.defer(() => pending.failed(route))
      return false
    }
    const evaluator = gateway.evaluators.shared(submission.evaluator)
    if (!evaluator) {
      const reason = gateway.evaluators.has(submission.evaluator) ? 'UNSUPPORTED' : 'INTERNAL'
      gateway.defer(() => pending.failed(reason))
      return false
    }
    route.localCalls++
    const followsOwn = this.#inFlight > 0 && this.#inFlightByRoute.has(route)
    if (evaluator.kind === 'read' && !followsOwn && route.shard.leader.tryRead(evaluator, submission.args, reply)) {
      return true
    }
    this.#inFlight++
    gateway.watch()
    this.#inFlightByRoute.set(route, (this.#inFlightByRoute.get(route) ?? 0) + 1)
    route.submit(this, evaluator, submission.args.clone(), { followsOwn, sinceMs: gateway.nowMs, pending })
    return false
  }

  close(): void {
    // Calls under way stay until they are answered; whoever opened the session ignores the answers.
  }

  finished(route: Route): void {
    this.#inFlight--
    const left = this.#inFlightByRoute.get(route)! - 1
    if (left === 0) {
      this.#inFlightByRoute.delete(route)
      route.sessionIdle(this.id)
    } else this.#inFlightByRoute.set(route, left)
  }
}

/** A call of another node's gateway: its answer is a message. */
class RemoteCall implements ShardCall {
  readonly evaluator: EvaluatorSpec
  readonly args: Arguments
  readonly gateway: number
  readonly sequence: number
  readonly low: number
  readonly session: number
  readonly followsOwn: boolean
  readonly isRetry: boolean
  readonly #answer: (outcome: Outcome, reply: Uint8Array) => void

  constructor(frame: CallFrame, evaluator: EvaluatorSpec, answer: (outcome: Outcome, reply: Uint8Array) => void) {
    this.evaluator = evaluator
    this.args = frame.args
    this.gateway = frame.gateway
    this.sequence = frame.sequence
    this.low = frame.low
    this.session = frame.session
    this.followsOwn = frame.followsOwn
    this.isRetry = frame.isRetry
    this.#answer = answer
  }

  replied(bytes: Uint8Array): void {
    this.#answer('replied', bytes)
  }

  failed(reason: FailureReason): void {
    this.#answer(reason, emptyBytes)
  }

  refused(): void {
    this.#answer('refused', emptyBytes)
  }

  moved(): void {
    this.#answer('moved', emptyBytes)
  }
}
