import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import type { ErrorCode } from '#kernel/base/errors.ts'
import type { Link } from './link.ts'
import { encodeFailure } from './requests.ts'
import type { IncomingRequest, NodeId, PeerCounters } from './transport-types.ts'

/** The way back to a requester. */
export interface AnswerRoute {
  /** Where an answer may go; undefined when there is no way any more. */
  readonly link: Link | undefined
  readonly queueBytesMax: number
  readonly counters: PeerCounters
}

/** The requests of one peer that are being served: at most `servedMax`. */
export class Served {
  readonly #serving = new Map<number, ServedRequest>()

  get size(): number {
    return this.#serving.size
  }

  has(id: number): boolean {
    return this.#serving.has(id)
  }

  open(id: number, from: NodeId, bytes: Uint8Array, deadlineMs: number, route: AnswerRoute): IncomingRequest {
    const request = new ServedRequest(this.#serving, id, from, bytes, deadlineMs, route)
    this.#serving.set(id, request)
    return request
  }

  cancel(id: number): void {
    this.#serving.get(id)?.abandon()
  }

  /** Those whose deadline is over. */
  expire(nowMs: number): void {
    for (const request of this.#serving.values()) if (request.deadlineMs <= nowMs) request.abandon()
  }

  /** There is no way back any more. */
  abandonAll(): void {
    for (const request of [...this.#serving.values()]) request.abandon()
  }
}

class ServedRequest implements IncomingRequest {
  readonly from: NodeId
  readonly bytes: Uint8Array
  readonly deadlineMs: number
  abandoned = false
  onAbandoned: (() => void) | undefined = undefined
  readonly #serving: Map<number, ServedRequest>
  readonly #id: number
  readonly #route: AnswerRoute
  #isAnswered = false

  constructor(
    serving: Map<number, ServedRequest>,
    id: number,
    from: NodeId,
    bytes: Uint8Array,
    deadlineMs: number,
    route: AnswerRoute,
  ) {
    this.#serving = serving
    this.#id = id
    this.from = from
    this.bytes = bytes
    this.deadlineMs = deadlineMs
    this.#route = route
  }

  reply(encode: (writer: ByteWriter) => void): void {
    const link = this.#takeRoute()
    if (!link) return
    if (link.queuedBytes > this.#route.queueBytesMax) {
      // It was done, but the answer has no room. This is as small as what it replaces is bounded in number: `servedMax`.
      this.#route.counters.repliesRefused++
      sendFailure(link, this.#id, 'OUTCOME_UNKNOWN', 'The answer found no room in the queue')
      return
    }
    try {
      link.send('reply', 0, (writer) => {
        writer.uint32(this.#id)
        encode(writer)
      })
    } catch (error) {
      // A bug of the handler, or an answer above `frameBytesMax`; the requester should not have to wait for its deadline.
      sendFailure(link, this.#id, 'OUTCOME_UNKNOWN', 'The answer could not be encoded')
      throw error
    }
  }

  fail(code: ErrorCode, message: string): void {
    const link = this.#takeRoute()
    if (link) sendFailure(link, this.#id, code, message)
  }

  abandon(): void {
    if (this.#isAnswered || this.abandoned) return
    this.abandoned = true
    this.#forget()
    const onAbandoned = this.onAbandoned
    this.onAbandoned = undefined
    onAbandoned?.()
  }

  #takeRoute(): Link | undefined {
    if (this.#isAnswered || this.abandoned) return undefined
    this.#isAnswered = true
    this.#forget()
    return this.#route.link
  }

  #forget(): void {
    if (this.#serving.get(this.#id) === this) this.#serving.delete(this.#id)
  }
}

export function sendFailure(link: Link, id: number, code: ErrorCode, message: string): void {
  link.send('failure', 0, (writer) => {
    writer.uint32(id)
    encodeFailure(writer, code, message)
  })
}
