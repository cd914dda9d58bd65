import type { ClusterNode } from '../cluster/cluster-node.ts'
import { type Link, linksBetween } from '../cluster/links.ts'
import type { Fault, FaultSite } from './faults.ts'

/** How often it is looked who leads, in parts of an election timeout. */
const looksPerTimeout = 250
/** How soon after its election a leader is struck, in election timeouts: before its first entry is anywhere, or in full swing. */
const strikeAfter = [0, 0, 0.01, 0.03, 0.1, 0.5, 1.5]

/**
 * Faults that follow whoever leads one group. A leader that goes leaves entries that only it or a few have; struck again and again at the
 * moment in which the one before comes back, leaders meet each other's rests: what Raft's rules on terms are for (its figure 8).
 */
export const leaderFaults = {
  /** Each new leader of a group is cut off, and the one before is whole again. */
  deposeByCut: (site) => chase(site, (leader) => cutOff(site, leader)),

  /** Each new leader of a group is killed or loses its power, and the one before is started again. */
  deposeByCrash: (site) =>
    chase(site, (leader) => {
      if (site.random.below(2) === 0) leader.kill()
      else leader.powerLoss()
      return () => leader.restart()
    }),

  /**
   * Each new leader of a group stands still, and the one before goes on, believing what it did before: some of them cut off for another
   * while, so that what was on the way to them is all that they hear.
   */
  deposeByPause: (site) =>
    chase(site, (leader) => {
      const { cluster, random, electionTimeoutMs } = site
      const heal = random.below(2) === 0 ? cutOff(site, leader) : () => undefined
      leader.pause()
      return () => {
        leader.resume()
        cluster.simulation.at(random.float() * electionTimeoutMs, heal)
      }
    }),

  /** Each new leader of a group is cut off, and all others lose their power and are soon back: with what they promised it, or without. */
  deposeByBlackout: (site) =>
    chase(site, (leader) => {
      const { cluster, random, electionTimeoutMs } = site
      const heal = cutOff(site, leader)
      const others = cluster.nodes.filter((node) => node !== leader && node.isAlive)
      for (const node of others) node.powerLoss()
      const restart = (): void => {
        for (const node of others) node.restart()
      }
      site.later(random.float() * electionTimeoutMs * 0.2, restart)
      return () => {
        restart()
        heal()
      }
    }),

  /** The leader of a group and one other node do not hear each other. Should that one lead all the same, nobody tells the leader. */
  usurp: (site) =>
    estrange(site, ({ group, leader, term, undo }) => {
      onLeader(site, group, term, () => undo.push(cutOff(site, leader, true)))
    }),

  /**
   * The same, and just before the other can campaign all but the two are killed and started again: with what they promised the leader.
   * Nobody tells the leader here either.
   */
  usurpByRestart: (site) =>
    estrange(site, ({ leader, other, undo }) => {
      const { cluster, random, electionTimeoutMs } = site
      site.later((0.8 + 0.2 * random.float()) * electionTimeoutMs, () => {
        undo.push(cutOff(site, leader, true))
        for (const node of cluster.nodes) {
          if (node === leader || node === other) continue
          node.kill()
          node.restart()
        }
      })
    }),

  /** What the others answer a leader is held up until one of them leads; then the leader hears all but that one. */
  lateAnswers: (site) => {
    const { cluster, random, electionTimeoutMs } = site
    const found = someLeader(site)
    if (found === undefined) return undefined
    const { node, group, term } = found
    const others = cluster.names.filter((name) => name !== node.name)
    site.note(`holds up all answers to ${node.name}, which leads`)
    const hearing = new Map(others.map((name) => [name, cluster.links.cut([[name, node.name]])]))
    const undo = [...hearing.values()]
    site.later(random.float() * electionTimeoutMs, () => {
      undo.push(cluster.links.cut(others.map((name): Link => [node.name, name])))
    })
    onLeader(site, group, term, (leader) => {
      for (const [name, heal] of hearing) if (name !== leader.name) heal()
    })
    return () => {
      for (const act of undo) act()
    }
  },

  /**
   * A leader has no room on its disk and slow links, and all others have slow disks: it says no, hands over, and what it said may come
   * after the call was sent to the next leader, and before that one's answer.
   */
  lateRefusals: (site) => {
    const { cluster, random } = site
    const found = someLeader(site)
    if (found === undefined) return undefined
    const { machine, name } = found.node
    found.node.isTroubled = true
    const others = cluster.nodes.filter((node) => node !== found.node)
    const factor = 4 ** (1 + random.below(3))
    site.note(`${name}, which leads, has no room and a network ${factor} times slower, and all others slow disks`)
    machine.limitDisk(0)
    machine.slowNetwork(factor)
    for (const node of others) node.machine.slowDisk(factor)
    return () => {
      machine.limitDisk()
      machine.slowNetwork(1)
      for (const node of others) node.machine.slowDisk(1)
    }
  },

  /**
   * One node hears nothing from the leader for a while, and then all others are killed and started again: what it asked them and was not
   * told it asks again.
   */
  restartAround: (site) => {
    const { cluster, random, electionTimeoutMs } = site
    const found = someLeader(site)
    if (found === undefined) return undefined
    const leader = found.node
    const other = someOther(site, leader)
    site.note(`${other.name} hears nothing from ${leader.name}, which leads`)
    const heal = cluster.links.cut([[leader.name, other.name]])
    site.later((0.2 + random.float()) * electionTimeoutMs, () => {
      for (const node of cluster.nodes) {
        if (node === other) continue
        node.kill()
        node.restart()
      }
      heal()
    })
    return heal
  },
} as const satisfies Record<string, Fault>

