import type { Arguments } from '#kernel/base/arguments.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { emptyBytes } from '#kernel/base/bytes.ts'
import type { Connection, ConnectionHandler } from '#kernel/base/host.ts'
import { highWaterBytes } from '#kernel/base/host.ts'
import type { FailureReason, Session } from '#kernel/handles/service.ts'
import type { ConnectionCommand } from '../command.ts'
import { CommandError, errors, wrongArity } from '../errors.ts'
import type { ProtocolVersion, ReplyTarget } from '../reply.ts'
import { error, simple } from '../reply.ts'
import type { Transaction } from '../transactions/transaction.ts'
import type { Watch } from '../transactions/watch.ts'
import type { TableRow } from './command-table.ts'
import { arityFits } from './command-table.ts'
import { failureReply } from './failures.ts'
import type { Pending } from './pending.ts'
import { ReplyOrder } from './reply-order.ts'
import { RequestParser } from './request-parser.ts'
import type { RedisServer } from './server.ts'
import { spreadOverShards } from './spread.ts'
import { unknownCommand, unknownSubcommand } from './unknown-command.ts'

/**
 * One client connection: reads requests, gives them to shards or answers them, and keeps replies in order.
 *
 * Invariants:
 * 1. Requests are given to the session in the order of the stream; replies leave in the same order (`ReplyOrder`).
 * 2. While `#reading` is false no request is looked at, and what arrives is kept. It is false while too much is outstanding or
 *    unsent, while a command waits that decides how to go on (`stall`), and once the connection is ending.
 * 3. What a client holds in memory stays below `clientMemoryBytesMax`, or the connection is closed.
 */
export class Client implements ConnectionHandler, ReplyTarget {
  readonly id: number
  readonly server: RedisServer
  readonly connection: Connection
  /** By the monotonic clock. */
  readonly connectedAtMs: number
  protocol: ProtocolVersion = 2
  /** Where the command that is handled now writes its reply. */
  reply: ByteWriter
  name = ''
  libraryName = ''
  libraryVersion = ''
  lastCommand = ''
  lastActiveAtMs: number
  /** Between MULTI and EXEC. */
  transaction: Transaction | undefined = undefined
  /** By key, one character per byte. */
  readonly watches = new Map<string, Watch>()

  readonly #session: Session
  readonly #parser: RequestParser
  readonly #order: ReplyOrder
  /** For the next request: most are answered at once and need none. */
  #spare: Pending | undefined
  #reading = true
  #running = false
  #stalls = 0
  /** No more requests are looked at; the connection ends when all replies are out. */
  #ending = false
  #inputEnded = false
  /** The connection is closed, or was told to close. */
  #closed = false
  #scheduled = false
  #replyMode: ReplyMode = 'on'
  /** The command at hand gets no reply. */
  #muted = false

  constructor(server: RedisServer, connection: Connection, id: number) {
    this.server = server
    this.connection = connection
    this.id = id
    this.connectedAtMs = this.lastActiveAtMs = server.context.clock.monotonicMs()
    this.reply = server.scratch
    this.#session = server.context.gateway.openSession()
    this.#parser = new RequestParser(server.requestLimits)
    this.#order = new ReplyOrder(server.buffers, connection)
  }

  // The connection's events

  data(chunk: Uint8Array): void {
    if (this.#ending || this.#closed) return
    this.lastActiveAtMs = this.server.context.clock.monotonicMs()
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
    this.transaction = undefined
    this.watches.clear()
    this.#session.close()
    this.server.forget(this)
  }

  /** Looks at what has arrived, as far as may be. */
  #run(): void {
    const parser = this.#parser
    this.#running = true
    try {
      while (this.#reading) {
        const found = parser.next()
        if (found === 'command') {
          this.#execute(parser.args)
        } else {
          if (found === 'error') this.#refuse(parser.problem)
          else if (this.#inputEnded) this.endAfterReplies()
          break
        }
      }
      parser.keepRest()
    } catch (thrown) {
      this.server.context.log.error({ peer: this.connection.peer, error: thrown }, 'Closed a client after a bug')
      this.connection.destroy()
    }
    this.#running = false
    this.#flush()
  }

  #refuse(problem: string): void {
    this.#answer(`ERR Protocol error: ${problem}`)
    this.endAfterReplies()
  }

