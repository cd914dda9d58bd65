import { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { FailureReason } from '#kernel/handles/service.ts'
import type { ConnectionCommand } from '../command.ts'
import { noKeys, onConnection } from '../command.ts'
import type { Client } from '../connection/client.ts'
import type { RedisServer } from '../connection/server.ts'
import { verbatim } from '../reply.ts'
import { redisVersion } from '../version.ts'
import { nodeId } from './cluster.ts'
import { ownEndpoint } from './own-endpoint.ts'
import { cpuFields, memoryFields } from './resources.ts'

/**
 * INFO: Redis's sections as far as they mean something here, and `unum` with the node's own facts. Everything but `keyspace` is of
 * the node that is asked.
 */

type Fields = Readonly<Record<string, string | number>>
interface KeyCounts {
  readonly keys: number
  readonly expires: number
}

const sections: Readonly<Record<string, (server: RedisServer, counts: KeyCounts) => Fields>> = {
  server: (server) => {
    const { clock, cluster } = server.context
    const uptimeS = Math.floor((clock.monotonicMs() - server.startedAtMs) / 1000)
    return {
      redis_version: redisVersion,
      redis_mode: 'standalone',
      arch_bits: 64,
      multiplexing_api: 'unum',
      run_id: nodeId(cluster, cluster.nodeName),
      tcp_port: portOf(server),
      server_time_usec: Math.floor(clock.wallMs() * 1000),
      uptime_in_seconds: uptimeS,
      uptime_in_days: Math.floor(uptimeS / 86_400),
    }
  },
  clients: (server) => ({
    connected_clients: server.clients.size,
    cluster_connections: 0,
    maxclients: server.context.limits.clientsMax,
    blocked_clients: 0,
    tracking_clients: 0,
  }),
  memory: memoryFields,
  persistence: () => ({
    loading: 0,
    async_loading: 0,
    rdb_bgsave_in_progress: 0,
    rdb_last_bgsave_status: 'ok',
    aof_enabled: 1,
    aof_rewrite_in_progress: 0,
    aof_last_bgrewrite_status: 'ok',
    aof_last_write_status: 'ok',
  }),
  stats: (server) => ({
    total_connections_received: server.connectionsSinceReset,
    total_commands_processed: server.commandCount,
    rejected_connections: server.rejectedCount,
    pubsub_channels: 0,
    pubsub_patterns: 0,
  }),
  replication: () => ({ role: 'master', connected_slaves: 0 }),
  cpu: cpuFields,
  cluster: () => ({ cluster_enabled: 0 }),
  keyspace: (_server, { keys, expires }) => (keys > 0 ? { db0: `keys=${keys},expires=${expires},avg_ttl=0` } : {}),
  unum: (server) => ({
    cluster_id: server.context.cluster.clusterId,
    node_name: server.context.cluster.nodeName,
    ...server.context.cluster.facts(),
  }),
}

/** Those that are not their name with a capital letter. */
const titles: Readonly<Record<string, string>> = { cpu: 'CPU' }

function portOf(server: RedisServer): number {
  const endpoint = ownEndpoint(server)
  return Number(endpoint.slice(endpoint.lastIndexOf(':') + 1))
}

function chosenSections(args: Arguments): string[] {
  const chosen = new Set<string>()
  for (let i = 1; i < args.count; i++) {
    const name = args.latin1(i).toLowerCase()
    if (name === 'all' || name === 'everything' || name === 'default') {
      for (const each of Object.keys(sections)) chosen.add(each)
    } else if (name in sections) {
      chosen.add(name)
    }
  }
  return args.count === 1 ? Object.keys(sections) : Object.keys(sections).filter((name) => chosen.has(name))
}

function info(client: Client, args: Arguments): void {
  const chosen = chosenSections(args)
  if (!chosen.includes('keyspace')) {
    verbatim(client, infoText(client.server, chosen, { keys: 0, expires: 0 }))
    return
  }
  const pending = client.reserve()
  const { protocol } = client
  countKeys(client, (counts, failure) => {
    if (failure) {
      pending.failed(failure)
      return
    }
    const reply = new ByteWriter()
    verbatim({ reply, protocol }, infoText(client.server, chosen, counts))
    pending.replied(reply.copy())
  })
}

function infoText(server: RedisServer, chosen: readonly string[], counts: KeyCounts): string {
  return chosen
    .map((name) => {
      const title = titles[name] ?? name[0]!.toUpperCase() + name.slice(1)
      const lines = Object.entries(sections[name]!(server, counts)).map(([field, value]) => `${field}:${value}\r\n`)
      return `# ${title}\r\n${lines.join('')}`
    })
    .join('\r\n')
}

/** Of the internal command that `keyspace` is. */
const keyspaceEvaluator = 'keyspace.resp2'

function countKeys(client: Client, done: (counts: KeyCounts, failure: FailureReason | undefined) => void): void {
  const shards = client.server.shards()
  let keys = 0
  let expires = 0
  let failed: FailureReason | undefined
  let left = shards.length
  const args = Arguments.of(latin1Bytes('KEYSPACE'))
  for (const { firstSlot } of shards) {
    client.ask(keyspaceEvaluator, args, [firstSlot], ({ bytes, failure }) => {
      if (failure) failed = failure
      else {
        const counts = /^\*2\r\n:(\d+)\r\n:(\d+)\r\n$/.exec(latin1Text(bytes))
        keys += Number(counts?.[1])
        expires += Number(counts?.[2])
      }
      if (--left === 0) done({ keys, expires }, failed)
    })
  }
}

export const infoCommand: ConnectionCommand = onConnection({
  name: 'info',
  arity: -1,
  flags: ['loading', 'stale', 'no_multi'],
  keys: noKeys,
  group: 'server',
  since: '1.0.0',
  summary: 'What there is to know of this node, in sections',
  handle: info,
})
