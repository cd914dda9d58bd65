import { ByteReader } from '#kernel/base/byte-reader.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import type { ErrorCode } from '#kernel/base/errors.ts'
import { errorCodes, UnumError } from '#kernel/base/errors.ts'
import { uint32At } from './frame.ts'
import type { RequestCallbacks } from './transport-types.ts'

interface Outstanding {
  readonly callbacks: RequestCallbacks
  /** On the monotonic clock. */
  readonly deadlineMs: number
}

/**
 * The requests to one peer that wait for an answer.
 *
 * Ids count up and wrap at 2^32; an id is free again long before its turn comes, since there are at most `requestsMax`.
 */
export class Requests {
  readonly #outstanding = new Map<number, Outstanding>()
  #lastId = 0
  /** Requests after it are still in this turn's buffer: certainly not sent. */
  #lastSentId = 0

  get size(): number {
    return this.#outstanding.size
  }

  add(callbacks: RequestCallbacks, deadlineMs: number): number {
    do this.#lastId = (this.#lastId + 1) >>> 0
    while (this.#lastId === 0 || this.#outstanding.has(this.#lastId))
    this.#outstanding.set(this.#lastId, { callbacks, deadlineMs })
    return this.#lastId
  }

  /** Everything added so far was handed to the connection, or will be. */
  sent(): void {
    this.#lastSentId = this.#lastId
  }

  /** Whether it was still waiting. */
  remove(id: number): boolean {
    return this.#outstanding.delete(id)
  }

  /** False: nobody waits for it any more. */
  replied(id: number, bytes: Uint8Array): boolean {
    const outstanding = this.#outstanding.get(id)
    if (!outstanding) return false
    this.remove(id)
    outstanding.callbacks.replied(bytes)
    return true
  }

  failed(id: number, error: UnumError): boolean {
    const outstanding = this.#outstanding.get(id)
    if (!outstanding) return false
    this.remove(id)
    outstanding.callbacks.failed(error)
    return true
  }

  /** Fails those whose deadline is over. */
  expire(nowMs: number): void {
    let error: UnumError | undefined
    for (const [id, { deadlineMs }] of this.#outstanding) {
      if (deadlineMs > nowMs) continue
      error ??= new UnumError('OUTCOME_UNKNOWN', 'No answer of the other node within the deadline')
      this.failed(id, error)
    }
  }

  /** The connection is gone: fails all, each with what is certain about it. */
  failAll(why: string, code?: ErrorCode): void {
    if (this.#outstanding.size === 0) return
    const notSent = new UnumError(code ?? 'UNAVAILABLE', `Not sent: ${why}`)
    const unknown = new UnumError(code ?? 'OUTCOME_UNKNOWN', `Sent, and no answer came: ${why}`)
    // Callbacks may make new requests: those are not of the connection that is gone.
    const ids = [...this.#outstanding.keys()]
    const unsentCount = this.#unsentCount
    const lastSentId = this.#lastSentId
    for (const id of ids) this.failed(id, (id - lastSentId - 1) >>> 0 < unsentCount ? notSent : unknown)
  }

  /** How many ids follow the last one that was sent; differences of ids are modulo 2^32. */
  get #unsentCount(): number {
    return (this.#lastId - this.#lastSentId) >>> 0
  }
}

/** The body of a failure frame, after the id. */
export function encodeFailure(writer: ByteWriter, code: ErrorCode, message: string): void {
  writer.text(code)
  writer.text(message.slice(0, failureMessageCharsMax))
}

const failureMessageCharsMax = 512

/**
 * An error of the other node. A code that this version does not know says nothing of what was done.
 * @throws UnumError `DATA_DAMAGED`
 */
export function decodeFailure(body: Uint8Array): UnumError {
  const reader = new ByteReader(body, 4)
  const code = reader.text()
  const message = reader.text()
  if (!Object.hasOwn(errorCodes, code)) return new UnumError('OUTCOME_UNKNOWN', `${code}: ${message}`)
  return new UnumError(code as ErrorCode, message)
}

export function requestIdOf(body: Uint8Array): number {
  return uint32At(body, 0)
}
