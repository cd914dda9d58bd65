import { assert, UnumError } from '#kernel/base/errors.ts'
import { bulkChunkOverheadBytes } from '../frame.ts'
import type { Link } from '../link.ts'
import { encodeFailure } from '../requests.ts'
import type { NodeId } from '../transport-types.ts'
import type { BulkReader } from './bulk-types.ts'

interface Waiting {
  resolve(chunk: Uint8Array | undefined): void
  reject(error: UnumError): void
}

/**
 * One stream that this node receives.
 *
 * Invariants:
 * 1. What is received and not yet taken, plus credit that is out, is never more than the window.
 * 2. The sender hears exactly one last word of this side (`bulkDone` or `bulkAbort`), unless the connection goes or the
 *    sender's own abort came first.
 */
export class IncomingStream implements BulkReader {
  readonly from: NodeId
  readonly meta: Uint8Array
  readonly #id: number
  readonly #link: Link
  readonly #windowBytes: number
  readonly #finished: (id: number) => void
  #chunks: Uint8Array[] = []
  /** What the sender may still send. */
  #credit = 0
  /** Taken by the reader and not yet given back as credit. */
  #takenBytes = 0
  #isEnded = false
  #isReadToEnd = false
  #failure: UnumError | undefined
  #isFinished = false
  #waiting: Waiting | undefined
  #waitingSinceMs: number | undefined

  constructor(
    id: number,
    from: NodeId,
    meta: Uint8Array,
    link: Link,
    windowBytes: number,
    finished: (id: number) => void,
  ) {
    this.#id = id
    this.from = from
    this.meta = meta
    this.#link = link
    this.#windowBytes = windowBytes
    this.#finished = finished
    this.#grant(windowBytes)
  }

  read(): Promise<Uint8Array | undefined> {
    assert(!this.#waiting, 'one read at a time')
    if (this.#failure) return Promise.reject(this.#failure)
    const chunk = this.#chunks.shift()
    if (chunk) {
      this.#take(chunk)
      return Promise.resolve(chunk)
    }
    if (this.#isEnded) {
      this.#isReadToEnd = true
      return Promise.resolve(undefined)
    }
    this.#waitingSinceMs = undefined
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
    })
  }

  /** @throws UnumError `DATA_DAMAGED`: more than the credit, nothing at all, or after the end. */
  chunk(bytes: Uint8Array): void {
    const cost = bytes.length + bulkChunkOverheadBytes
    if (cost > this.#credit || this.#isEnded || bytes.length === 0) {
      throw new UnumError(
        'DATA_DAMAGED',
        `Bulk chunk of ${bytes.length} bytes: ${this.#credit} bytes of credit are left`,
      )
    }
    this.#credit -= cost
    const waiting = this.#waiting
    if (!waiting) {
      this.#chunks.push(bytes)
      return
    }
    this.#waiting = undefined
    this.#take(bytes)
    waiting.resolve(bytes)
  }

  ended(): void {
    this.#isEnded = true
    const waiting = this.#waiting
    if (!waiting) return
    this.#waiting = undefined
    this.#isReadToEnd = true
    waiting.resolve(undefined)
  }

  /** By the sender, or because the connection is gone. What is still queued is of no use any more. */
  fail(error: UnumError): void {
    if (this.#failure) return
    this.#failure = error
    this.#chunks = []
    this.#finish()
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.reject(error)
  }

  /** The handler has returned. */
  handled(): void {
    if (this.#isFinished) return
    if (!this.#isReadToEnd) {
      this.abort(new UnumError('UNAVAILABLE', 'The receiver did not read to the end of the stream'))
      return
    }
    this.#finish()
    if (this.#link.isOpen) this.#link.send('bulkDone', 0, (writer) => writer.uint32(this.#id))
  }

  /** This side gives up. */
  abort(error: UnumError): void {
    if (this.#isFinished) return
    if (this.#link.isOpen) {
      this.#link.send('bulkAbort', 0, (writer) => {
        writer.uint32(this.#id)
        encodeFailure(writer, error.code, error.message)
      })
    }
    this.fail(error)
  }

  checkStall(nowMs: number, stallMs: number): void {
    if (!this.#waiting) return
    this.#waitingSinceMs ??= nowMs
    if (nowMs - this.#waitingSinceMs < stallMs) return
    this.abort(new UnumError('CONNECTION_FAILED', `Bulk stream stalled: the sender sent nothing for ${stallMs} ms`))
  }

  #finish(): void {
    if (this.#isFinished) return
    this.#isFinished = true
    this.#finished(this.#id)
  }

  /** Gives credit back in steps of a quarter of the window: few frames, and never a pause while the reader keeps up. */
  #take(chunk: Uint8Array): void {
    this.#takenBytes += chunk.length + bulkChunkOverheadBytes
    if (this.#takenBytes < this.#windowBytes / 4) return
    const bytes = this.#takenBytes
    this.#takenBytes = 0
    this.#grant(bytes)
  }

  #grant(bytes: number): void {
    this.#credit += bytes
    if (!this.#link.isOpen) return
    this.#link.send('bulkCredit', 0, (writer) => {
      writer.uint32(this.#id)
      writer.uint32(bytes)
    })
  }
}
