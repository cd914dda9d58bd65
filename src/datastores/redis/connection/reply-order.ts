import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { allocate } from '#kernel/base/bytes.ts'
import type { Connection } from '#kernel/base/host.ts'
import { Pending } from './pending.ts'

/**
 * The replies of one connection, in the order of its requests.
 *
 * Invariants:
 * 1. `out` holds replies whose turn has come and nothing else; the queue holds those before which another is not known yet.
 * 2. The first in the queue is not known yet: what is known moves on at once.
 * 3. `outstandingBytes` is the sum of `size` over the queue.
 */
export class ReplyOrder {
  /** Replies that are waited for, or that wait for those. */
  count = 0
  outstandingBytes = 0
  /** A request was lost: no reply may follow those that are in `out`. */
  lost = false
  #first: Pending | undefined
  #last: Pending | undefined
  #out: ByteWriter | undefined
  readonly #buffers: ReplyBuffers
  readonly #connection: Connection

  constructor(buffers: ReplyBuffers, connection: Connection) {
    this.#buffers = buffers
    this.#connection = connection
  }

  /** Nothing is waited for: replies go straight to `out`. */
  get isEmpty(): boolean {
    return this.#first === undefined
  }

  get outBytes(): number {
    return this.#out === undefined ? 0 : this.#out.length
  }

  out(): ByteWriter {
    return (this.#out ??= this.#buffers.takeWriter())
  }

  /** Takes the next place. `pending.size` is what its request holds. */
  push(pending: Pending): void {
    this.count++
    this.outstandingBytes += pending.size
    if (this.#last) this.#last.next = pending
    else this.#first = pending
    this.#last = pending
  }

  /** `pending` is known now. @returns whether something moved to `out` */
  settle(pending: Pending): boolean {
    if (pending !== this.#first) {
      const size = pending.bytes?.length ?? 0
      this.outstandingBytes += size - pending.size
      pending.size = size
      return false
    }
    let known: Pending | undefined = pending
    while (known && (known.bytes || known.lost)) {
      if (known.lost) this.lost = true
      else if (!this.lost && !known.muted) this.#move(known.bytes!)
      this.count--
      this.outstandingBytes -= known.size
      const next: Pending | undefined = known.next
      this.#buffers.returnPending(known)
      known = next
    }
    this.#first = known
    if (!known) this.#last = undefined
    return true
  }

  #move(bytes: Uint8Array): void {
    if (bytes.length < wholeBytesMin) {
      this.out().raw(bytes)
      return
    }
    this.flush()
    this.#connection.write(bytes)
  }

  /** Gives `out` to the connection. */
  flush(): void {
    const out = this.#out
    if (!out) return
    this.#out = undefined
    const { length } = out
    if (length > 0) {
      if (length < wholeBytesMin) {
        const bytes = allocate(length)
        bytes.set(out.view())
        this.#connection.write(bytes)
        out.clear()
      } else {
        this.#connection.write(out.take())
      }
    }
    this.#buffers.returnWriter(out)
  }
}

/** From here on bytes are given to the connection as they are: a copy costs more than a buffer. */
const wholeBytesMin = 16_384

/** What the replies of a node's connections are made of, used again: idle connections hold none of it. */
export class ReplyBuffers {
  readonly #writers: ByteWriter[] = []
  #pending: Pending | undefined
  #pendingFree = 0

  takeWriter(): ByteWriter {
    return this.#writers.pop() ?? new ByteWriter(writerBytes)
  }

  returnWriter(writer: ByteWriter): void {
    if (this.#writers.length < writersMax && writer.bytes.length <= writerBytesMax) this.#writers.push(writer)
  }

  takePending(): Pending {
    const pending = this.#pending
    if (!pending) return new Pending()
    this.#pending = pending.next
    this.#pendingFree--
    pending.next = undefined
    return pending
  }

  returnPending(pending: Pending): void {
    pending.client = undefined
    pending.bytes = undefined
    pending.size = 0
    pending.muted = false
    pending.lost = false
    if (this.#pendingFree === pendingMax) {
      pending.next = undefined
      return
    }
    pending.next = this.#pending
    this.#pending = pending
    this.#pendingFree++
  }
}

const writerBytes = 4096
const writerBytesMax = 65_536
const writersMax = 64
const pendingMax = 16_384
