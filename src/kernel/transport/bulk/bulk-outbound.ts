import { UnumError } from '#kernel/base/errors.ts'
import { frames, uint32At } from '../frame.ts'
import type { TransportLimits } from '../limits.ts'
import type { Link, LinkOwner } from '../link.ts'
import { decodeFailure } from '../requests.ts'
import type { BulkWriter } from './bulk-types.ts'
import { OutgoingStream } from './outgoing-stream.ts'

export interface BulkOutboundOptions {
  readonly limits: TransportLimits
  /** Opens the connection, unless it is being opened: `opened` or `unreachable` follows. */
  readonly connect: () => void
  /** The connection is gone. */
  readonly lost: () => void
}

/** The streams that this node sends to one peer, on one connection that is opened for the first and closed some time after the last. */
export class BulkOutbound implements LinkOwner {
  readonly #options: BulkOutboundOptions
  readonly #streams = new Map<number, OutgoingStream>()
  #link: Link | undefined
  #lastId = 0
  #idleSinceMs: number | undefined

  constructor(options: BulkOutboundOptions) {
    this.#options = options
  }

  open(channel: number, meta: Uint8Array): BulkWriter {
    const { limits, connect } = this.#options
    this.#lastId = (this.#lastId + 1) >>> 0
    const finished = (ended: OutgoingStream) => this.#streams.delete(ended.id)
    const stream = new OutgoingStream(this.#lastId, channel, meta, limits.bulkChunkBytesMax, finished)
    if (this.#streams.size >= limits.bulkStreamsMax) {
      stream.fail(new UnumError('UNAVAILABLE', `${limits.bulkStreamsMax} bulk streams to this node are open`))
      return stream
    }
    this.#streams.set(stream.id, stream)
    if (this.#link?.isOpen) stream.open(this.#link)
    else connect()
    return stream
  }

  get streamCount(): number {
    return this.#streams.size
  }

  opened(link: Link): void {
    this.#link = link
    this.#idleSinceMs = undefined
    for (const stream of this.#streams.values()) stream.open(link)
  }

  unreachable(error: UnumError): void {
    for (const stream of [...this.#streams.values()]) stream.lost(error.message)
  }

  beat(nowMs: number, wasAsleep: boolean): void {
    const { limits } = this.#options
    for (const stream of [...this.#streams.values()]) stream.checkStall(nowMs, limits.bulkStallMs)
    const link = this.#link
    if (!link) return
    link.beat(nowMs, wasAsleep)
    this.#idleSinceMs = this.#streams.size > 0 ? undefined : (this.#idleSinceMs ?? nowMs)
    if (this.#idleSinceMs !== undefined && nowMs - this.#idleSinceMs >= limits.bulkIdleMs) link.end()
  }

  close(): Link | undefined {
    for (const stream of [...this.#streams.values()]) stream.abort('STOPPED', 'The sender closes its transport')
    const link = this.#link
    this.#link = undefined
    link?.end()
    return link
  }

  // LinkOwner

  frame(_link: Link, tag: number, _channel: number, body: Uint8Array): void {
    if (tag === frames.beat.tag) return
    // A stream that is not known any more has ended here while this was under way.
    const stream = this.#streams.get(uint32At(body, 0))
    switch (tag) {
      case frames.bulkCredit.tag:
        stream?.credited(uint32At(body, 4))
        return
      case frames.bulkDone.tag:
        stream?.done()
        return
      case frames.bulkAbort.tag:
        stream?.fail(decodeFailure(body))
        return
      default:
        throw new UnumError('DATA_DAMAGED', `Frame of kind ${tag} against the direction`)
    }
  }

  flushed(): void {}

  drained(): void {
    for (const stream of [...this.#streams.values()]) stream.pump()
  }

  closed(link: Link, error: Error | undefined): void {
    if (link !== this.#link) return
    this.#link = undefined
    const why = error ? error.message : 'the connection was closed'
    for (const stream of [...this.#streams.values()]) if (stream.isOpened) stream.lost(why)
    this.#options.lost()
    // Those were added while the connection was already closing.
    if (this.#streams.size > 0) this.#options.connect()
  }
}
