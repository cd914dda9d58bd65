import type { Group } from '#kernel/consensus/group.ts'
import type { Catalogue } from '#kernel/directory/catalogue.ts'
import type { Partition } from '#kernel/logs/partition.ts'
import type { NodeStatus, PartitionStatus, ShardStatus } from './node-types.ts'
import type { Replica } from './replicas.ts'

export interface StatusSources {
  readonly name: string
  readonly clusterId: string
  readonly nodeId: number
  readonly catalogue: Catalogue | undefined
  readonly replicas: readonly Replica[]
  readonly partitions: readonly Partition[]
  readonly connected: (nodeId: number) => boolean
  readonly logBytes: number
  readonly damages: number
}

/** What this node knows of itself and of the others, as of now. */
export function nodeStatus(sources: StatusSources): NodeStatus {
  const { catalogue, nodeId } = sources
  const nameOf = (id: number) => catalogue?.nodes.find((node) => node.id === id)?.name
  return {
    node: sources.name,
    clusterId: sources.clusterId,
    nodes: (catalogue?.nodes ?? []).map(({ name, id, zone, endpoints }) => ({
      name,
      zone,
      alive: id === nodeId || sources.connected(id),
      endpoints,
    })),
    shards: sources.replicas.map((replica) => shardStatus(replica, catalogue, nameOf)),
    partitions: sources.partitions.flatMap((partition) => partitionStatus(partition, catalogue, nameOf)),
    disk: {
      logBytes: sources.logBytes,
      damages: sources.damages,
      tableBytes: sources.replicas.reduce((sum, { shard }) => sum + shard.state.tree.fileBytes, 0),
    },
  }
}

function shardStatus(
  { shard, group }: Replica,
  catalogue: Catalogue | undefined,
  nameOf: (id: number) => string | undefined,
): ShardStatus {
  const { raft } = group
  const row = catalogue?.shards.find((known) => known.group === group.id)
  const lag: Record<string, number> = {}
  for (const [id, { matchIndex }] of raft.progress) lag[nameOf(id) ?? `node ${id}`] = raft.log.lastIndex - matchIndex
  return {
    space: row?.space ?? 'directory',
    firstSlot: row?.firstSlot ?? 0,
    lastSlot: row?.lastSlot ?? 0,
    ...replicaStatus(group, nameOf),
    flushedIndex: shard.state.tree.flushed.index,
    lag: raft.role === 'leader' ? lag : undefined,
  }
}

function partitionStatus(
  { group, store }: Partition,
  catalogue: Catalogue | undefined,
  nameOf: (id: number) => string | undefined,
): PartitionStatus[] {
  if (!group) return []
  for (const { name: topic, partitions } of catalogue?.topics.values() ?? []) {
    const partition = partitions.findIndex((row) => row.group === group.id)
    if (partition < 0) continue
    const { startOffset, nextOffset: endOffset } = store
    const flushedIndex = store.flushed.index
    return [{ topic, partition, ...replicaStatus(group, nameOf), flushedIndex, startOffset, endOffset }]
  }
  return []
}

function replicaStatus(group: Group, nameOf: (id: number) => string | undefined) {
  const { raft } = group
  return {
    group: group.id,
    role: raft.role === 'preCandidate' ? ('candidate' as const) : raft.role,
    leader: nameOf(raft.leader),
    term: raft.term,
    commitIndex: raft.committed,
    appliedIndex: group.applied,
  }
}
