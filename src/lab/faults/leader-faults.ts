import type { ClusterNode } from '../cluster/cluster-node.ts'
import { linksBetween } from '../cluster/links.ts'
import type { Fault, FaultSite } from './faults.ts'

/** How often it is looked who leads, in parts of an election timeout. */
const looksPerTimeout = 20
/** How soon after its election a leader is struck, in election timeouts: before its first entry is anywhere, or in full swing. */
const strikeAfter = [0, 0.02, 0.1, 0.5, 1.5]

/**
 * Faults that follow whoever leads one group. A leader that goes leaves entries that only it or a few have; struck again and again at the
 * moment in which the one before comes back, leaders meet each other's rests: what Raft's rules on terms are for (its figure 8).
 */
export const leaderFaults = {
  /** Each new leader of a group is cut off, and the one before is whole again. */
  deposeByCut: (site) => {
    const { cluster, clientsOf, random } = site
    return chase(site, ({ name }) => {
      const takesClients = random.below(2) === 0
      const far = cluster.names.filter((other) => other !== name)
      const near = takesClients ? [name, ...clientsOf(name)] : [name]
      site.note(`cuts off ${name}, which leads`)
      return cluster.links.cut(linksBetween(near, [...far, ...far.flatMap(clientsOf)]))
    })
  },

  /** Each new leader of a group is killed or loses its power, and the one before is started again. */
  deposeByCrash: (site) =>
    chase(site, (node) => {
      if (site.random.below(2) === 0) node.kill()
      else node.powerLoss()
      return () => node.restart()
    }),

  /** Each new leader of a group stands still, and the one before goes on, believing what it did before. */
  deposeByPause: (site) =>
    chase(site, (node) => {
      node.pause()
      return () => node.resume()
    }),
} as const satisfies Record<string, Fault>

/** @param strike makes a leader go. @returns what brings it back. */
function chase(site: FaultSite, strike: (leader: ClusterNode) => () => void): (() => void) | undefined {
  const { cluster, random, electionTimeoutMs } = site
  if (cluster.nodes.length < 2) return undefined
  const groups = cluster.nodes.flatMap(({ running }) => running?.status().shards.map(({ group }) => group) ?? [])
  if (groups.length === 0) return undefined
  const group = groups[random.below(groups.length)]!
  let bringBack = (): void => undefined
  let struckTerm = 0
  const look = (): void => {
    const found = leaderOf(cluster.nodes, group)
    if (found === undefined || found.term <= struckTerm) {
      site.later(electionTimeoutMs / looksPerTimeout, look)
      return
    }
    struckTerm = found.term
    site.later(strikeAfter[random.below(strikeAfter.length)]! * electionTimeoutMs, () => {
      bringBack()
      bringBack = found.node.isAlive && !found.node.machine.isPaused ? strike(found.node) : () => undefined
      look()
    })
  }
  look()
  return () => bringBack()
}

/** Who leads the group in the highest term, by what the nodes themselves say. */
function leaderOf(
  nodes: readonly ClusterNode[],
  group: number,
): { readonly node: ClusterNode; readonly term: number } | undefined {
  let found: { readonly node: ClusterNode; readonly term: number } | undefined
  for (const node of nodes) {
    const status = node.running?.status().shards.find((shard) => shard.group === group)
    if (status?.role === 'leader' && status.term > (found?.term ?? 0)) found = { node, term: status.term }
  }
  return found
}
