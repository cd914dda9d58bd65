import type { Service, ServiceContext } from '#kernel/handles/service.ts'
import { defineService } from '#kernel/handles/service.ts'
import type { ShardCommand } from './command.ts'
import { commands, internalCommands, shardCommands } from './commands.ts'
import { CommandTable } from './connection/command-table.ts'
import { RedisServer, spaceName } from './connection/server.ts'
import { sweepSpec } from './keys/sweep.ts'
import { evaluatorSpecs } from './run-command.ts'
import { slotCount } from './slots.ts'
import { transactionSpecs } from './transactions/evaluate.ts'

const table = new CommandTable(commands)
/** One per node: a process can hold several. */
const servers = new WeakMap<ServiceContext, RedisServer>()

/** All that nodes of this version run at shards. */
export const runnable: readonly ShardCommand[] = [...shardCommands, ...internalCommands]

/** The Redis protocol (RESP2 and RESP3) over one key space: any node serves any key, linearizably. */
export const redis = redisThatRuns(runnable)

/** @param runnable at shards: of a command whose meaning has changed all versions that other nodes may still call. */
export function redisThatRuns(runnable: readonly ShardCommand[]): Service {
  return defineService({
    name: 'redis',
    listeners: [
      {
        protocol: 'redis',
        defaultPort: 6379,
        open(connection, context) {
          let server = servers.get(context)
          if (!server) servers.set(context, (server = new RedisServer(context, table)))
          server.open(connection)
        },
      },
    ],
    spaces: [{ name: spaceName, slotCount }],
    evaluators: [...evaluatorSpecs(runnable), ...transactionSpecs(runnable)],
    background: [sweepSpec(spaceName, 'sweep.resp2@1')],
  })
}
