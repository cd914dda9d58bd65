import type { ClusterNode } from '../cluster/cluster-node.ts'

/**
 * Whether all replicas of each shard and partition hold the same at the same index: rows, counters, remembered replies; records, byte
 * for byte, and what is known of their producers.
 * @returns what differs, for people; the group that could not be compared yet, because its replicas were at different indexes, or one was
 *   being repaired
 */
export async function compareReplicas(nodes: readonly ClusterNode[]): Promise<string[] | { readonly group: string }> {
  const violations: string[] = []
  const statuses = nodes.map(({ running }) => running?.status())
  const shards = new Set(statuses.flatMap((status) => status?.shards.map(({ group }) => group) ?? []))
  const partitions = new Set(statuses.flatMap((status) => status?.partitions.map(({ group }) => group) ?? []))
  for (const group of [...shards, ...partitions]) {
    // All nodes have all shards, and some have a partition.
    const holders = nodes.filter(
      (_, i) => shards.has(group) || statuses[i]?.partitions.some((partition) => partition.group === group),
    )
    const digests = await Promise.all(holders.map(({ running }) => running?.digest(group)))
    const [first] = digests
    if (digests.some((digest) => digest === undefined || digest.index !== first!.index)) {
      return { group: `group ${group}` }
    }
    if (digests.every((digest) => digest!.digest === first!.digest)) continue
    const said = holders.map(({ name }, i) => `${name} ${digests[i]!.digest}`).join(', ')
    violations.push(`replicas of group ${group} differ at index ${first!.index}: ${said}`)
  }
  return violations
}
