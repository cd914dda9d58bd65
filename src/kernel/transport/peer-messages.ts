import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { assert, UnumError } from '#kernel/base/errors.ts'
import type { Clock } from '#kernel/base/host.ts'
import { frames, uint32At } from './frame.ts'
import type { TransportLimits } from './limits.ts'
import type { Link, LinkOwner } from './link.ts'
import { decodeFailure, Requests, requestIdOf } from './requests.ts'
import type { AnswerRoute } from './served.ts'
import { Served, sendFailure } from './served.ts'
import type {
  MessageHandler,
  NodeId,
  OutgoingRequest,
  PeerCounters,
  RequestCallbacks,
  RequestHandler,
} from './transport-types.ts'
import { newPeerCounters } from './transport-types.ts'
import type { TurnEnd } from './turn-end.ts'

/** What all peers of a transport share. */
export interface PeerContext {
  readonly clock: Clock
  readonly limits: TransportLimits
  readonly turnEnd: TurnEnd
  /** By channel. */
  readonly messageHandlers: readonly (MessageHandler | undefined)[]
  readonly requestHandlers: readonly (RequestHandler | undefined)[]
  /** Requests are outstanding or served: deadlines must be looked at. */
  deadlinesNeeded(): void
  /** `error`: why the connection was lost, where something went wrong. */
  connectedChanged(peer: PeerMessages, error: Error | undefined): void
}

/**
 * The messages of one peer: what this node says goes over the connection that it opened (outbound), what the other says comes
 * over the one that the other opened (inbound), answers to requests included. So everything that a turn has for a peer is one
 * write, and the fate of a request hangs on both connections.
 *
 * Invariants:
 * 1. `connected` only while both links are open, belong to the same incarnation, and the other node has spoken on the
 *    inbound one, by which it shows that it counts that link as open. So an answer can be sent where a request can be received.
 * 2. When either link goes, every outstanding request fails and every served one is abandoned: its answer might have been
 *    on the link that went. An answer of before can not meet a later request: ids are not used again.
 * 3. At most one link of each direction; a newer connection replaces an older one.
 */
export class PeerMessages implements LinkOwner, AnswerRoute {
  readonly id: NodeId
  readonly counters: PeerCounters = newPeerCounters()
  readonly requests = new Requests()
  readonly served = new Served()
  readonly #context: PeerContext
  readonly #outboundLost: () => void
  #outbound: Link | undefined
  #inbound: Link | undefined
  #inboundHeard = false
  #connected = false
  /** Channels whose handlers cannot take more at the moment. */
  readonly #pausing = new Set<number>()
  readonly #refused: { callbacks: RequestCallbacks; error: UnumError }[] = []

  /** @param outboundLost Told whenever the connection that this node opened is gone. */
  constructor(id: NodeId, context: PeerContext, outboundLost: () => void) {
    this.id = id
    this.#context = context
    this.#outboundLost = outboundLost
  }

  get connected(): boolean {
    return this.#connected
  }

  get version(): number | undefined {
    return this.#outbound?.version
  }

  get queuedBytes(): number {
    return this.#outbound?.queuedBytes ?? 0
  }

  /** Where answers go. */
  get link(): Link | undefined {
    return this.#outbound?.isOpen ? this.#outbound : undefined
  }

  get queueBytesMax(): number {
    return this.#context.limits.queueBytesMax
  }

  /** Whether a greeting with this incarnation and attempt is newer than the connection that is open. */
  isNewer(incarnation: number, attempt: number): boolean {
    const current = this.#inbound
    return !current || current.incarnation !== incarnation || attempt > current.attempt
  }

  begin(channel: number): ByteWriter | undefined {
    const link = this.#outbound
    if (!link?.isOpen) {
      this.counters.droppedDisconnected++
      return undefined
    }
    if (link.queuedBytes > this.#context.limits.queueBytesMax) {
      this.counters.droppedQueueFull++
      return undefined
    }
    return link.begin('oneWay', channel)
  }

