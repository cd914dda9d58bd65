import type { Random } from '#kernel/base/host.ts'
import type { ShardStatus } from '#node/node-types.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { ClusterNode } from '../cluster/cluster-node.ts'
import type { Link } from '../cluster/links.ts'

/** `deaf`: it hears no other node; `mute`: no other node hears it; `alone`: both. Clients reach all nodes. */
export type LastingCut = 'none' | 'deaf' | 'mute' | 'alone'

/** A node that a majority goes on without. It must soon see that it leads no more: its clients wait for that. */
export interface Outcast {
  readonly node: ClusterNode
  readonly others: readonly ClusterNode[]
  /** Makes its links whole again. */
  readonly heal: () => void
}

/**
 * Cuts links of a node that leads a shard of the clients', as it is that which others wait for.
 * @returns undefined where nobody may be missing, or nobody leads
 */
export function castOut(cluster: Cluster, random: Random, cut: LastingCut): Outcast | undefined {
  const { nodes } = cluster
  const leaders = nodes.filter((node) => ledBy(node).some(({ space }) => space !== 'directory'))
  if (cut === 'none' || nodes.length < 3 || cluster.whole.length < nodes.length || leaders.length === 0)
    return undefined
  const node = leaders[random.below(leaders.length)]!
  const others = nodes.filter((other) => other !== node)
  const heard = others.map(({ name }): Link => [name, node.name])
  const said = others.map(({ name }): Link => [node.name, name])
  const links = { deaf: heard, mute: said, alone: [...heard, ...said] }[cut]
  return { node, others, heal: cluster.links.cut(links) }
}

/** What it says that it leads. */
export function ledBy({ running }: ClusterNode): readonly ShardStatus[] {
  return running?.status().shards.filter(({ role }) => role === 'leader') ?? []
}
