import type { Group } from '#kernel/consensus/group.ts'
import type { Directory } from '#kernel/directory/directory.ts'
import type { ClusterView } from '#kernel/handles/service.ts'

export interface ClusterViewOptions {
  readonly directory: Directory
  readonly clusterId: string
  readonly nodeName: string
  readonly nodeId: number
  readonly group: (id: number) => Group | undefined
  readonly connected: (nodeId: number) => boolean
  readonly facts: () => Readonly<Record<string, string | number>>
}

/** What protocols may tell their clients of the cluster: the directory's cache, and who leads as this node's replicas know it. */
export function createClusterView(options: ClusterViewOptions): ClusterView {
  const { directory, nodeId } = options
  const nameOf = (id: number) => directory.catalogue?.nodes.find((node) => node.id === id)?.name
  return {
    clusterId: options.clusterId,
    nodeName: options.nodeName,
    nodeId,
    facts: options.facts,
    nodes: () =>
      (directory.catalogue?.nodes ?? []).map(({ name, id, zone, endpoints }) => ({
        name,
        id,
        zone,
        endpoints,
        alive: id === nodeId || options.connected(id),
      })),
    shards: (space) =>
      (directory.catalogue?.shards ?? [])
        .filter((shard) => shard.space === space)
        .map(({ group, firstSlot, lastSlot, replicas }) => ({
          firstSlot,
          lastSlot,
          leader: nameOf(options.group(group)?.raft.leader ?? 0),
          replicas: replicas.map((id) => nameOf(id) ?? `node ${id}`),
        })),
  }
}
