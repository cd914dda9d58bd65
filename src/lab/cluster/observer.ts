import type { NodeStatus, ReplicaStatus } from '#node/node-types.ts'
import type { Cluster } from './cluster.ts'
import type { ClusterNode } from './cluster-node.ts'

/**
 * Looks at what the nodes say of their shards, and holds them to what must always be true of replicated logs:
 *
 * 1. A term of a group has at most one leader, whoever says so and whenever.
 * 2. flushed ≤ applied ≤ committed, and of one life of a node none of them falls, but where rows were damaged and are fetched again.
 */
export class Observer {
  readonly #cluster: Cluster
  readonly #anomaly: (text: string) => void
  readonly #leaders = new Map<string, string>()
  /** By node and group, of its present life. */
  readonly #last = new Map<string, { readonly life: object; readonly status: ReplicaStatus }>()

  constructor(cluster: Cluster, anomaly: (text: string) => void) {
    this.#cluster = cluster
    this.#anomaly = anomaly
  }

  look(): void {
    for (const node of this.#cluster.nodes) {
      const { running } = node
      if (running === undefined) continue
      for (const status of groupsOf(running.status())) this.#judge(node, running, status)
    }
  }

  /** For each group the highest index that some node says is committed. */
  committed(): ReadonlyMap<number, number> {
    const highest = new Map<number, number>()
    for (const { running } of this.#cluster.nodes) {
      for (const { group, commitIndex } of running ? groupsOf(running.status()) : []) {
        highest.set(group, Math.max(commitIndex, highest.get(group) ?? 0))
      }
    }
    return highest
  }

  /** Whether every node has applied all that is in `committed`. */
  hasApplied(committed: ReadonlyMap<number, number>): boolean {
    return this.#cluster.whole.every(({ running }) => {
      if (!running) return false
      const { shards, partitions } = running.status()
      // Not every node has a replica of every partition.
      const isBehind = [...shards, ...partitions].some(
        ({ group, appliedIndex }) => appliedIndex < (committed.get(group) ?? 0),
      )
      return !isBehind && (shards.length > 0 || committed.size === 0)
    })
  }

  #judge({ name: node, isTroubled }: ClusterNode, life: object, status: ReplicaStatus): void {
    const { group, term, role, flushedIndex, appliedIndex, commitIndex } = status
    if (role === 'leader') {
      const leadership = `${group}/${term}`
      const known = this.#leaders.get(leadership)
      if (known === undefined) this.#leaders.set(leadership, node)
      else if (known !== node) this.#anomaly(`group ${group} has two leaders in term ${term}: ${known} and ${node}`)
    }
    if (flushedIndex > appliedIndex || appliedIndex > commitIndex) {
      this.#anomaly(
        `${node} has flushed ${flushedIndex}, applied ${appliedIndex} and committed ${commitIndex} of group ${group}`,
      )
    }
    const key = `${node}/${group}`
    const last = this.#last.get(key)
    if (last?.life === life) {
      for (const field of isTroubled ? fieldsOfTheLog : fields) {
        if (status[field] < last.status[field]) {
          this.#anomaly(`${node}'s ${field} of group ${group} fell from ${last.status[field]} to ${status[field]}`)
        }
      }
    }
    this.#last.set(key, { life, status })
  }
}

const fieldsOfTheLog = ['term', 'commitIndex'] as const
const fields = [...fieldsOfTheLog, 'flushedIndex', 'appliedIndex'] as const

function groupsOf({ shards, partitions }: NodeStatus): readonly ReplicaStatus[] {
  return [...shards, ...partitions]
}
