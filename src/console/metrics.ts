import type { Registry } from 'prom-client'
import type { NodeStatus } from '#node/node-types.ts'

interface Gauge {
  readonly name: string
  readonly help: string
  /** Values with their labels. */
  readonly read: (status: NodeStatus) => readonly (readonly [Readonly<Record<string, string>>, number])[]
}

const byShard = (value: (shard: NodeStatus['shards'][number]) => number): Gauge['read'] => {
  return (status) => status.shards.map((shard) => [{ group: `${shard.group}`, space: shard.space }, value(shard)])
}

/** Gauges read from a node's status when they are asked for. */
const gauges: readonly Gauge[] = [
  {
    name: 'unum_node_alive',
    help: 'Whether this node is connected with each node',
    read: ({ nodes }) => nodes.map(({ name, alive }) => [{ node: name }, alive ? 1 : 0]),
  },
  {
    name: 'unum_shard_is_leader',
    help: 'Whether this node leads the shard',
    read: byShard((s) => (s.role === 'leader' ? 1 : 0)),
  },
  { name: 'unum_shard_term', help: 'Consensus term', read: byShard((s) => s.term) },
  { name: 'unum_shard_commit_index', help: 'Newest committed entry', read: byShard((s) => s.commitIndex) },
  { name: 'unum_shard_applied_index', help: 'Newest applied entry', read: byShard((s) => s.appliedIndex) },
  { name: 'unum_shard_flushed_index', help: 'Newest entry in durable tables', read: byShard((s) => s.flushedIndex) },
  {
    name: 'unum_shard_lag_entries',
    help: 'At the leader: entries that a replica lacks',
    read: ({ shards }) =>
      shards.flatMap(({ group, lag }) =>
        Object.entries(lag ?? {}).map(([node, entries]) => [{ group: `${group}`, node }, entries] as const),
      ),
  },
  {
    name: 'unum_disk_bytes',
    help: 'Bytes on disk by kind',
    read: ({ disk }) => [
      [{ kind: 'log' }, disk.logBytes],
      [{ kind: 'tables' }, disk.tableBytes],
    ],
  },
  {
    name: 'unum_disk_damages',
    help: 'How often tables were found damaged since the start; they are fetched again from another node',
    read: ({ disk }) => [[{}, disk.damages]],
  },
]

/** The process's own figures, gathered from the first time they are asked for: the client library is loaded then, nodes start faster. */
let processRegistry: Registry | undefined

/** The status and the process in Prometheus' text format. */
export async function metricsText(status: NodeStatus): Promise<string> {
  const { default: prometheus } = await import('prom-client')
  if (!processRegistry) {
    processRegistry = new prometheus.Registry()
    prometheus.collectDefaultMetrics({ register: processRegistry })
  }
  const registry = new prometheus.Registry()
  for (const { name, help, read } of gauges) {
    const samples = read(status)
    const labelNames = [...new Set(samples.flatMap(([labels]) => Object.keys(labels)))]
    const gauge = new prometheus.Gauge({ name, help, labelNames, registers: [registry] })
    for (const [labels, value] of samples) gauge.set(labels, value)
  }
  return (await registry.metrics()) + (await processRegistry.metrics())
}
