import type { ErrorCode } from '#kernel/base/errors.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Address, Clock, Connection, Network, Random, Timer } from '#kernel/base/host.ts'
import type { Answer, Greeting, Verdict } from './handshake.ts'
import { decodeAnswer, encodeGreeting, HandshakeReader } from './handshake.ts'
import type { TransportLimits } from './limits.ts'

/** What came of dialing. */
export interface DialerEvents {
  /** The other node accepted. `rest` is what it said after that; valid during the call. Set `connection.handler` in it. */
  accepted(connection: Connection, answer: Answer, attempt: number, rest: Uint8Array): void
  /** The other node's incarnation is known from its answer, also where it refused. */
  failed(error: UnumError, verdict: Verdict | undefined): void
}

export interface DialerOptions {
  readonly clock: Clock
  readonly network: Network
  readonly random: Random
  readonly limits: TransportLimits
  readonly address: Address
  /** Whether it connects again by itself after a failure or a loss; otherwise only when `dial` is called. */
  readonly persistent: boolean
  readonly greeting: (attempt: number) => Greeting
  readonly nextAttempt: () => number
  readonly events: DialerEvents
}

/**
 * Keeps one connection to one node: connects, greets, waits, tries again.
 *
 * ```
 *  idle ──dial──▶ dialing ──accepted──▶ up
 *                 ▲     │ failed         │ lost
 *            time │     ▼                ▼
 *                 └──── waiting ◀────────┘      (idle instead, unless persistent)
 * ```
 */
export class Dialer {
  readonly #options: DialerOptions
  #state: 'idle' | 'dialing' | 'up' | 'waiting' | 'closed' = 'idle'
  #connection: Connection | undefined
  #timer: Timer | undefined
  #failuresInRow = 0
  #upSinceMs = 0

  constructor(options: DialerOptions) {
    this.#options = options
  }

  /** Connects now, unless it is connected or about to be. Also cuts a wait short: the other node showed that it is there. */
  dial(): void {
    if (this.#state !== 'idle' && this.#state !== 'waiting') return
    const { clock, network, limits, address, greeting, nextAttempt, events } = this.#options
    this.#timer?.cancel()
    this.#state = 'dialing'
    const attempt = nextAttempt()
    const reader = new HandshakeReader()
    let failure: UnumError | undefined
    let verdict: Verdict | undefined
    const giveUp = (error: UnumError) => {
      failure ??= error
      connection.destroy()
    }
    const connection = network.connect(address, {
      opened: () => connection.write(encodeGreeting(greeting(attempt))),
      data: (chunk) => {
        if (failure) return
        try {
          const envelope = reader.push(chunk)
          if (!envelope) return
          const answer = decodeAnswer(envelope.body)
          const refusal = refusalOf(greeting(attempt), answer)
          if (refusal) {
            verdict = answer.verdict
            giveUp(refusal)
            return
          }
          this.#state = 'up'
          this.#timer?.cancel()
          this.#upSinceMs = clock.monotonicMs()
          events.accepted(connection, answer, attempt, chunk.subarray(envelope.consumed))
        } catch (error) {
          if (!(error instanceof UnumError) || error.code !== 'DATA_DAMAGED') throw error
          giveUp(error)
        }
      },
      closed: (error) => {
        this.#connection = undefined
        if (this.#state === 'closed') return
        this.#failuresInRow++
        events.failed(failure ?? failedToConnect(error), verdict)
        this.#waitAndRetry(isLasting(verdict) ? limits.refusedRetryMs : this.#backoffMs())
      },
    })
    this.#connection = connection
    this.#timer = clock.timer(limits.handshakeTimeoutMs, () => {
      giveUp(new UnumError('CONNECTION_FAILED', `No handshake within ${limits.handshakeTimeoutMs} ms`))
    })
  }

  /** The connection that was accepted is gone: tries again, soon. */
  lost(): void {
    if (this.#state !== 'up') return
    const { clock, limits } = this.#options
    this.#connection = undefined
    // A connection that breaks at once again and again is no better than one that fails.
    if (clock.monotonicMs() - this.#upSinceMs >= limits.stableMs) this.#failuresInRow = 0
    else this.#failuresInRow++
    this.#waitAndRetry(this.#backoffMs())
  }

  /** For good. A connection that was accepted is its owner's to close. */
  close(): void {
    const wasDialing = this.#state === 'dialing'
    this.#state = 'closed'
    this.#timer?.cancel()
    if (wasDialing) this.#connection?.destroy()
    this.#connection = undefined
  }

  #waitAndRetry(delayMs: number): void {
    this.#timer?.cancel()
    if (!this.#options.persistent) {
      this.#state = 'idle'
      return
    }
    this.#state = 'waiting'
    this.#timer = this.#options.clock.timer(delayMs, () => this.dial())
  }

  /** Between half and all of the doubling wait, so that nodes that lost each other at once do not meet again and again. */
  #backoffMs(): number {
    const { limits, random } = this.#options
    const doubled = limits.reconnectMinMs * 2 ** Math.min(this.#failuresInRow, 30)
    return Math.min(doubled, limits.reconnectMaxMs) * (0.5 + random.float() / 2)
  }
}

/** Refusals that time alone does not cure. */
function isLasting(verdict: Verdict | undefined): boolean {
  return verdict !== undefined && verdict !== 'outdated'
}

const codeByVerdict: Readonly<Record<Verdict, ErrorCode>> = {
  accepted: 'CONFIGURATION_INVALID',
  'no-common-version': 'FORMAT_UNKNOWN',
  'cluster-mismatch': 'CLUSTER_MISMATCH',
  'wrong-node': 'CONFIGURATION_INVALID',
  'unknown-node': 'CONFIGURATION_INVALID',
  outdated: 'CONNECTION_FAILED',
}

function refusalOf(greeting: Greeting, answer: Answer): UnumError | undefined {
  const who = `node ${answer.from} (${answer.name})`
  const text: Readonly<Record<Verdict, string | undefined>> = {
    accepted:
      answer.clusterId === greeting.clusterId && answer.from === greeting.to
        ? undefined
        : `${who} of cluster ${answer.clusterId} accepted a greeting to node ${greeting.to} of cluster ${greeting.clusterId}`,
    'no-common-version': `${who} speaks protocol versions ${range(answer)}, this node ${range(greeting)}`,
    'cluster-mismatch': `${who} belongs to cluster ${answer.clusterId}, this node to cluster ${greeting.clusterId}`,
    'wrong-node': `${who} answers at the address of node ${greeting.to}`,
    'unknown-node': `${who} does not know a node ${greeting.from} (${greeting.name})`,
    outdated: `${who} has a newer connection of this node`,
  }
  const message = text[answer.verdict]
  return message === undefined ? undefined : new UnumError(codeByVerdict[answer.verdict], message)
}

function range(side: Greeting | Answer): string {
  return `${side.versions.min} to ${side.versions.max}`
}

function failedToConnect(cause: Error | undefined): UnumError {
  const why = cause ? cause.message : 'the other side closed the connection'
  return new UnumError('CONNECTION_FAILED', `Cannot connect: ${why}`, { cause })
}
