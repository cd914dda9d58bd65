import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { assert, type UnumError } from '#kernel/base/errors.ts'
import type { Address, Connection, Timer } from '#kernel/base/host.ts'
import { Acceptor } from './acceptor.ts'
import { Dialer } from './dialer.ts'
import type { Greeting } from './handshake.ts'
import type { TransportLimits } from './limits.ts'
import { checkLimits, transportLimits } from './limits.ts'
import { Link } from './link.ts'
import type { PeerContext } from './peer.ts'
import { PeerState } from './peer.ts'
import type {
  MessageHandler,
  NodeId,
  OutgoingRequest,
  Peer,
  PeerStatus,
  RequestCallbacks,
  RequestHandler,
  RequestOptions,
  StrangerCounters,
  TransportOptions,
} from './transport-types.ts'
import { TurnEnd } from './turn-end.ts'

/**
 * Listens, and connects to every peer and keeps connecting.
 * @throws UnumError `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`, `CONFIGURATION_INVALID`
 */
export async function openTransport(options: TransportOptions): Promise<Transport> {
  const transport = new Transport(options)
  await transport.listen(options.listen)
  for (const peer of options.peers) if (peer.id !== options.self.id) transport.addPeer(peer)
  return transport
}

interface PeerEntry {
  readonly state: PeerState
  readonly dialer: Dialer
  /** Why connecting failed, while it does. */
  connectError: UnumError | undefined
}

/** Messages and requests between this node and its peers. Knows nothing of what they mean. */
export class Transport {
  readonly #options: TransportOptions
  readonly #limits: TransportLimits
  readonly #turnEnd: TurnEnd
  readonly #acceptor: Acceptor
  readonly #incarnation: number
  readonly #context: PeerContext
  readonly #peers = new Map<NodeId, PeerEntry>()
  readonly #messageHandlers: (MessageHandler | undefined)[] = new Array(channelMax + 1).fill(undefined)
  readonly #requestHandlers: (RequestHandler | undefined)[] = new Array(channelMax + 1).fill(undefined)
  readonly #changeCallbacks: ((peer: NodeId, connected: boolean) => void)[] = []
  readonly #strangers: StrangerCounters = { garbage: 0, refused: 0, unfinished: 0 }
  #attempts = 0
  #address: Address | undefined
  #beatTimer: Timer | undefined
  #beatMs = 0
  #deadlineTimer: Timer | undefined
  #isClosed = false

