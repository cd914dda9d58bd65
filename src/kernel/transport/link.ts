import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Connection } from '#kernel/base/host.ts'
import { highWaterBytes } from '#kernel/base/host.ts'
import type { FrameKind } from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import type { Purpose } from './handshake.ts'
import type { TransportLimits } from './limits.ts'
import { Outbox } from './outbox.ts'
import type { PeerCounters } from './transport-types.ts'
import type { TurnEnd } from './turn-end.ts'

/** Who is told of what happens on a link. */
export interface LinkOwner {
  /** The handshake is complete. */
  opened(link: Link): void
  frame(link: Link, tag: number, channel: number, body: Uint8Array): void
  /** Everything queued was handed to the connection. */
  flushed(link: Link): void
  /** The connection takes bytes again after having been full. */
  drained(link: Link): void
  /** Once, last. `error` undefined: closed in order. */
  closed(link: Link, error: Error | undefined): void
}

export interface LinkOptions {
  readonly connection: Connection
  readonly owner: LinkOwner
  readonly purpose: Purpose
  /** Opened by this node, or by the other. */
  readonly direction: 'outbound' | 'inbound'
  readonly version: number
  /** Of the node at the other end. */
  readonly incarnation: number
  readonly attempt: number
  readonly counters: PeerCounters
  readonly limits: TransportLimits
  readonly turnEnd: TurnEnd
  readonly nowMs: number
}

/** One connection between two nodes after its handshake: frames in both directions, signs of life. */
export class Link {
  readonly purpose: Purpose
  readonly direction: 'outbound' | 'inbound'
  readonly version: number
  readonly incarnation: number
  readonly attempt: number
  readonly #connection: Connection
  readonly #owner: LinkOwner
  readonly #reader: FrameReader
  readonly #outbox: Outbox
  readonly #counters: PeerCounters
  readonly #turnEnd: TurnEnd
  readonly #silenceMaxMs: number
  #state: 'open' | 'ending' | 'closed' = 'open'
  #paused = false
  #heardMs: number
  /** Something arrived, something was sent, since the last `beat`. */
  #heard = false
  #spoke = false
  #failure: Error | undefined
  #isGone = false
  #onClosed: (() => void) | undefined

  constructor(options: LinkOptions) {
    this.purpose = options.purpose
    this.direction = options.direction
    this.version = options.version
    this.incarnation = options.incarnation
    this.attempt = options.attempt
    this.#connection = options.connection
    this.#owner = options.owner
    this.#counters = options.counters
    this.#turnEnd = options.turnEnd
    this.#silenceMaxMs = options.limits.silenceMaxMs
    this.#heardMs = options.nowMs
    this.#outbox = new Outbox(options.limits.frameBytesMax)
    this.#reader = new FrameReader(options.purpose, options.limits.frameBytesMax, (tag, channel, body) => {
      this.#counters.framesIn++
      this.#owner.frame(this, tag, channel, body)
    })
    this.#connection.handler = {
      data: (chunk) => this.receive(chunk),
      drained: () => this.#owner.drained(this),
      closed: (error) => this.#closed(error),
    }
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Bytes that wait to leave this node. */
  get queuedBytes(): number {
    return this.#outbox.queuedBytes + this.#connection.queuedBytes
  }

  /** The connection wants no more until `drained`. */
  get isFull(): boolean {
    return this.#connection.queuedBytes > highWaterBytes
  }

  /** A frame that leaves at the end of the turn: write its body, then `finish` or `abandon`. */
  begin(kind: FrameKind, channel: number): ByteWriter {
    if (this.#outbox.queuedBytes === 0) this.#turnEnd.add(this)
    return this.#outbox.begin(kind, channel)
  }

  /** @throws UnumError `LIMIT_EXCEEDED` */
  finish(): void {
    this.#outbox.finish()
  }

  abandon(): void {
    this.#outbox.abandon()
  }

  /**
   * A whole frame: `encode` writes its body, at once. Nothing is sent where it throws.
   * @throws UnumError `LIMIT_EXCEEDED`
   */
  send(kind: FrameKind, channel: number, encode?: (writer: ByteWriter) => void): void {
    const writer = this.begin(kind, channel)
    try {
      encode?.(writer)
    } catch (error) {
      this.abandon()
      throw error
    }
    this.finish()
  }

  /**
   * A frame whose body is `id` as u32 and then `payload`, which is not copied and must not change any more. Leaves at once, after what is
   * queued.
   */
  sendPayload(kind: FrameKind, id: number, payload: Uint8Array): void {
    this.begin(kind, 0).uint32(id)
    this.#outbox.finish(payload)
    this.flush()
    this.#counters.bytesOut += payload.length
    this.#connection.write(payload)
  }

  /** Hands what is queued to the connection: one write, or one per slab of 64 KiB, which the host gathers. */
  flush(): void {
    if (this.#state !== 'open' || this.#outbox.queuedBytes === 0) return
    this.#counters.framesOut += this.#outbox.count
    this.#outbox.count = 0
    this.#counters.bytesOut += this.#outbox.queuedBytes
    this.#counters.writes++
    this.#spoke = true
    for (const piece of this.#outbox.take()) this.#connection.write(piece)
    this.#owner.flushed(this)
  }

  /** Bytes of the connection that follow the handshake. */
  receive(chunk: Uint8Array): void {
    if (this.#state !== 'open' || chunk.length === 0) return
    this.#heard = true
    this.#counters.bytesIn += chunk.length
    try {
      this.#reader.push(chunk)
    } catch (error) {
      // Also what a handler threw because it could not read a message. Anything else is a bug and none of ours to hide.
      if (!(error instanceof UnumError) || error.code !== 'DATA_DAMAGED') throw error
      this.#counters.damaged++
      this.destroy(error)
    }
  }

  /** Back-pressure on the other side. What was read already, at most one read, is still delivered. */
  pause(): void {
    if (this.#paused) return
    this.#paused = true
    this.#connection.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#connection.resume()
  }

  /**
   * Called every `beatIntervalMs`: gives a sign of life where nothing else was sent, and closes the link where none was heard.
   * @param wasAsleep this node itself did not run for some time, so that silence says nothing of the other one.
   */
  beat(nowMs: number, wasAsleep: boolean): void {
    if (this.#heard || this.#paused || wasAsleep) this.#heardMs = nowMs
    this.#heard = false
    if (nowMs - this.#heardMs >= this.#silenceMaxMs) {
      this.#counters.silent++
      this.destroy(new UnumError('CONNECTION_FAILED', `Nothing heard for ${Math.round(nowMs - this.#heardMs)} ms`))
      return
    }
    if (!this.#spoke) {
      this.send('beat', 0)
    }
    this.#spoke = false
  }

  /** Closes at once; the owner is told later, with `reason`. Nothing is received or sent any more. */
  destroy(reason: Error | undefined): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#failure = reason
    this.#reader.stop()
    this.#connection.destroy()
  }

  /** Closes in order: what is queued is still sent. Nothing is received any more. `destroy` cuts it short. */
  end(): void {
    if (this.#state !== 'open') return
    this.flush()
    this.#state = 'ending'
    this.#reader.stop()
    this.#connection.end()
  }

  /** Resolves once the connection is gone. */
  whenClosed(): Promise<void> {
    if (this.#isGone) return Promise.resolve()
    return new Promise((resolve) => {
      this.#onClosed = resolve
    })
  }

  #closed(error: Error | undefined): void {
    this.#state = 'closed'
    this.#isGone = true
    this.#reader.stop()
    this.#onClosed?.()
    this.#owner.closed(this, this.#failure ?? error)
  }
}
