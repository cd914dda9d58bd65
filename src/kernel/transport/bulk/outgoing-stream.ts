import type { ErrorCode } from '#kernel/base/errors.ts'
import { assert, UnumError } from '#kernel/base/errors.ts'
import { bulkChunkOverheadBytes } from '../frame.ts'
import type { Link } from '../link.ts'
import { encodeFailure } from '../requests.ts'
import type { BulkWriter } from './bulk-types.ts'

interface Waiting {
  resolve(): void
  reject(error: UnumError): void
}

/**
 * One stream that this node sends.
 *
 * Invariants:
 * 1. Never more was sent, `bulkChunkOverheadBytes` for each piece included, than the receiver gave credit for.
 * 2. At most one `write` or `end` waits; it is settled once.
 * 3. After the outcome (`#outcome`) nothing is sent, and each later call fails with it.
 */
export class OutgoingStream implements BulkWriter {
  readonly id: number
  readonly channel: number
  readonly meta: Uint8Array
  readonly #chunkBytesMax: number
  readonly #finished: (stream: OutgoingStream) => void
  #link: Link | undefined
  #credit = 0
  #rest: Uint8Array | undefined
  #waiting: Waiting | undefined
  #isEnding = false
  #isEndSent = false
  #outcome: UnumError | 'done' | undefined
  /** Since when it waits for the other side; undefined while it does not. */
  #waitingSinceMs: number | undefined

  constructor(
    id: number,
    channel: number,
    meta: Uint8Array,
    chunkBytesMax: number,
    finished: (stream: OutgoingStream) => void,
  ) {
    this.id = id
    this.channel = channel
    this.meta = meta
    this.#chunkBytesMax = chunkBytesMax
    this.#finished = finished
  }

  get isOpened(): boolean {
    return this.#link !== undefined
  }

  /** The connection is there. */
  open(link: Link): void {
    this.#link = link
    link.send('bulkOpen', this.channel, (writer) => {
      writer.uint32(this.id)
      writer.raw(this.meta)
    })
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#wait(() => {
      this.#rest = bytes
      this.pump()
    })
  }

  end(): Promise<void> {
    return this.#wait(() => {
      this.#isEnding = true
      this.pump()
    })
  }

  abort(code: ErrorCode, message: string): void {
    if (this.#outcome) return
    if (this.#link?.isOpen) {
      this.#link.send('bulkAbort', 0, (writer) => {
        writer.uint32(this.id)
        encodeFailure(writer, code, message)
      })
    }
    this.fail(new UnumError(code, message))
  }

  #wait(start: () => void): Promise<void> {
    assert(!this.#waiting && !this.#isEnding, 'one write or end at a time, and nothing after the end')
    const outcome = this.#outcome
    if (outcome) return Promise.reject(outcome)
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#waitingSinceMs = undefined
      start()
    })
  }

  /** Sends what credit and connection allow. */
  pump(): void {
    const link = this.#link
    if (!link?.isOpen) return
    while (this.#rest) {
      if (this.#rest.length === 0) {
        this.#rest = undefined
        this.#settle()
        return
      }
      if (this.#credit <= bulkChunkOverheadBytes || link.isFull) return
      const count = Math.min(this.#rest.length, this.#credit - bulkChunkOverheadBytes, this.#chunkBytesMax)
      link.sendPayload('bulkChunk', this.id, count === this.#rest.length ? this.#rest : this.#rest.subarray(0, count))
      this.#credit -= count + bulkChunkOverheadBytes
      this.#rest = this.#rest.subarray(count)
    }
    if (this.#isEnding && !this.#isEndSent) {
      this.#isEndSent = true
      link.send('bulkEnd', 0, (writer) => writer.uint32(this.id))
    }
  }

  credited(bytes: number): void {
    this.#credit += bytes
    this.#waitingSinceMs = undefined
    this.pump()
  }

  /** The receiver has done with it what it wanted. Says so only after the end. */
  done(): void {
    if (this.#outcome) return
    if (!this.#isEndSent) {
      this.fail(new UnumError('UNAVAILABLE', 'The receiver finished before the end of the stream'))
      return
    }
    this.#outcome = 'done'
    this.#finished(this)
    this.#settle()
  }

  fail(error: UnumError): void {
    if (this.#outcome) return
    this.#outcome = error
    this.#rest = undefined
    this.#finished(this)
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.reject(error)
  }

  /** The connection is gone, or could not be had. */
  lost(why: string): void {
    const code = this.#isEndSent ? 'OUTCOME_UNKNOWN' : 'CONNECTION_FAILED'
    this.fail(new UnumError(code, `Bulk stream lost: ${why}`))
  }

  /** Gives up where the other side has let it wait for `stallMs`. */
  checkStall(nowMs: number, stallMs: number): void {
    if (!this.#waiting || this.#link?.isFull) return
    this.#waitingSinceMs ??= nowMs
    if (nowMs - this.#waitingSinceMs < stallMs) return
    this.abort('CONNECTION_FAILED', `Bulk stream stalled: the receiver took nothing for ${stallMs} ms`)
  }

  #settle(): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve()
  }
}