  constructor(options: TransportOptions) {
    const { clock, network, random, log, clusterId, self, protocolVersions } = options
    this.#options = options
    this.#limits = { ...transportLimits, ...options.limits }
    checkLimits(this.#limits)
    this.#turnEnd = new TurnEnd(clock)
    // Different at each start, whatever the wall clock did between: 41 bits of its milliseconds, 12 of chance.
    this.#incarnation = (Math.floor(clock.wallMs()) % 2 ** 41) * 2 ** 12 + random.below(2 ** 12)
    this.#acceptor = new Acceptor({
      clock,
      network,
      limits: this.#limits,
      log,
      clusterId,
      self,
      incarnation: this.#incarnation,
      versions: protocolVersions,
      judge: (greeting) => this.#judge(greeting),
      accepted: (connection, greeting, version, rest) => this.#accepted(connection, greeting, version, rest),
      strangers: this.#strangers,
    })
    this.#context = {
      clock,
      limits: this.#limits,
      turnEnd: this.#turnEnd,
      messageHandlers: this.#messageHandlers,
      requestHandlers: this.#requestHandlers,
      deadlinesNeeded: () => this.#watchDeadlines(),
      connectedChanged: (peer) => this.#connectedChanged(peer),
      outboundLost: (peer) => this.#peers.get(peer.id)?.dialer.lost(),
    }
  }

  /** @throws UnumError `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE` */
  async listen(address: Address): Promise<void> {
    this.#address = await this.#acceptor.listen(address)
    this.#beatMs = this.#options.clock.monotonicMs()
    this.#beat()
  }

  /** Where it listens, with the port that was chosen. */
  get address(): Address {
    assert(this.#address !== undefined, 'the transport listens')
    return this.#address
  }

  /** From now on connections of this node are accepted, and one to it is kept. */
  addPeer(peer: Peer): void {
    const { clock, network, random, clusterId, self, protocolVersions } = this.#options
    assert(!this.#peers.has(peer.id) && peer.id !== self.id, 'a peer is another node, and is added once')
    const state = new PeerState(peer.id, peer.name, peer.address, this.#context)
    const dialer = new Dialer({
      clock,
      network,
      random: random.child(`dial ${peer.id}`),
      limits: this.#limits,
      address: peer.address,
      persistent: true,
      greeting: (attempt) => ({
        versions: protocolVersions,
        purpose: 'messages',
        clusterId,
        from: self.id,
        name: self.name,
        incarnation: this.#incarnation,
        attempt,
        to: peer.id,
      }),
      nextAttempt: () => ++this.#attempts,
      events: {
        accepted: (connection, answer, attempt, rest) => {
          entry.connectError = undefined
          state.counters.connects++
          const { version, incarnation } = answer
          this.#open(state, { connection, direction: 'outbound', version, incarnation, attempt }, rest)
        },
        failed: (error) => {
          state.counters.connectFailures++
          if (entry.connectError?.message !== error.message) this.#logFailure(peer, error)
          entry.connectError = error
        },
      },
    })
    const entry: PeerEntry = { state, dialer, connectError: undefined }
    this.#peers.set(peer.id, entry)
    dialer.dial()
  }

  /** Messages on `channel`, 1 to 255. One handler per channel. */
  register(channel: number, handler: MessageHandler): void {
    assert(isChannel(channel) && !this.#messageHandlers[channel], 'a channel is 1 to 255 and has one handler')
    this.#messageHandlers[channel] = handler
  }

  /** Requests on `channel`, 1 to 255; its number is apart from that of one-way messages. */
  serve(channel: number, handler: RequestHandler): void {
    assert(isChannel(channel) && !this.#requestHandlers[channel], 'a channel is 1 to 255 and has one handler')
    this.#requestHandlers[channel] = handler
  }

  /**
   * Starts a one-way message: encode it to the result, then call `finish(to)` or `abandon(to)` before anything else for that
   * peer. It leaves with all else for that peer at the end of the turn. Delivered in order or not at all; what was under way when
   * a connection broke is lost.
   *
   * Undefined: not connected, or `queueBytesMax` bytes wait already. The message is counted as dropped, the caller may try
   * again later.
   */
  begin(to: NodeId, channel: number): ByteWriter | undefined {
    return this.#peer(to).begin(channel)
  }

  /** @throws UnumError `LIMIT_EXCEEDED`: above `frameBytesMax`; nothing is sent. */
  finish(to: NodeId): void {
    this.#peer(to).finish()
  }

  abandon(to: NodeId): void {
    this.#peer(to).abandon()
  }

  /**
   * Asks another node. `encode` runs at once and writes the request; the outcome comes later, see `RequestCallbacks`. Answers
   * come in any order.
   * @throws UnumError `LIMIT_EXCEEDED`: above `frameBytesMax`; no callback follows.
   */
  request(
    to: NodeId,
    channel: number,
    encode: (writer: ByteWriter) => void,
    options: RequestOptions,
    callbacks: RequestCallbacks,
  ): OutgoingRequest {
    return this.#peer(to).request(channel, encode, options.deadlineMs, callbacks)
  }

  /** Writes what is queued now instead of at the end of the turn. */
  flush(): void {
    this.#turnEnd.flush()
  }

  /** Whether messages can be exchanged, both ways. */
  connected(to: NodeId): boolean {
    return this.#peer(to).connected
  }

  /** `callback` runs whenever `connected` changes. */
  onPeerChange(callback: (peer: NodeId, connected: boolean) => void): void {
    this.#changeCallbacks.push(callback)
  }

  /**
   * Stops reading from a peer until `resumeReading` was called for each channel that paused it: for handlers that cannot take
   * more. Everything from that peer stops, heartbeats and answers included, so what ends the pause must not wait for that peer. At
   * most one read that is under way is still delivered.
   */
  pauseReading(from: NodeId, channel: number): void {
    this.#peer(from).pause(channel)
  }

  resumeReading(from: NodeId, channel: number): void {
    this.#peer(from).resume(channel)
  }

  status(): readonly PeerStatus[] {
    return [...this.#peers.values()].map(({ state, connectError }) => ({
      id: state.id,
      name: state.name,
      address: state.address,
      connected: state.connected,
      protocolVersion: state.version,
      queuedBytes: state.queuedBytes,
      requestsOutstanding: state.requests.size,
      connectError: connectError?.message,
      counters: state.counters,
    }))
  }

  /** Connections of no peer. */
  get strangers(): Readonly<StrangerCounters> {
    return this.#strangers
  }

  /** Sends what is queued, closes all connections, fails all requests with `STOPPED`. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#beatTimer?.cancel()
    this.#deadlineTimer?.cancel()
    for (const { dialer, state } of this.#peers.values()) {
      dialer.close()
      state.close('STOPPED')
    }
    await this.#acceptor.close()
  }

  #peer(id: NodeId): PeerState {
    const entry = this.#peers.get(id)
    assert(entry !== undefined, `node ${id} is a peer of this one`)
    return entry.state
  }

  #judge(greeting: Greeting): 'accepted' | 'unknown-node' | 'outdated' {
    const entry = this.#peers.get(greeting.from)
    if (!entry) return 'unknown-node'
    return entry.state.isNewer(greeting.incarnation, greeting.attempt) ? 'accepted' : 'outdated'
  }

  #accepted(connection: Connection, greeting: Greeting, version: number, rest: Uint8Array): void {
    const { state, dialer } = this.#peers.get(greeting.from)!
    const { incarnation, attempt } = greeting
    this.#open(state, { connection, direction: 'inbound', version, incarnation, attempt }, rest)
    // It is there: no need to wait any longer with the other direction.
    dialer.dial()
  }

  #open(
    state: PeerState,
    end: Pick<Link, 'direction' | 'version' | 'incarnation' | 'attempt'> & { readonly connection: Connection },
    rest: Uint8Array,
  ): void {
    const link = new Link({
      ...end,
      owner: state,
      purpose: 'messages',
      counters: state.counters,
      limits: this.#limits,
      turnEnd: this.#turnEnd,
      nowMs: this.#options.clock.monotonicMs(),
    })
    state.opened(link)
    link.receive(rest)
  }

  #connectedChanged(peer: PeerState): void {
    const fields = { peer: peer.id, name: peer.name }
    if (peer.connected) this.#options.log.info({ ...fields, version: peer.version }, `Connected with node ${peer.name}`)
    else this.#options.log.info(fields, `Lost the connection with node ${peer.name}`)
    for (const callback of this.#changeCallbacks) callback(peer.id, peer.connected)
  }

  #logFailure(peer: Peer, error: UnumError): void {
    const { host, port } = peer.address
    const fields = { code: error.code, peer: peer.id, name: peer.name, address: `${host}:${port}` }
    this.#options.log.warn(fields, `No connection to node ${peer.name}, trying again: ${error.message}`)
  }

  #beat(): void {
    const { clock } = this.#options
    const { beatIntervalMs } = this.#limits
    const nowMs = clock.monotonicMs()
    const wasAsleep = nowMs - this.#beatMs > 2 * beatIntervalMs
    this.#beatMs = nowMs
    for (const { state } of this.#peers.values()) state.beat(nowMs, wasAsleep)
    this.#beatTimer = clock.timer(beatIntervalMs, () => this.#beat())
  }

  /** One timer for all deadlines, and none while nothing waits. */
  #watchDeadlines(): void {
    if (this.#deadlineTimer) return
    this.#deadlineTimer = this.#options.clock.timer(this.#limits.deadlineScanMs, () => {
      this.#deadlineTimer = undefined
      const nowMs = this.#options.clock.monotonicMs()
      let waiting = 0
      for (const { state } of this.#peers.values()) {
        state.expire(nowMs)
        waiting += state.requests.size + state.served.size
      }
      if (waiting > 0 && !this.#isClosed) this.#watchDeadlines()
    })
  }
}

const channelMax = 255

function isChannel(channel: number): boolean {
  return Number.isInteger(channel) && channel >= 1 && channel <= channelMax
}
