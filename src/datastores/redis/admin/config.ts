import type { Arguments } from '#kernel/base/arguments.ts'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import type { CommandFlag, ConnectionCommand } from '../command.ts'
import type { Client } from '../connection/client.ts'
import { inlineBytesMax } from '../connection/request-parser.ts'
import type { RedisServer } from '../connection/server.ts'
import { fail } from '../errors.ts'
import { globMatches } from '../glob.ts'
import { bulkText, map, ok } from '../reply.ts'
import { family, familyRows } from './family.ts'
import { memoryLimit } from './resources.ts'

/**
 * CONFIG GET: the parameters that clients and tools ask for, with what is true here. Persistence is always on and synced on a
 * majority, which in Redis's words is an append-only file with `appendfsync always`.
 */
function parameters(server: RedisServer): Readonly<Record<string, string | number>> {
  const { clientMemoryBytesMax, clientsMax, valueBytesMax } = server.context.limits
  return {
    appendfsync: 'always',
    appendonly: 'yes',
    'client-query-buffer-limit': server.requestLimits.requestBytesMax,
    'cluster-enabled': 'no',
    databases: 1,
    'lua-time-limit': 0,
    maxclients: clientsMax,
    maxmemory: memoryLimit.bytes,
    'maxmemory-clients': clientMemoryBytesMax,
    'maxmemory-policy': memoryLimit.policy,
    'notify-keyspace-events': '',
    'proto-inline-max-len': inlineBytesMax,
    'proto-max-bulk-len': valueBytesMax,
    'replica-read-only': 'no',
    save: '',
    'slave-read-only': 'no',
    timeout: 0,
  }
}

function get(client: Client, args: Arguments): void {
  const all = parameters(client.server)
  const found = new Map<string, string | number>()
  for (let i = 2; i < args.count; i++) {
    const pattern = latin1Bytes(args.latin1(i).toLowerCase())
    for (const [name, value] of Object.entries(all)) {
      if (globMatches(pattern, latin1Bytes(name), 0, name.length)) found.set(name, value)
    }
  }
  map(client, found.size)
  for (const [name, value] of found) {
    bulkText(client, name)
    bulkText(client, String(value))
  }
}

function set(client: Client, args: Arguments): void {
  const name = args.latin1(2).toLowerCase()
  if (!(name in parameters(client.server))) {
    throw fail(`ERR Unknown option or number of arguments for CONFIG SET - '${args.latin1(2)}'`)
  }
  throw fail(`ERR CONFIG SET failed (possibly related to argument '${args.latin1(2)}') - can't set immutable config`)
}

function resetStatistics(client: Client): void {
  const { server } = client
  server.commandCount = 0
  server.rejectedCount = 0
  server.connectionsSinceReset = 0
  ok(client)
}

const flags: readonly CommandFlag[] = ['admin', 'noscript', 'loading', 'stale']
const row = familyRows('config', 'server', flags)

export const configCommand: ConnectionCommand = family({
  name: 'config',
  arity: -2,
  flags: [],
  group: 'server',
  since: '2.0.0',
  summary: 'Parameters of this node',
  subcommands: [
    row('get', -3, '2.0.0', 'Parameters that match patterns', get),
    row('set', -4, '2.0.0', 'Refused: the parameters belong to the cluster and the node', set),
    row('resetstat', 2, '2.0.0', 'Begins the counts of INFO anew', resetStatistics),
    row('rewrite', 2, '2.8.0', 'Refused: there is no configuration file', () => {
      throw fail('ERR The server is running without a config file')
    }),
  ],
})
