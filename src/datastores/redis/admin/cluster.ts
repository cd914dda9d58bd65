import type { Arguments } from '#kernel/base/arguments.ts'
import { createRandom } from '#kernel/base/random.ts'
import type { ClusterView } from '#kernel/handles/service.ts'
import type { CommandFlag, ConnectionCommand, ShardCommand } from '../command.ts'
import { noKeys, read } from '../command.ts'
import type { Client } from '../connection/client.ts'
import { countKeysInSlot, getKeysInSlot } from '../keys/in-slot.ts'
import { array, bulkText, integer, map, verbatim } from '../reply.ts'
import { keySlot, slotCount } from '../slots.ts'
import { family, familyRows } from './family.ts'

/**
 * CLUSTER: where the shards' leaders are, so that clients of clusters ask them directly. Any node answers for any key, so a client
 * that has an old picture loses a hop and nothing else: MOVED and ASK are never sent.
 */

/** 40 hex digits that are the same on every node and after every restart. */
export function nodeId(cluster: ClusterView, name: string): string {
  const bytes = createRandom(`${cluster.clusterId}/${name}`).bytes(20)
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

interface Endpoint {
  readonly id: string
  readonly host: string
  readonly port: number
  readonly alive: boolean
}

function endpointOf(cluster: ClusterView, name: string): Endpoint | undefined {
  const node = cluster.nodes().find((each) => each.name === name)
  const endpoint = node?.endpoints.redis
  if (!node || !endpoint) return undefined
  const colon = endpoint.lastIndexOf(':')
  return {
    id: nodeId(cluster, name),
    host: endpoint.slice(0, colon),
    port: Number(endpoint.slice(colon + 1)),
    alive: node.alive,
  }
}

interface SlotRange {
  readonly firstSlot: number
  readonly lastSlot: number
  /** The leader first; this node where no leader is known: it will find one. */
  readonly endpoints: readonly Endpoint[]
}

function slotRanges(client: Client): SlotRange[] {
  const { cluster } = client.server.context
  return client.server.shards().map(({ firstSlot, lastSlot, leader, replicas }) => {
    const first = leader ?? cluster.nodeName
    const names = [first, ...replicas.filter((name) => name !== first)]
    const endpoints = names.flatMap((name) => endpointOf(cluster, name) ?? [])
    return { firstSlot, lastSlot, endpoints }
  })
}

function slots(client: Client): void {
  const ranges = slotRanges(client)
  array(client, ranges.length)
  for (const { firstSlot, lastSlot, endpoints } of ranges) {
    array(client, 2 + endpoints.length)
    integer(client, firstSlot)
    integer(client, lastSlot)
    for (const { host, port, id } of endpoints) {
      array(client, 4)
      bulkText(client, host)
      integer(client, port)
      bulkText(client, id)
      array(client, 0)
    }
  }
}

function shards(client: Client): void {
  const ranges = slotRanges(client)
  array(client, ranges.length)
  for (const { firstSlot, lastSlot, endpoints } of ranges) {
    map(client, 2)
    bulkText(client, 'slots')
    array(client, 2)
    integer(client, firstSlot)
    integer(client, lastSlot)
    bulkText(client, 'nodes')
    array(client, endpoints.length)
    endpoints.forEach(({ host, port, id, alive }, i) => {
      map(client, 7)
      bulkText(client, 'id')
      bulkText(client, id)
      bulkText(client, 'port')
      integer(client, port)
      bulkText(client, 'ip')
      bulkText(client, host)
      bulkText(client, 'endpoint')
      bulkText(client, host)
      bulkText(client, 'role')
      bulkText(client, i === 0 ? 'master' : 'replica')
      bulkText(client, 'replication-offset')
      integer(client, 0)
      bulkText(client, 'health')
      bulkText(client, alive ? 'online' : 'fail')
    })
  }
}

/** Every node takes requests for every slot, so each is a `master`, with the slots that it leads. */
function nodes(client: Client): void {
  const { cluster } = client.server.context
  const ranges = client.server.shards()
  const lines = cluster.nodes().flatMap(({ name }) => {
    const endpoint = endpointOf(cluster, name)
    if (!endpoint) return []
    const { id, host, port, alive } = endpoint
    const own = name === cluster.nodeName
    const flags = `${own ? 'myself,' : ''}master${alive || own ? '' : ',fail'}`
    const led = ranges
      .filter(({ leader }) => leader === name)
      .map(({ firstSlot, lastSlot }) => ` ${firstSlot === lastSlot ? firstSlot : `${firstSlot}-${lastSlot}`}`)
    const state = alive || own ? 'connected' : 'disconnected'
    return [`${id} ${host}:${port}@0 ${flags} - 0 0 0 ${state}${led.join('')}\n`]
  })
  verbatim(client, lines.join(''))
}

function info(client: Client): void {
  const { cluster } = client.server.context
  const ranges = client.server.shards()
  const led = ranges.filter(({ leader }) => leader !== undefined)
  const covered = led.reduce((count, { firstSlot, lastSlot }) => count + lastSlot - firstSlot + 1, 0)
  const fields = {
    cluster_state: covered === slotCount ? 'ok' : 'fail',
    cluster_slots_assigned: slotCount,
    cluster_slots_ok: covered,
    cluster_slots_pfail: 0,
    cluster_slots_fail: slotCount - covered,
    cluster_known_nodes: cluster.nodes().length,
    cluster_size: new Set(led.map(({ leader }) => leader)).size,
    cluster_current_epoch: 0,
    cluster_my_epoch: 0,
  }
  const lines = Object.entries(fields).map(([name, value]) => `${name}:${value}\r\n`)
  verbatim(client, lines.join(''))
}

function keySlotOf(client: Client, args: Arguments): void {
  integer(client, keySlot(args.bytes, args.start(2), args.end(2)))
}

const flags: readonly CommandFlag[] = ['stale']
const row = familyRows('cluster', 'cluster', flags)

const slotArgument = { ...noKeys, slot: 2 }
const inSlot: readonly ShardCommand[] = [
  read({
    name: 'cluster|countkeysinslot',
    arity: 3,
    flags,
    keys: slotArgument,
    group: 'cluster',
    since: '3.0.0',
    summary: 'How many keys a slot has',
    run: countKeysInSlot,
  }),
  read({
    name: 'cluster|getkeysinslot',
    arity: 4,
    flags,
    keys: slotArgument,
    group: 'cluster',
    since: '3.0.0',
    summary: 'Some keys of a slot',
    run: getKeysInSlot,
  }),
]

export const clusterCommand: ConnectionCommand = family({
  name: 'cluster',
  arity: -2,
  flags: [],
  group: 'cluster',
  since: '3.0.0',
  summary: 'Slots and nodes',
  subcommands: [
    row('info', 2, '3.0.0', 'The state of the cluster', info),
    row('keyslot', 3, '3.0.0', 'The slot of a key', keySlotOf),
    row('myid', 2, '3.0.0', 'The id of this node', (client) => {
      const { cluster } = client.server.context
      bulkText(client, nodeId(cluster, cluster.nodeName))
    }),
    row('nodes', 2, '3.0.0', 'The nodes with the slots that they lead', nodes),
    row('shards', 2, '7.0.0', 'Ranges of slots with their replicas', shards),
    row('slots', 2, '3.0.0', 'Ranges of slots with their leaders and replicas', slots),
    ...inSlot,
  ],
})