  beginNotice(channel: number): ByteWriter | undefined {
    const link = this.#outbound
    if (link?.isOpen && link.queuedBytes > this.#context.limits.noticeQueueBytesMax) {
      link.destroy(new UnumError('CONNECTION_FAILED', `${link.queuedBytes} bytes wait for node ${this.id}: too many`))
    }
    if (!link?.isOpen) {
      this.counters.droppedDisconnected++
      return undefined
    }
    return link.begin('oneWay', channel)
  }

  finish(): void {
    this.#open().finish()
  }

  abandon(): void {
    this.#open().abandon()
  }

  #open(): Link {
    assert(this.#outbound !== undefined, 'a frame was begun on this link')
    return this.#outbound
  }

  request(
    channel: number,
    encode: (writer: ByteWriter) => void,
    timeoutMs: number,
    callbacks: RequestCallbacks,
  ): OutgoingRequest {
    assert(timeoutMs > 0 && timeoutMs <= 0xffff_ffff, 'the time left fits in a frame')
    const link = this.#outbound
    const { limits, clock } = this.#context
    if (!this.#connected || !link?.isOpen) return this.#refuse(callbacks, `not connected to node ${this.id}`)
    if (link.queuedBytes > limits.requestQueueBytesMax)
      return this.#refuse(callbacks, `queue to node ${this.id} is full`)
    if (this.requests.size >= limits.requestsMax) {
      return this.#refuse(callbacks, `${limits.requestsMax} requests to node ${this.id} are outstanding`)
    }
    const id = this.requests.add(callbacks, clock.monotonicMs() + timeoutMs)
    try {
      link.send('request', channel, (writer) => {
        writer.uint32(id)
        writer.uint32(Math.ceil(timeoutMs))
        encode(writer)
      })
    } catch (error) {
      this.requests.remove(id)
      throw error
    }
    this.#context.deadlinesNeeded()
    return { cancel: () => this.#cancel(id) }
  }

  #cancel(id: number): void {
    if (!this.requests.remove(id)) return
    this.link?.send('cancel', 0, (writer) => writer.uint32(id))
  }

  /** Tells it at the end of the turn, since callbacks never run inside the call that they answer. */
  #refuse(callbacks: RequestCallbacks, why: string): OutgoingRequest {
    this.counters.requestsRefused++
    const refusal = { callbacks, error: new UnumError('UNAVAILABLE', `Not sent: ${why}`) }
    if (this.#refused.push(refusal) === 1) this.#context.turnEnd.add(this)
    return {
      cancel: () => {
        const at = this.#refused.indexOf(refusal)
        if (at >= 0) this.#refused.splice(at, 1)
      },
    }
  }

  flush(): void {
    for (const { callbacks, error } of this.#refused.splice(0)) callbacks.failed(error)
  }

  pause(channel: number): void {
    this.#pausing.add(channel)
    if (this.#inboundHeard) this.#inbound?.pause()
  }

  resume(channel: number): void {
    this.#pausing.delete(channel)
    if (this.#pausing.size === 0) this.#inbound?.resume()
  }

  /** A link whose handshake is complete takes the place of an older one. */
  opened(link: Link): void {
    if (link.direction === 'outbound') {
      this.#replace(this.#outbound)
      this.#outbound = link
      if (this.#inbound && this.#inbound.incarnation !== link.incarnation) this.#replace(this.#inbound)
      // Invariant 1: lets the other side know that this one counts the link as open.
      link.send('beat', 0)
      link.flush()
    } else {
      this.#replace(this.#inbound)
      this.#inbound = link
      this.#inboundHeard = false
      if (this.#outbound && this.#outbound.incarnation !== link.incarnation) this.#replace(this.#outbound)
    }
    this.#connectedMayChange()
  }

  /** Takes a link out of service at once; its `closed` comes later and finds another in its place. */
  #replace(link: Link | undefined): void {
    if (!link) return
    link.destroy(new UnumError('CONNECTION_FAILED', 'A newer connection took its place'))
    this.#detach(link, undefined)
  }

  #detach(link: Link, error: Error | undefined): void {
    if (link === this.#outbound) this.#outbound = undefined
    else if (link === this.#inbound) this.#inbound = undefined
    else return
    this.#connectedMayChange(error)
    this.served.abandonAll()
    // What is still in the buffer of the outbound link does leave, unless it is that link which went.
    if (link.direction === 'inbound') this.requests.sent()
    this.requests.failAll(error ? error.message : 'the connection was closed')
    if (link.direction === 'outbound') this.#outboundLost()
  }

  #connectedMayChange(error?: Error): void {
    const connected = this.#outbound !== undefined && this.#inbound !== undefined && this.#inboundHeard
    if (connected === this.#connected) return
    this.#connected = connected
    this.#context.connectedChanged(this, error)
  }

  beat(nowMs: number, wasAsleep: boolean): void {
    this.#outbound?.beat(nowMs, wasAsleep)
    this.#inbound?.beat(nowMs, wasAsleep)
  }

  expire(nowMs: number): void {
    if (this.requests.size > 0) this.requests.expire(nowMs)
    if (this.served.size > 0) this.served.expire(nowMs)
  }

  /** In order: what is queued is still sent. */
  close(): Link[] {
    const links = [this.#outbound, this.#inbound]
    this.#outbound = this.#inbound = undefined
    this.#connected = false
    this.served.abandonAll()
    this.requests.failAll('this node closes its transport', 'STOPPED')
    const open = links.filter((link) => link !== undefined)
    for (const link of open) link.end()
    return open
  }

  // LinkOwner

  frame(link: Link, tag: number, channel: number, body: Uint8Array): void {
    if (link.direction === 'inbound' && !this.#inboundHeard) {
      this.#inboundHeard = true
      // Not before: a pause must not keep invariant 1 from coming true on a new connection.
      if (this.#pausing.size > 0) link.pause()
      this.#connectedMayChange()
    }
    if (tag === frames.beat.tag) return
    if (link.direction === 'outbound') throw new UnumError('DATA_DAMAGED', `Frame of kind ${tag} against the direction`)
    switch (tag) {
      case frames.oneWay.tag: {
        const handler = this.#context.messageHandlers[channel]
        if (handler) handler(this.id, body)
        else this.counters.unhandled++
        return
      }
      case frames.request.tag:
        this.#serve(channel, body)
        return
      case frames.reply.tag:
        if (!this.requests.replied(requestIdOf(body), body.subarray(4))) this.counters.repliesLate++
        return
      case frames.failure.tag:
        if (!this.requests.failed(requestIdOf(body), decodeFailure(body))) this.counters.repliesLate++
        return
      case frames.cancel.tag:
        this.served.cancel(requestIdOf(body))
        return
    }
  }

  #serve(channel: number, body: Uint8Array): void {
    const link = this.link
    // Without a way back nobody will hear the answer: the other side is about to fail the request.
    if (!link) return
    const id = requestIdOf(body)
    const handler = this.#context.requestHandlers[channel]
    if (!handler) {
      this.counters.unhandled++
      sendFailure(link, id, 'UNAVAILABLE', `Node ${this.id} asked for channel ${channel}, which has no handler here`)
      return
    }
    if (this.served.has(id)) throw new UnumError('DATA_DAMAGED', `Request ${id} came twice`)
    if (this.served.size >= this.#context.limits.servedMax) {
      sendFailure(link, id, 'UNAVAILABLE', `${this.served.size} requests of node ${this.id} are being served`)
      return
    }
    const deadlineMs = this.#context.clock.monotonicMs() + uint32At(body, 4)
    const request = this.served.open(id, this.id, body.subarray(8), deadlineMs, this)
    this.#context.deadlinesNeeded()
    handler(request)
  }

  flushed(link: Link): void {
    if (link === this.#outbound) this.requests.sent()
  }

  drained(): void {}

  closed(link: Link, error: Error | undefined): void {
    this.#detach(link, error)
  }
}
