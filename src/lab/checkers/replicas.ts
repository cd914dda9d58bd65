import type { ClusterNode } from '../cluster/cluster-node.ts'

/**
 * Whether all replicas of each shard hold the same at the same index: rows, counters, remembered replies.
 * @returns what differs, for people; the group that could not be compared yet, because its replicas were at different indexes, or one was
 *   being repaired
 */
export async function compareReplicas(nodes: readonly ClusterNode[]): Promise<string[] | { readonly group: string }> {
  const violations: string[] = []
  const groups = new Set(nodes.flatMap(({ running }) => running?.status().shards.map(({ group }) => group) ?? []))
  for (const group of groups) {
    const digests = await Promise.all(nodes.map(({ running }) => running?.digest(group)))
    const [first] = digests
    if (digests.some((digest) => digest === undefined || digest.index !== first!.index)) {
      return { group: `group ${group}` }
    }
    if (digests.every((digest) => digest!.digest === first!.digest)) continue
    const said = nodes.map(({ name }, i) => `${name} ${digests[i]!.digest}`).join(', ')
    violations.push(`replicas of group ${group} differ at index ${first!.index}: ${said}`)
  }
  return violations
}