/** @param strike makes a leader go. @returns what brings it back. */
function chase(site: FaultSite, strike: (leader: ClusterNode) => () => void): (() => void) | undefined {
  const group = someGroup(site)
  if (group === undefined || site.cluster.nodes.length < 2) return undefined
  const { random, electionTimeoutMs } = site
  let bringBack = (): void => undefined
  const next = (struckTerm: number): void =>
    onLeader(site, group, struckTerm, (leader, term) => {
      site.later(strikeAfter[random.below(strikeAfter.length)]! * electionTimeoutMs, () => {
        bringBack()
        bringBack = leader.isAlive && !leader.machine.isPaused ? strike(leader) : () => undefined
        next(term)
      })
    })
  next(0)
  return () => bringBack()
}

interface Estranged {
  readonly group: number
  readonly leader: ClusterNode
  readonly term: number
  /** The node that the leader does not hear, and that does not hear it. */
  readonly other: ClusterNode
  /** What is to be done when the fault is over. */
  readonly undo: (() => void)[]
}

function estrange(site: FaultSite, goOn: (estranged: Estranged) => void): (() => void) | undefined {
  const found = someLeader(site)
  if (found === undefined || site.cluster.nodes.length < 3) return undefined
  const { group, node: leader, term } = found
  const other = someOther(site, leader)
  site.note(`cuts ${leader.name}, which leads, and ${other.name} off from each other`)
  const undo = [site.cluster.links.cut(linksBetween([leader.name], [other.name]))]
  goOn({ group, leader, term, other, undo })
  return () => {
    for (const act of undo) act()
  }
}

/** Waits for a leader of a term later than `term`. */
function onLeader(
  site: FaultSite,
  group: number,
  term: number,
  act: (leader: ClusterNode, term: number) => void,
): void {
  const found = leaderOf(site.cluster.nodes, group)
  if (found !== undefined && found.term > term) act(found.node, found.term)
  else site.later(site.electionTimeoutMs / looksPerTimeout, () => onLeader(site, group, term, act))
}

/** With the clients beside it, half the time if it is not said: they go on to ask it, and nobody else reaches them. */
function cutOff(site: FaultSite, { name }: ClusterNode, takesClients = site.random.below(2) === 0): () => void {
  const { cluster, clientsOf } = site
  const near = takesClients ? [name, ...clientsOf(name)] : [name]
  const far = cluster.names.filter((other) => other !== name)
  site.note(`cuts off ${near.join(' and ')}`)
  return cluster.links.cut(linksBetween(near, [...far, ...far.flatMap(clientsOf)]))
}

function someLeader(site: FaultSite): (Leadership & { readonly group: number }) | undefined {
  const group = someGroup(site)
  const found = group === undefined ? undefined : leaderOf(site.cluster.nodes, group)
  return group === undefined || found === undefined || site.cluster.nodes.length < 2 ? undefined : { ...found, group }
}

function someOther({ cluster, random }: FaultSite, node: ClusterNode): ClusterNode {
  const others = cluster.nodes.filter((other) => other !== node)
  return others[random.below(others.length)]!
}

interface Leadership {
  readonly node: ClusterNode
  readonly term: number
}

/** Most often one that clients have to do with. */
function someGroup({ cluster, random }: FaultSite): number | undefined {
  const shards = cluster.nodes.flatMap(({ running }) => running?.status().shards ?? [])
  const asked = random.below(4) === 0 ? [] : shards.filter(({ space }) => space !== 'directory')
  const some = asked.length === 0 ? shards : asked
  return some[random.below(Math.max(1, some.length))]?.group
}

/** Who leads the group in the highest term, by what the nodes themselves say. */
function leaderOf(nodes: readonly ClusterNode[], group: number): Leadership | undefined {
  let found: Leadership | undefined
  for (const node of nodes) {
    const status = node.running?.status().shards.find((shard) => shard.group === group)
    if (status?.role === 'leader' && status.term > (found?.term ?? 0)) found = { node, term: status.term }
  }
  return found
}
