import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { assert } from '#kernel/base/errors.ts'
import type { Address, Timer } from '#kernel/base/host.ts'
import { Acceptor } from './acceptor.ts'
import type { BulkHandler, BulkWriter } from './bulk/bulk-types.ts'
import type { Greeting } from './handshake.ts'
import type { TransportLimits } from './limits.ts'
import { checkLimits, transportLimits } from './limits.ts'
import type { PeerMessages } from './peer-messages.ts'
import type { PeerNodeContext } from './peer-node.ts'
import { PeerNode } from './peer-node.ts'
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

/** Messages, requests and bulk bytes between this node and its peers. Knows nothing of what they mean. */
export class Transport {
  readonly #options: TransportOptions
  readonly #limits: TransportLimits
  readonly #turnEnd: TurnEnd
  readonly #acceptor: Acceptor
  readonly #context: PeerNodeContext
  readonly #peers = new Map<NodeId, PeerNode>()
  readonly #messageHandlers: (MessageHandler | undefined)[] = new Array(channelMax + 1).fill(undefined)
  readonly #requestHandlers: (RequestHandler | undefined)[] = new Array(channelMax + 1).fill(undefined)
  readonly #bulkHandlers: (BulkHandler | undefined)[] = new Array(channelMax + 1).fill(undefined)
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
    const incarnation = (Math.floor(clock.wallMs()) % 2 ** 41) * 2 ** 12 + random.below(2 ** 12)
    this.#acceptor = new Acceptor({
      clock,
      network,
      limits: this.#limits,
      log,
      clusterId,
      self,
      incarnation,
      versions: protocolVersions,
      judge: (greeting) => this.#judge(greeting),
      accepted: (connection, greeting, version, rest) => {
        this.#peers.get(greeting.from)!.accepted(connection, greeting, version, rest)
      },
      strangers: this.#strangers,
    })
    this.#context = {
      options,
      clock,
      limits: this.#limits,
      incarnation,
      turnEnd: this.#turnEnd,
      messageHandlers: this.#messageHandlers,
      requestHandlers: this.#requestHandlers,
      bulkHandlers: this.#bulkHandlers,
      nextAttempt: () => ++this.#attempts,
      deadlinesNeeded: () => this.#watchDeadlines(),
      connectedChanged: (peer, error) => this.#connectedChanged(peer, error),
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
    assert(!this.#peers.has(peer.id) && peer.id !== this.#options.self.id, 'a peer is another node, and is added once')
    const node = new PeerNode(peer, this.#context)
    this.#peers.set(peer.id, node)
    node.start()
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

  /**
   * As `begin`, for a few bytes that must not be lost where too much waits: they are queued all the same. So that this has a bound too,
   * the connection is closed when `noticeQueueBytesMax` bytes wait.
   *
   * Undefined: not connected.
   */
  beginNotice(to: NodeId, channel: number): ByteWriter | undefined {
    return this.#peer(to).beginNotice(channel)
  }

  /** Of what `begin` or `beginNotice` began. @throws UnumError `LIMIT_EXCEEDED`: above `frameBytesMax`; nothing is sent. */
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
    return this.#peer(to).request(channel, encode, options.timeoutMs, callbacks)
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

  /** Streams of bulk bytes on `channel`, 1 to 255; its number is apart from those of messages and requests. */
  onBulk(channel: number, handler: BulkHandler): void {
    assert(isChannel(channel) && !this.#bulkHandlers[channel], 'a channel is 1 to 255 and has one handler')
    this.#bulkHandlers[channel] = handler
  }

  /**
   * Starts a stream of bytes of any length, on a connection apart from that of messages, which is opened for the first one. Failures
   * are told by the writer's methods.
   * @param meta What the receiver is told of it; at most `frameBytesMax` with it.
   */
  openBulk(to: NodeId, channel: number, meta: Uint8Array): BulkWriter {
    return this.#node(to).bulkOut.open(channel, meta)
  }

  status(): readonly PeerStatus[] {
    return [...this.#peers.values()].map((node) => node.status())
  }

  /** Connections of no peer. */
  get strangers(): Readonly<StrangerCounters> {
    return this.#strangers
  }

  /**
   * Sends what is queued and closes all connections; requests and streams fail with `STOPPED`. Takes at most
   * `handshakeTimeoutMs`: what a peer has not taken then is lost.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#beatTimer?.cancel()
    this.#deadlineTimer?.cancel()
    const links = [...this.#peers.values()].flatMap((node) => node.close())
    const timer = this.#options.clock.timer(this.#limits.handshakeTimeoutMs, () => {
      for (const link of links) link.destroy(undefined)
    })
    await Promise.all(links.map((link) => link.whenClosed()))
    timer.cancel()
    await this.#acceptor.close()
  }

  #node(id: NodeId): PeerNode {
    const node = this.#peers.get(id)
    assert(node !== undefined, `node ${id} is a peer of this one`)
    return node
  }

  #peer(id: NodeId): PeerMessages {
    return this.#node(id).messages
  }

  #judge(greeting: Greeting): 'accepted' | 'unknown-node' | 'outdated' {
    const node = this.#peers.get(greeting.from)
    if (!node) return 'unknown-node'
    return node.isNewer(greeting) ? 'accepted' : 'outdated'
  }

  #connectedChanged({ id, connected, version }: PeerMessages, error: Error | undefined): void {
    const { log } = this.#options
    if (connected) log.info({ peer: id, version }, `Connected with node ${id}`)
    else log.warn({ peer: id, reason: error?.message }, `Lost the connection with node ${id}`)
    for (const callback of this.#changeCallbacks) callback(id, connected)
  }

  #beat(): void {
    const { clock } = this.#options
    const { beatIntervalMs } = this.#limits
    const nowMs = clock.monotonicMs()
    const wasAsleep = nowMs - this.#beatMs > 2 * beatIntervalMs
    this.#beatMs = nowMs
    for (const node of this.#peers.values()) node.beat(nowMs, wasAsleep)
    this.#beatTimer = clock.timer(beatIntervalMs, () => this.#beat())
  }

  /** One timer for all deadlines, and none while nothing waits. */
  #watchDeadlines(): void {
    if (this.#deadlineTimer) return
    this.#deadlineTimer = this.#options.clock.timer(this.#limits.deadlineScanMs, () => {
      this.#deadlineTimer = undefined
      const nowMs = this.#options.clock.monotonicMs()
      let waiting = 0
      for (const { messages } of this.#peers.values()) {
        messages.expire(nowMs)
        waiting += messages.requests.size + messages.served.size
      }
      if (waiting > 0 && !this.#isClosed) this.#watchDeadlines()
    })
  }
}

const channelMax = 255

function isChannel(channel: number): boolean {
  return Number.isInteger(channel) && channel >= 1 && channel <= channelMax
}
