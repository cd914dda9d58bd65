import { UnumError } from '#kernel/base/errors.ts'
import type { Address, Clock, Connection, Listener, Network, Timer } from '#kernel/base/host.ts'
import type { Answer, Greeting, Verdict } from './handshake.ts'
import { commonVersion, decodeGreeting, encodeAnswer, HandshakeReader } from './handshake.ts'
import type { TransportLimits } from './limits.ts'
import type { NodeId, ProtocolVersions, StrangerCounters, TransportLog } from './transport-types.ts'

export interface AcceptorOptions {
  readonly clock: Clock
  readonly network: Network
  readonly limits: TransportLimits
  readonly log: TransportLog
  readonly clusterId: string
  readonly self: { readonly id: NodeId; readonly name: string }
  readonly incarnation: number
  readonly versions: ProtocolVersions
  /** Whether that node is one of the cluster's and this connection is not older than the one that is open. */
  readonly judge: (greeting: Greeting) => 'accepted' | 'unknown-node' | 'outdated'
  /**
   * The handshake is complete; the answer is already written. `rest` is what came after the greeting; valid during the call. Must set
   * `connection.handler`.
   */
  readonly accepted: (connection: Connection, greeting: Greeting, version: number, rest: Uint8Array) => void
  readonly strangers: StrangerCounters
}

/**
 * Listens for other nodes and answers their greetings. Anybody may connect: until a greeting was accepted a connection
 * holds `handshakeBytesMax` bytes and `handshakeTimeoutMs`, and there are at most `handshakesMax` of them; the oldest
 * makes room, since a node greets at once.
 */
export class Acceptor {
  readonly #options: AcceptorOptions
  readonly #greeting = new Set<Pending>()
  /** Refusals already logged, by node and verdict, until that node is accepted. */
  readonly #logged = new Set<string>()
  #listener: Listener | undefined
  #isClosed = false

  constructor(options: AcceptorOptions) {
    this.#options = options
  }

  /** @throws UnumError `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE` */
  async listen(address: Address): Promise<Address> {
    this.#listener = await this.#options.network.listen(address, (connection) => this.#accept(connection))
    return this.#listener.address
  }

  /** Stops accepting and drops half-open handshakes; connections that were handed over are not its own any more. */
  async close(): Promise<void> {
    this.#isClosed = true
    for (const pending of this.#greeting) pending.connection.destroy()
    await this.#listener?.close()
  }

  #accept(connection: Connection): void {
    const { clock, limits, strangers } = this.#options
    const reader = new HandshakeReader()
    const pending: Pending = {
      connection,
      isRefused: false,
      timer: clock.timer(limits.handshakeTimeoutMs, () => this.#drop(pending)),
    }
    connection.handler = {
      data: (chunk) => {
        if (pending.isRefused || !this.#greeting.has(pending)) return
        try {
          const envelope = reader.push(chunk)
          if (envelope) this.#answer(pending, decodeGreeting(envelope.body), chunk.subarray(envelope.consumed))
        } catch (error) {
          if (!(error instanceof UnumError) || error.code !== 'DATA_DAMAGED') throw error
          strangers.garbage++
          this.#forget(pending)
          connection.destroy()
        }
      },
      closed: () => this.#forget(pending),
    }
    if (this.#isClosed) {
      connection.destroy()
      return
    }
    this.#greeting.add(pending)
    if (this.#greeting.size > limits.handshakesMax) this.#drop(this.#greeting.values().next().value!)
  }

  #drop(pending: Pending): void {
    if (!pending.isRefused) this.#options.strangers.unfinished++
    this.#forget(pending)
    pending.connection.destroy()
  }

  #forget(pending: Pending): void {
    pending.timer.cancel()
    this.#greeting.delete(pending)
  }

  #answer(pending: Pending, greeting: Greeting, rest: Uint8Array): void {
    const { connection } = pending
    const { clusterId, self, incarnation, versions, strangers } = this.#options
    const verdict = this.#verdict(greeting)
    const version = verdict === 'accepted' ? commonVersion(versions, greeting.versions)! : 0
    const answer: Answer = { verdict, version, versions, clusterId, from: self.id, name: self.name, incarnation }
    connection.write(encodeAnswer(answer))
    if (verdict === 'accepted') {
      this.#forget(pending)
      for (const key of this.#logged) if (key.startsWith(`${greeting.from} `)) this.#logged.delete(key)
      this.#options.accepted(connection, greeting, version, rest)
      return
    }
    strangers.refused++
    this.#logRefusal(connection, greeting, verdict)
    // It stays among the unfinished, with their bound and their time, until the other side has read the answer and closed.
    pending.isRefused = true
    connection.end()
  }

  #verdict(greeting: Greeting): Verdict {
    const { clusterId, self, versions, judge } = this.#options
    if (commonVersion(versions, greeting.versions) === undefined) return 'no-common-version'
    if (greeting.clusterId !== clusterId) return 'cluster-mismatch'
    if (greeting.to !== self.id || greeting.from === self.id) return 'wrong-node'
    return judge(greeting)
  }

  #logRefusal(connection: Connection, greeting: Greeting, verdict: Verdict): void {
    const key = `${greeting.from} ${verdict}`
    if (verdict === 'outdated' || this.#logged.has(key) || this.#logged.size >= loggedMax) return
    this.#logged.add(key)
    const { clusterId, self, versions, log } = this.#options
    log.warn(
      {
        code: verdict === 'cluster-mismatch' ? 'CLUSTER_MISMATCH' : undefined,
        from: connection.peer,
        theirs: {
          node: greeting.from,
          name: greeting.name,
          clusterId: greeting.clusterId,
          versions: greeting.versions,
        },
        ours: { node: self.id, name: self.name, clusterId, versions },
        wanted: greeting.to,
      },
      `Refused a connection of node ${greeting.from} (${greeting.name}): ${verdict}`,
    )
  }
}

interface Pending {
  readonly connection: Connection
  readonly timer: Timer
  isRefused: boolean
}

/** Strangers can invent node ids: only so many refusals are worth a line. */
const loggedMax = 64
