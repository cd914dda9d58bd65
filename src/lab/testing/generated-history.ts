import type { Random } from '#kernel/base/host.ts'
import { History } from '../history.ts'
import type { Drawn, KindName } from '../workload/kinds/index.ts'
import { objectKinds } from '../workload/kinds/index.ts'
import type { Flaw } from './reference-server.ts'
import { ReferenceServer } from './reference-server.ts'

interface Running {
  readonly index: number
  readonly operation: Drawn
  reply: string | undefined
}

/** Milliseconds between two things that happen: some keys end between two operations, others not. */
const turnMs = 0.25

/**
 * What connections of one correct server might have recorded of one object of a kind: each operation takes effect at a drawn moment
 * between its call and its return, or, with probability `lossRate`, gets no reply and takes effect at some later moment, or never.
 * @param options.flaw what the server suffers once, in the middle.
 */
export function generatedHistory(
  kind: KindName,
  random: Random,
  options: {
    readonly operations: number
    readonly connections: number
    readonly lossRate: number
    readonly readShare?: number
    readonly flaw?: Flaw
  },
): History {
  const history = new History()
  const server = new ReferenceServer()
  const object = objectKinds[kind].isGroup ? '{g0}' : 'k0'
  let names = options.connections
  const connections = Array.from({ length: options.connections }, (_, name) => ({
    name,
    due: [] as Drawn[],
    next: undefined as ((reply: string | undefined) => readonly Drawn[]) | undefined,
    running: undefined as Running | undefined,
  }))
  const late: { readonly connection: number; readonly operation: Drawn }[] = []
  for (let turn = 0; history.count < options.operations; turn++) {
    const nowMs = turn * turnMs
    if (options.flaw !== undefined && turn === options.operations) server.suffer(options.flaw)
    if (late.length > 0 && random.below(20) === 0) {
      const { connection, operation } = late.splice(random.below(late.length), 1)[0]!
      server.take(connection, operation.command, operation.argument, nowMs)
    }
    const connection = connections[random.below(connections.length)]!
    const { running } = connection
    if (running === undefined) {
      if (connection.due.length === 0) {
        const draw = { mayWrite: true, readShare: options.readShare ?? 0.4, valueBytesMax: 0, unique: `u${turn}` }
        const { operations, next } = objectKinds[kind].draw(random, draw)
        connection.due = [...operations]
        connection.next = next
      }
      const operation = connection.due.shift()!
      const index = history.called(connection.name, operation.command, object, operation.argument, nowMs)
      connection.running = { index, operation, reply: undefined }
    } else if (running.reply === undefined && random.float() < options.lossRate) {
      if (random.below(2) === 0) late.push({ connection: connection.name, operation: running.operation })
      Object.assign(connection, { name: names++, due: [], next: undefined, running: undefined })
    } else if (running.reply === undefined) {
      running.reply = server.take(connection.name, running.operation.command, running.operation.argument, nowMs)
    } else {
      history.returned(running.index, running.reply, nowMs)
      connection.running = undefined
      if (connection.due.length === 0 && connection.next !== undefined) {
        connection.due = [...connection.next(running.reply)]
        connection.next = undefined
      }
    }
  }
  return history
}
