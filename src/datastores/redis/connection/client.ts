import type { Arguments } from '#kernel/base/arguments.ts'
import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import type { Connection } from '#kernel/base/host.ts'
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
import type { IntakeOwner } from './intake.ts'
import { Intake } from './intake.ts'
import type { Pending } from './pending.ts'
import { ReplyOrder } from './reply-order.ts'
import type { RedisServer } from './server.ts'
import { spreadOverShards } from './spread.ts'
import { isWebRequest, unknownCommand, unknownSubcommand } from './unknown-command.ts'

/**
 * One client: what it has set, and the execution of its commands: by shards, by the connection itself, or queued in a
 * transaction. What arrives when is the `Intake`'s business, which reply leaves when is the `ReplyOrder`'s.
 */
export class Client implements IntakeOwner, ReplyTarget {
  readonly id: number
  readonly server: RedisServer
  readonly connection: Connection
  readonly intake: Intake
  /** By the monotonic clock. */
  readonly connectedAtMs: number
  protocol: ProtocolVersion = 2
  /** Where the command at hand writes its reply. */
  reply: ByteWriter
  name = ''
  libraryName = ''
  libraryVersion = ''
  lastCommand = ''
  /** Between MULTI and EXEC. */
  transaction: Transaction | undefined = undefined
  /** By key, one character per byte. */
  readonly watches = new Map<string, Watch>()

  readonly #session: Session
  readonly #order: ReplyOrder
  /** For the next request: most are answered at once and need none. */
  #spare: Pending | undefined
  #replyMode: ReplyMode = 'on'
  /** The command at hand gets no reply. */
  #muted = false

  constructor(server: RedisServer, connection: Connection, id: number) {
    this.server = server
    this.connection = connection
    this.id = id
    this.connectedAtMs = server.context.clock.monotonicMs()
    this.reply = server.scratch
    this.#session = server.context.gateway.openSession()
    this.#order = new ReplyOrder(server.buffers, connection)
    this.intake = new Intake(server, connection, this.#order, this)
  }

  // From the intake

  execute(args: Arguments): void {
    if (this.#replyMode === 'on') this.#execute(args)
    else this.#executeMuted(args)
  }

  refuse(text: string): void {
    this.#open()
    error(this, text)
    this.#close()
  }

  closed(): void {
    this.transaction = undefined
    this.watches.clear()
    this.#session.close()
    this.server.forget(this)
  }

  #execute(args: Arguments): void {
    const { server } = this
    server.commandCount++
    let row = server.table.find(args, 0)
    if (row === undefined) {
      if (isWebRequest(args)) this.intake.drop('Closed a connection that speaks HTTP: a web page may be attacking')
      else this.#reject(unknownCommand(args))
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
    const { command, shard } = row
    this.lastCommand = command.name
    if (!arityFits(command, args.count)) this.#reject(wrongArity(command.name))
    else if (this.transaction && !(command.at === 'connection' && command.immediate)) this.#queue(row, args)
    else if (shard) this.#submit(shard, args)
    else this.#handle(command as ConnectionCommand, args)
  }

  #executeMuted(args: Arguments): void {
    if (this.#replyMode === 'skip') this.#replyMode = 'on'
    this.#muted = true
    const direct = this.#order.isEmpty ? this.#order.out() : undefined
    const from = direct?.length ?? 0
    this.#execute(args)
    if (this.#muted && direct && this.#order.isEmpty) direct.length = from
    this.#muted = false
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
      const { scratch } = server
      scratch.clear()
      if (this.#session.submit(request, scratch, pending)) {
        this.#append(scratch.copy())
        return
      }
    }
    this.#spare = undefined
    this.#push(pending, args.end(args.count - 1) - args.start(0))
  }

  #handle(command: ConnectionCommand, args: Arguments): void {
    this.#open()
    runHandler(this, command, args)
    this.#close()
  }

  /** Refuses a command before it runs: a transaction that it belongs to will not be executed. */
  #reject(text: string): void {
    if (this.transaction) this.transaction.failed = true
    this.refuse(text)
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

  // Places in the order of replies

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

  /** A reply that is known, behind others that are not. */
  #append(bytes: Uint8Array): void {
    const pending = this.#takePending()
    pending.bytes = bytes
    pending.size = bytes.length
    pending.muted = this.#muted
    this.#order.push(pending)
  }

  settled(pending: Pending): void {
    if (this.#order.settle(pending)) this.intake.schedule()
  }

  failed(pending: Pending, reason: FailureReason): void {
    pending.bytes = failureReply(reason)
    pending.lost = pending.bytes === undefined
    this.settled(pending)
  }

  // For commands

  /** Takes this command's place in the order of replies, to be told later. */
  reserve(): Pending {
    const pending = this.#takePending()
    this.#push(pending, 0)
    return pending
  }

  /**
   * Runs a command on the shard that holds `slot`, outside of the order of replies: `answered` is called once, now or later,
   * but not after the connection is closed.
   */
  ask(evaluator: string, args: Arguments, slots: AskedSlots, answered: Answered): void {
    const { scratchForAsking: scratch, request } = this.server
    scratch.clear()
    request.slot = slots?.[0]
    request.slots = slots && slots.length > 1 ? slots : undefined
    request.evaluator = evaluator
    request.args = args
    const told: Answered = (outcome) => {
      if (!this.intake.isClosed) answered(outcome)
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
    runHandler(this, command, args)
    const bytes = this.reply.copy()
    this.reply.clear()
    this.reply = before
    return bytes
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
}

/** The slots of what is asked, that of the first key first; undefined: the whole space. */
export type AskedSlots = readonly [number, ...number[]] | undefined

export type Answered = (
  outcome:
    | { readonly bytes: Uint8Array; readonly failure: undefined }
    | { readonly bytes: undefined; readonly failure: FailureReason },
) => void

/** CLIENT REPLY; `skip` is about the next command only. */
export type ReplyMode = 'on' | 'off' | 'skip'

function runHandler(client: Client, command: ConnectionCommand, args: Arguments): void {
  const { length } = client.reply
  try {
    command.handle(client, args)
  } catch (thrown) {
    if (!(thrown instanceof CommandError)) throw thrown
    client.reply.length = length
    error(client, thrown.text)
  }
}
