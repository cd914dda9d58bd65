import type { ConnectionCommand } from '../command.ts'
import { noKeys, onConnection } from '../command.ts'
import { fail } from '../errors.ts'
import { array, bulkText, integer } from '../reply.ts'
import { clientCommand } from './client-command.ts'
import { clusterCommand } from './cluster.ts'
import { commandCommand } from './command-command.ts'
import { configCommand } from './config.ts'
import { infoCommand } from './info.ts'
import { memoryCommand, objectCommand } from './object.ts'

/** Commands about the node and the cluster. */
export const adminCommands: readonly ConnectionCommand[] = [
  clientCommand,
  clusterCommand,
  commandCommand,
  configCommand,
  infoCommand,
  memoryCommand,
  objectCommand,
  onConnection({
    name: 'debug',
    arity: -2,
    flags: ['admin', 'noscript', 'loading', 'stale'],
    keys: noKeys,
    group: 'server',
    since: '1.0.0',
    summary: 'Refused',
    handle: () => {
      throw fail('ERR DEBUG command not allowed.')
    },
  }),
  onConnection({
    name: 'role',
    arity: 1,
    flags: ['noscript', 'loading', 'stale', 'fast'],
    keys: noKeys,
    group: 'server',
    since: '2.8.12',
    summary: 'What this node is to clients: a master',
    handle: (client) => {
      array(client, 3)
      bulkText(client, 'master')
      integer(client, 0)
      array(client, 0)
    },
  }),
]
