import { UnumError } from '#kernel/base/errors.ts'
import { frames, uint32At } from '../frame.ts'
import type { TransportLimits } from '../limits.ts'
import type { Link, LinkOwner } from '../link.ts'
import { decodeFailure, encodeFailure } from '../requests.ts'
import type { NodeId, TransportLog } from '../transport-types.ts'
import type { BulkHandler } from './bulk-types.ts'
import { IncomingStream } from './incoming-stream.ts'

export interface BulkInboundOptions {
  readonly from: NodeId
  readonly limits: TransportLimits
  readonly log: TransportLog
  /** By channel. */
  readonly handlers: readonly (BulkHandler | undefined)[]
}

/** The streams that one peer sends to this node: at most `bulkStreamsMax`, each with its window. */
export class BulkInbound implements LinkOwner {
  readonly #options: BulkInboundOptions
  readonly #streams = new Map<number, IncomingStream>()
  #link: Link | undefined

  constructor(options: BulkInboundOptions) {
    this.#options = options
  }

  isNewer(incarnation: number, attempt: number): boolean {
    const current = this.#link
    return !current || current.incarnation !== incarnation || attempt > current.attempt
  }

  get streamCount(): number {
    return this.#streams.size
  }

  opened(link: Link): void {
    const before = this.#link
    this.#link = link
    if (!before) return
    before.destroy(undefined)
    this.#lose('a newer connection took its place')
  }

  beat(nowMs: number, wasAsleep: boolean): void {
    for (const stream of [...this.#streams.values()]) stream.checkStall(nowMs, this.#options.limits.bulkStallMs)
    this.#link?.beat(nowMs, wasAsleep)
  }

  close(): Link | undefined {
    for (const stream of [...this.#streams.values()]) {
      stream.abort(new UnumError('STOPPED', 'The receiver closes its transport'))
    }
    const link = this.#link
    this.#link = undefined
    link?.end()
    return link
  }

  // LinkOwner

  frame(link: Link, tag: number, channel: number, body: Uint8Array): void {
    if (tag === frames.beat.tag) return
    const id = uint32At(body, 0)
    switch (tag) {
      case frames.bulkOpen.tag:
        this.#accept(link, id, channel, body.subarray(4))
        return
      // A stream that is not known any more has ended here while this was under way.
      case frames.bulkChunk.tag:
        this.#streams.get(id)?.chunk(body.subarray(4))
        return
      case frames.bulkEnd.tag:
        this.#streams.get(id)?.ended()
        return
      case frames.bulkAbort.tag:
        this.#streams.get(id)?.fail(decodeFailure(body))
        return
      default:
        throw new UnumError('DATA_DAMAGED', `Frame of kind ${tag} against the direction`)
    }
  }

  #accept(link: Link, id: number, channel: number, meta: Uint8Array): void {
    const { from, limits, handlers, log } = this.#options
    if (this.#streams.has(id)) throw new UnumError('DATA_DAMAGED', `Bulk stream ${id} is opened twice`)
    const handler = handlers[channel]
    const refusal = !handler
      ? `channel ${channel} has no handler`
      : this.#streams.size >= limits.bulkStreamsMax
        ? `${limits.bulkStreamsMax} streams of node ${from} are open`
        : undefined
    if (!handler || refusal) {
      link.send('bulkAbort', 0, (writer) => {
        writer.uint32(id)
        encodeFailure(writer, 'UNAVAILABLE', `Bulk stream refused: ${refusal}`)
      })
      return
    }
    const stream = new IncomingStream(id, from, meta, link, limits.bulkWindowBytes, (ended) =>
      this.#streams.delete(ended),
    )
    this.#streams.set(id, stream)
    handler(stream).then(
      () => stream.handled(),
      (error: unknown) => {
        if (error instanceof UnumError) {
          stream.abort(error)
          return
        }
        log.warn({ from, channel, error: String(error) }, 'Receiving a bulk stream failed unexpectedly')
        stream.abort(new UnumError('OUTCOME_UNKNOWN', 'The receiver failed unexpectedly'))
      },
    )
  }

  flushed(): void {}

  drained(): void {}

  closed(link: Link, error: Error | undefined): void {
    if (link !== this.#link) return
    this.#link = undefined
    this.#lose(error ? error.message : 'the connection was closed')
  }

  #lose(why: string): void {
    const error = new UnumError('CONNECTION_FAILED', `Bulk stream lost: ${why}`)
    for (const stream of [...this.#streams.values()]) stream.fail(error)
  }
}
