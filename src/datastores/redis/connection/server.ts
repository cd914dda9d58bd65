import { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { emptyBytes, latin1Bytes } from '#kernel/base/bytes.ts'
import type { Connection } from '#kernel/base/host.ts'
import type { ServiceContext, Submission } from '#kernel/handles/service.ts'
import type { ShardCommand } from '../command.ts'
import { parseInt64 } from '../numbers.ts'
import { keySlot, slotCount } from '../slots.ts'
import { Client } from './client.ts'
import type { CommandTable } from './command-table.ts'
import { visitKeyPositions } from './command-table.ts'
import type { Intake } from './intake.ts'
import { ReplyBuffers } from './reply-order.ts'
import type { RequestLimits } from './request-parser.ts'

/** The key space that holds all of Redis. */
export const spaceName = 'redis'

/** Reused for every request: the session copies what it keeps. */
class Request implements Submission {
  readonly space = spaceName
  slot: number | undefined = undefined
  slots: readonly number[] | undefined = undefined
  evaluator = ''
  args: Arguments = new Arguments(emptyBytes)
}

/** What the connections of one node share. */
export class RedisServer {
  readonly context: ServiceContext
  readonly table: CommandTable
  /** By the monotonic clock. */
  readonly startedAtMs: number
  readonly requestLimits: RequestLimits
  /** Of one client's requests under way. */
  readonly outstandingBytesMax: number
  readonly buffers = new ReplyBuffers()
  readonly request = new Request()
  /** For replies out of turn; in use only within one call. */
  readonly scratch = new ByteWriter()
  readonly scratchForAsking = new ByteWriter()
  readonly clients = new Map<number, Client>()
  connectionsSinceReset = 0
  rejectedCount = 0
  commandCount = 0
  #lastId = 0
  /** Of clients with replies that became known in this turn. */
  #scheduled: Intake[] = []

  constructor(context: ServiceContext, table: CommandTable) {
    this.context = context
    this.table = table
    this.startedAtMs = context.clock.monotonicMs()
    const { clientMemoryBytesMax, valueBytesMax } = context.limits
    this.outstandingBytesMax = Math.floor(clientMemoryBytesMax / 4)
    this.requestLimits = {
      bulkBytesMax: valueBytesMax,
      requestBytesMax: Math.floor(clientMemoryBytesMax / 4),
      argumentsMax: 1_048_576,
    }
  }

  /** Takes over a connection that was accepted. */
  open(connection: Connection): void {
    if (this.clients.size >= this.context.limits.clientsMax) {
      this.rejectedCount++
      connection.handler = { data: () => {}, closed: () => {} }
      connection.write(latin1Bytes('-ERR max number of clients reached\r\n'))
      connection.end()
      return
    }
    this.connectionsSinceReset++
    const client = new Client(this, connection, ++this.#lastId)
    this.clients.set(client.id, client)
    connection.handler = client.intake
  }

  forget(client: Client): void {
    this.clients.delete(client.id)
  }

  /** Has `turnEnded` called at the end of this turn. */
  schedule(intake: Intake): void {
    if (this.#scheduled.length === 0) this.context.clock.defer(this.#endTurn)
    this.#scheduled.push(intake)
  }

  readonly #endTurn = (): void => {
    const intakes = this.#scheduled
    this.#scheduled = []
    for (const intake of intakes) intake.turnEnded()
  }

  shards(): ReturnType<ServiceContext['cluster']['shards']> {
    return this.context.cluster.shards(spaceName)
  }

  /** The request with where the command's keys are; its evaluator is the caller's. */
  route(command: ShardCommand, args: Arguments): Request {
    const { request } = this
    request.args = args
    request.slots = undefined
    const { first, last, also, whole } = command.keys
    if (first > 0 && first === last && !also && !whole) {
      request.slot = keySlot(args.bytes, args.start(first), args.end(first))
    } else if (command.spread) {
      request.slot = undefined
    } else {
      const slots = keySlots(command, args)
      // A command that names no key, as it may by mistake, is answered by any shard.
      request.slot = slots[0] ?? 0
      if (slots.length > 1) request.slots = slots
    }
    return request
  }
}

/** The slots that a command is about, each once, that of the first key first. */
export function keySlots(command: ShardCommand, args: Arguments): number[] {
  const slots: number[] = []
  const { slot: slotArgument, whole } = command.keys
  if (slotArgument !== undefined) {
    const slot = parseInt64(args.bytes, args.start(slotArgument), args.end(slotArgument))
    if (typeof slot === 'number' && slot >= 0 && slot < slotCount) slots.push(slot)
  }
  visitKeyPositions(command, args, (i) => {
    const slot = keySlot(args.bytes, args.start(i), args.end(i))
    if (!slots.includes(slot)) slots.push(slot)
  })
  // The first and the last slot are in one shard only where all are.
  if (whole?.(args)) slots.push(0, slotCount - 1)
  return slots
}