  /** Sends what is ready, and sees to it that memory stays bounded. */
  #flush(): void {
    if (this.#closed) return
    const order = this.#order
    order.flush()
    if (order.lost || (this.#ending && order.isEmpty)) {
      this.endAfterReplies()
      this.#closed = true
      this.connection.end()
      return
    }
    const { limits, log } = this.server.context
    const heldBytes = this.connection.queuedBytes + order.outstandingBytes + this.#parser.heldBytes
    if (heldBytes > limits.clientMemoryBytesMax) {
      log.warn({ peer: this.connection.peer, heldBytes }, 'Closed a client that does not read its replies')
      this.connection.destroy()
      this.#reading = false
      return
    }
    if (!this.#reading && !this.#ending) this.connection.pause()
    else if (this.connection.queuedBytes > highWaterBytes) this.#stopReading()
  }

  #stopReading(): void {
    this.#reading = false
    this.connection.pause()
  }

  /** Goes on reading if what held it up is over. */
  #proceed(): void {
    if (this.#reading || this.#ending || this.#closed || !this.#mayRead()) return
    this.#reading = true
    this.#parser.feed(emptyBytes)
    this.#run()
    if (this.#reading && !this.#closed) this.connection.resume()
  }

  #mayRead(): boolean {
    const order = this.#order
    return (
      this.#stalls === 0 &&
      order.count <= outstandingMax / 2 &&
      order.outstandingBytes <= this.server.outstandingBytesMax / 2 &&
      this.connection.queuedBytes <= highWaterBytes
    )
  }

  /** At the end of a turn in which replies became known. */
  turnEnded(): void {
    this.#scheduled = false
    this.#flush()
    this.#proceed()
  }

  #schedule(): void {
    if (this.#running || this.#scheduled || this.#closed) return
    this.#scheduled = true
    this.server.schedule(this)
  }

  // Commands

  #execute(args: Arguments): void {
    const { server } = this
    server.commandCount++
    let row = server.table.find(args, 0)
    if (row === undefined) {
      this.#reject(unknownCommand(args))
      return
    }
    if (row.subcommands && args.count > 1) {
      const subcommand = row.subcommands.find(args, 1)
      if (!subcommand) {
        this.#reject(unknownSubcommand(row.command.name, args))
        return
      }
      row = subcommand
    }
    const { command } = row
    this.lastCommand = command.name
    if (!arityFits(command, args.count)) {
      this.#reject(wrongArity(command.name))
      return
    }
    if (this.#replyMode !== 'on') this.#runMuted(row, args)
    else this.#dispatch(row, args)
    const order = this.#order
    if (
      order.count >= outstandingMax ||
      order.outstandingBytes > server.outstandingBytesMax ||
      order.unsentBytes > highWaterBytes
    ) {
      order.flush()
      if (!this.#mayRead()) this.#reading = false
    }
  }

  #dispatch(row: TableRow, args: Arguments): void {
    const { command, shard } = row
    if (this.transaction && !(command.at === 'connection' && command.immediate)) this.#queue(row, args)
    else if (shard) this.#submit(shard, args)
    else this.#handle(command as ConnectionCommand, args)
  }

  #submit(shard: NonNullable<TableRow['shard']>, args: Arguments): void {
    const { server } = this
    const { command } = shard
    if (command.spread && server.shards().length > 1) {
      this.#open()
      spreadOverShards(this, shard, args)
      this.#close()
      return
    }
    const order = this.#order
    const request = server.route(command, args)
    request.evaluator = this.protocol === 2 ? shard.resp2 : shard.resp3
    const pending = (this.#spare ??= this.#takePending())
    if (order.isEmpty) {
      if (this.#session.submit(request, order.out(), pending)) return
    } else {
      const scratch = server.scratch
      scratch.clear()
      if (this.#session.submit(request, scratch, pending)) {
        this.#append(scratch.copy())
        return
      }
    }
    this.#spare = undefined
    this.#push(pending, args.count === 0 ? 0 : args.end(args.count - 1) - args.start(0))
  }

  #takePending(): Pending {
    const pending = this.server.buffers.takePending()
    pending.client = this
    return pending
  }

  #push(pending: Pending, size: number): void {
    pending.size = size
    pending.muted = this.#muted
    this.#order.push(pending)
    // It may have been told its outcome before it had its place.
    if (pending.bytes || pending.lost) this.settled(pending)
  }

