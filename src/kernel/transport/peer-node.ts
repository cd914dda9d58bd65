import type { UnumError } from '#kernel/base/errors.ts'
import type { Connection } from '#kernel/base/host.ts'
import { BulkInbound } from './bulk/bulk-inbound.ts'
import { BulkOutbound } from './bulk/bulk-outbound.ts'
import type { BulkHandler } from './bulk/bulk-types.ts'
import { Dialer } from './dialer.ts'
import type { Greeting, Purpose } from './handshake.ts'
import type { LinkOwner } from './link.ts'
import { Link } from './link.ts'
import type { PeerContext } from './peer-messages.ts'
import { PeerMessages } from './peer-messages.ts'
import type { Peer, PeerStatus, TransportOptions } from './transport-types.ts'

/** What all peers of a transport share. */
export interface PeerNodeContext extends PeerContext {
  readonly options: TransportOptions
  readonly incarnation: number
  readonly bulkHandlers: readonly (BulkHandler | undefined)[]
  /** Counts all connections that this transport opens. */
  nextAttempt(): number
}

/** One other node: the up to four connections with it, and who uses them. */
export class PeerNode {
  readonly messages: PeerMessages
  readonly bulkOut: BulkOutbound
  readonly #peer: Peer
  readonly #context: PeerNodeContext
  readonly #bulkIn: BulkInbound
  readonly #messageDialer: Dialer
  readonly #bulkDialer: Dialer
  /** Why connecting failed, while it does. */
  #connectError: UnumError | undefined
  /** The reason that was logged last, while connecting fails. */
  #loggedReason: string | undefined
  /** It has answered, or come by itself, since this node started. */
  #wasReached = false
  readonly #startedMs: number

  constructor(peer: Peer, context: PeerNodeContext) {
    const { limits } = context
    this.#peer = peer
    this.#context = context
    this.#startedMs = context.clock.monotonicMs()
    this.messages = new PeerMessages(peer.id, context, () => this.#messageDialer.lost())
    this.bulkOut = new BulkOutbound({
      limits,
      connect: () => this.#bulkDialer.dial(),
      lost: () => this.#bulkDialer.lost(),
    })
    const { log } = context.options
    this.#bulkIn = new BulkInbound({ from: peer.id, limits, log, handlers: context.bulkHandlers })
    this.#messageDialer = this.#dialer('messages', this.messages)
    this.#bulkDialer = this.#dialer('bulk', this.bulkOut)
  }

  /** Connects, and keeps connecting. */
  start(): void {
    this.#messageDialer.dial()
  }

  isNewer({ purpose, incarnation, attempt }: Greeting): boolean {
    return (purpose === 'messages' ? this.messages : this.#bulkIn).isNewer(incarnation, attempt)
  }

  /** It has connected, and its greeting was accepted. */
  accepted(connection: Connection, greeting: Greeting, version: number, rest: Uint8Array): void {
    this.#wasReached = true
    const { purpose, incarnation, attempt } = greeting
    const owner = purpose === 'messages' ? this.messages : this.#bulkIn
    this.#open(connection, owner, { purpose, direction: 'inbound', version, incarnation, attempt }, rest)
    // It is there: no need to wait any longer with the other direction.
    this.#messageDialer.dial()
  }

  beat(nowMs: number, wasAsleep: boolean): void {
    this.messages.beat(nowMs, wasAsleep)
    this.bulkOut.beat(nowMs, wasAsleep)
    this.#bulkIn.beat(nowMs, wasAsleep)
  }

  /** In order: what is queued is still sent. The links that are not closed yet. */
  close(): Link[] {
    this.#messageDialer.close()
    this.#bulkDialer.close()
    return [...this.messages.close(), this.bulkOut.close(), this.#bulkIn.close()].filter((link) => link !== undefined)
  }

  status(): PeerStatus {
    const { connected, version, queuedBytes, requests, counters } = this.messages
    return {
      ...this.#peer,
      connected,
      protocolVersion: version,
      queuedBytes,
      requestsOutstanding: requests.size,
      bulkStreamsOut: this.bulkOut.streamCount,
      bulkStreamsIn: this.#bulkIn.streamCount,
      connectError: this.#connectError?.message,
      counters,
    }
  }

  #dialer(purpose: Purpose, owner: LinkOwner & { unreachable?(error: UnumError): void }): Dialer {
    const { options, limits, incarnation: ownIncarnation, nextAttempt } = this.#context
    const { clock, network, random, protocolVersions: versions, clusterId, self } = options
    const { id: to, address } = this.#peer
    const greeting = { versions, purpose, clusterId, from: self.id, name: self.name, incarnation: ownIncarnation, to }
    return new Dialer({
      clock,
      network,
      random: random.child(`dial ${to} for ${purpose}`),
      limits,
      address,
      persistent: purpose === 'messages',
      greeting: (attempt) => ({ ...greeting, attempt }),
      nextAttempt,
      events: {
        accepted: (connection, { version, incarnation }, attempt, rest) => {
          this.#wasReached = true
          this.#connectError = this.#loggedReason = undefined
          this.messages.counters.connects++
          this.#open(connection, owner, { purpose, direction: 'outbound', version, incarnation, attempt }, rest)
        },
        failed: (error, verdict) => {
          this.messages.counters.connectFailures++
          this.#connectError = error
          if (verdict) this.#wasReached = true
          this.#logFailure(error)
          owner.unreachable?.(error)
        },
      },
    })
  }

  #open(
    connection: Connection,
    owner: LinkOwner,
    facts: Pick<Link, 'purpose' | 'direction' | 'version' | 'incarnation' | 'attempt'>,
    rest: Uint8Array,
  ): void {
    const { limits, turnEnd, clock } = this.#context
    const { counters } = this.messages
    const link = new Link({ ...facts, connection, owner, counters, limits, turnEnd, nowMs: clock.monotonicMs() })
    owner.opened(link)
    link.receive(rest)
  }

  /** Once for each reason, until a connection succeeds. */
  #logFailure(error: UnumError): void {
    if (this.#loggedReason === error.message || this.#mayBeStarting(error)) return
    this.#loggedReason = error.message
    const { id, name, address } = this.#peer
    const fields = { code: error.code, peer: id, name, address: `${address.host}:${address.port}` }
    this.#context.options.log.warn(fields, `No connection to node ${name}, trying again: ${error.message}`)
  }

  /** Nodes of a cluster start one after the other: that one is not there yet is no news. Whoever answers wrongly is there. */
  #mayBeStarting(error: UnumError): boolean {
    const { clock, limits } = this.#context
    if (this.#wasReached || error.code !== 'CONNECTION_FAILED') return false
    return clock.monotonicMs() - this.#startedMs < limits.firstContactMs
  }
}
