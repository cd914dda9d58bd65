import type { Arguments } from '#kernel/base/arguments.ts'
import { emptyBytes } from '#kernel/base/bytes.ts'
import type { Connection, ConnectionHandler } from '#kernel/base/host.ts'
import { highWaterBytes } from '#kernel/base/host.ts'
import type { ReplyOrder } from './reply-order.ts'
import { RequestParser } from './request-parser.ts'
import type { RedisServer } from './server.ts'

/** Who executes what an intake reads. */
export interface IntakeOwner {
  execute(args: Arguments): void
  /** The stream is no protocol: answer `text`. Nothing follows. */
  refuse(text: string): void
  closed(): void
}

/**
 * The input of one client: reads requests as fast as their replies are taken, and closes.
 *
 * Invariants:
 * 1. Requests are executed in the order of the stream.
 * 2. While `#reading` is false no request is looked at, and what arrives is kept. It is false while too much is outstanding or
 *    unsent, while a command waits that decides how to go on (`stall`), and once the connection is ending.
 * 3. What a client holds in memory stays below `clientMemoryBytesMax`, or the connection is closed.
 */
export class Intake implements ConnectionHandler {
  /** By the monotonic clock. */
  lastActiveAtMs: number
  readonly #server: RedisServer
  readonly #connection: Connection
  readonly #owner: IntakeOwner
  readonly #order: ReplyOrder
  readonly #parser: RequestParser
  #reading = true
  #running = false
  #stalls = 0
  /** No more requests are looked at; the connection ends when all replies are out. */
  #ending = false
  #inputEnded = false
  /** The connection is closed, or was told to close. */
  #closed = false
  #scheduled = false

  constructor(server: RedisServer, connection: Connection, order: ReplyOrder, owner: IntakeOwner) {
    this.#server = server
    this.#connection = connection
    this.#order = order
    this.#owner = owner
    this.#parser = new RequestParser(server.requestLimits)
    this.lastActiveAtMs = server.context.clock.monotonicMs()
  }

  get isClosed(): boolean {
    return this.#closed
  }

  /** Bytes of requests that were not looked at yet, or are not complete. */
  get unreadBytes(): number {
    return this.#parser.heldBytes
  }

  /** All that is held for the client: requests, replies that wait for others, and what the connection has not sent. */
  get heldBytes(): number {
    return this.#connection.queuedBytes + this.#order.outstandingBytes + this.#parser.heldBytes
  }

  data(chunk: Uint8Array): void {
    // It has been told to end and still sends: nobody listens, and only a reset tells it so.
    if (this.#closed && this.#connection.queuedBytes === 0) this.#connection.destroy()
    if (this.#ending || this.#closed) return
    this.lastActiveAtMs = this.#server.context.clock.monotonicMs()
    this.#parser.feed(chunk)
    this.#run()
  }

  drained(): void {
    this.#proceed()
  }

  ended(): void {
    this.#inputEnded = true
    if (!this.#reading) return
    this.#parser.feed(emptyBytes)
    this.#run()
  }

  closed(): void {
    this.#closed = true
    this.#reading = false
    this.#owner.closed()
  }

  /** Looks at what has arrived, as far as may be. */
  #run(): void {
    const parser = this.#parser
    const owner = this.#owner
    this.#running = true
    try {
      while (this.#reading) {
        const found = parser.next()
        if (found === 'command') {
          owner.execute(parser.args)
          this.#limit()
          continue
        }
        if (found === 'error') {
          owner.refuse(`ERR Protocol error: ${parser.problem}`)
          this.endAfterReplies()
        } else if (this.#inputEnded) {
          this.endAfterReplies()
        }
        break
      }
      parser.keepRest()
    } catch (thrown) {
      this.#server.context.log.error({ peer: this.#connection.peer, error: thrown }, 'Closed a client after a bug')
      this.#destroy()
    }
    this.#running = false
    this.#flush()
  }

  /** After each command: stops reading where too much is outstanding or unsent. */
  #limit(): void {
    const order = this.#order
    const outstanding = order.count >= outstandingMax || order.outstandingBytes > this.#server.outstandingBytesMax
    if (!outstanding && order.outBytes <= outBytesMax) return
    order.flush()
    if (!this.#mayRead()) this.#reading = false
  }

  #mayRead(): boolean {
    const order = this.#order
    return (
      !this.#ending &&
      this.#stalls === 0 &&
      order.count <= outstandingMax / 2 &&
      order.outstandingBytes <= this.#server.outstandingBytesMax / 2 &&
      this.#connection.queuedBytes <= highWaterBytes
    )
  }

  /** Sends what is ready, and sees to it that memory stays bounded. */
  #flush(): void {
    if (this.#closed) return
    const order = this.#order
    order.flush()
    if (order.lost || (this.#ending && order.isEmpty)) {
      this.endAfterReplies()
      this.#closed = true
      this.#connection.end()
      return
    }
    const { queuedBytes } = this.#connection
    if (this.heldBytes > this.#server.context.limits.clientMemoryBytesMax) {
      this.drop('Closed a client that does not read its replies')
      return
    }
    if (queuedBytes > highWaterBytes) this.#reading = false
    if (!this.#reading && !this.#ending) this.#connection.pause()
  }

  /** Goes on reading if what held it up is over. */
  #proceed(): void {
    if (this.#reading || this.#closed || !this.#mayRead()) return
    this.#reading = true
    this.#parser.feed(emptyBytes)
    this.#run()
    if (this.#reading && !this.#closed) this.#connection.resume()
  }

  /** Replies have become known: they leave at the end of the turn, if not sooner. */
  schedule(): void {
    if (this.#running || this.#scheduled || this.#closed) return
    this.#scheduled = true
    this.#server.schedule(this)
  }

  turnEnded(): void {
    this.#scheduled = false
    this.#flush()
    this.#proceed()
  }

  /** No request is looked at until as many `unstall`s. */
  stall(): void {
    this.#stalls++
    this.#reading = false
  }

  unstall(): void {
    this.#stalls--
    // Where the answer came at once, nothing was held up.
    if (this.#running) this.#reading = this.#mayRead()
    else this.schedule()
  }

  /** Answers what was asked so far, then closes. */
  endAfterReplies(): void {
    this.#ending = true
    this.#reading = false
  }

  /** Closes without a word. */
  drop(message: string): void {
    this.#server.context.log.warn({ peer: this.#connection.peer }, message)
    this.#destroy()
  }

  #destroy(): void {
    this.endAfterReplies()
    this.#closed = true
    this.#connection.destroy()
  }
}

/** Requests of one client that are under way at once; more wait unread. */
const outstandingMax = 8192

/** Of replies that are ready: more are given to the connection before the next request, to see what it still holds. */
const outBytesMax = 131_072