  #append(bytes: Uint8Array): void {
    const pending = this.#takePending()
    pending.bytes = bytes
    pending.size = bytes.length
    pending.muted = this.#muted
    this.#order.push(pending)
  }

  /** Makes `reply` the place of the reply to the command at hand. */
  #open(): void {
    if (this.#order.isEmpty) {
      this.reply = this.#order.out()
    } else {
      this.reply = this.server.scratch
      this.reply.clear()
    }
  }

  #close(): void {
    const { reply } = this
    if (reply === this.server.scratch && reply.length > 0) this.#append(reply.copy())
  }

  #handle(command: ConnectionCommand, args: Arguments): void {
    this.#open()
    handleCommand(this, command, args)
    this.#close()
  }

  #answer(text: string): void {
    this.#open()
    error(this, text)
    this.#close()
  }

  /** Refuses a command before it runs: a transaction that it belongs to will not be executed. */
  #reject(text: string): void {
    if (this.transaction) this.transaction.failed = true
    this.#answer(text)
  }

  #queue(row: TableRow, args: Arguments): void {
    const transaction = this.transaction!
    if (row.command.flags.includes('no_multi')) {
      this.#reject(errors.notAllowedInMulti)
    } else if (!transaction.add(row, args, this.server.outstandingBytesMax)) {
      this.#reject(errors.tooLarge)
    } else {
      this.#open()
      simple(this, 'QUEUED')
      this.#close()
    }
  }

  #runMuted(row: TableRow, args: Arguments): void {
    if (this.#replyMode === 'skip') this.#replyMode = 'on'
    this.#muted = true
    const direct = this.#order.isEmpty ? this.#order.out() : undefined
    const from = direct?.length ?? 0
    this.#dispatch(row, args)
    if (this.#muted && direct && this.#order.isEmpty) direct.length = from
    this.#muted = false
  }

  // For commands

  /** Bytes of requests that were not looked at yet, or not complete. */
  get unreadBytes(): number {
    return this.#parser.heldBytes
  }

  /** Takes this command's place in the order of replies, to be told later. */
  reserve(): Pending {
    const pending = this.#takePending()
    this.#push(pending, 0)
    return pending
  }

  /**
   * Runs a command on the shard that holds `slot`, outside of the order of replies: `answered` is called once, now or later, not
   * after the connection is closed.
   */
  ask(
    evaluator: string,
    args: Arguments,
    slot: number | undefined,
    answered: Answered,
    slots?: readonly number[],
  ): void {
    const { scratchForAsking: scratch, request } = this.server
    scratch.clear()
    request.slot = slot
    request.slots = slots
    request.evaluator = evaluator
    request.args = args
    const told: Answered = (outcome) => {
      if (!this.#closed) answered(outcome)
    }
    const pending = {
      replied: (bytes: Uint8Array) => told({ bytes, failure: undefined }),
      failed: (failure: FailureReason) => told({ bytes: undefined, failure }),
    }
    if (this.#session.submit(request, scratch, pending)) pending.replied(scratch.copy())
  }

  /** Runs a queued connection command for its reply. */
  replyOf(command: ConnectionCommand, args: Arguments): Uint8Array {
    const before = this.reply
    this.reply = this.server.scratch
    this.reply.clear()
    handleCommand(this, command, args)
    const bytes = this.reply.copy()
    this.reply.clear()
    this.reply = before
    return bytes
  }

  /** No request is looked at until as many `unstall`s. */
  stall(): void {
    this.#stalls++
    this.#reading = false
  }

  unstall(): void {
    this.#stalls--
    this.#schedule()
    // Where the answer came at once, nothing was held up.
    if (this.#running && this.#mayRead()) this.#reading = true
  }

  /** Answers what was asked so far, then closes. */
  endAfterReplies(): void {
    this.#ending = true
    this.#reading = false
  }

  /** Forgets everything that the client has set: RESET. */
  reset(): void {
    this.transaction = undefined
    this.watches.clear()
    this.protocol = 2
    this.name = ''
    this.setReplyMode('on')
  }

  /** From the next command on; back to `on` also for the one at hand. */
  setReplyMode(mode: ReplyMode): void {
    if (mode === 'on') this.#muted = false
    if (mode !== 'skip' || this.#replyMode === 'on') this.#replyMode = mode
  }

  // From Pending

  settled(pending: Pending): void {
    if (this.#order.settle(pending)) this.#schedule()
  }

  failed(pending: Pending, reason: FailureReason): void {
    pending.bytes = failureReply(reason)
    pending.lost = pending.bytes === undefined
    this.settled(pending)
  }
}

export type Answered = (
  outcome:
    | { readonly bytes: Uint8Array; readonly failure: undefined }
    | { readonly bytes: undefined; readonly failure: FailureReason },
) => void

/** CLIENT REPLY; `skip` is about the next command only. */
export type ReplyMode = 'on' | 'off' | 'skip'

/** Requests of one client that are under way at once; more wait unread. */
const outstandingMax = 8192

function handleCommand(client: Client, command: ConnectionCommand, args: Arguments): void {
  const { length } = client.reply
  try {
    command.handle(client, args)
  } catch (thrown) {
    if (!(thrown instanceof CommandError)) throw thrown
    client.reply.length = length
    error(client, thrown.text)
  }
}
