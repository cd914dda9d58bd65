import type { DiskMoment } from '#host/simulated/index.ts'
import type { Random } from '#kernel/base/host.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { ClusterNode } from '../cluster/cluster-node.ts'
import type { Link } from '../cluster/links.ts'
import { linksBetween } from '../cluster/links.ts'
import { leaderFaults } from './leader-faults.ts'

export interface FaultSite {
  readonly cluster: Cluster
  readonly random: Random
  /** Machines of clients by the node beside which they stand: now and then cut off with it. */
  readonly clientsOf: (node: string) => readonly string[]
  /** The length that times of faults are multiples of. */
  readonly electionTimeoutMs: number
  /** Told what is done, for people. */
  readonly note: (text: string) => void
  /** Runs `action` in `delayMs`, unless the fault is over by then. */
  readonly later: (delayMs: number, action: () => void) => void
}

/** Begins a fault. @returns what ends it (called once), or undefined where it was not possible now. */
export type Fault = (site: FaultSite) => (() => void) | undefined

/** All that the nemesis can do, by the name under which it is counted. */
export const faults = {
  /** SIGKILL of one node: what it wrote stays. */
  kill: (site) => ending(pick(site, alive(site)), (node) => node.kill()),

  /** SIGKILL of all nodes at once. */
  killAll: (site) => {
    for (const node of alive(site)) node.kill()
    return () => site.cluster.revive()
  },

  /** One node is killed again and again soon after it was started. */
  crashLoop: (site) => {
    const node = pick(site, alive(site))
    if (node === undefined) return undefined
    const { random, electionTimeoutMs } = site
    const crash = (): void => {
      node.kill()
      site.later(random.float() * electionTimeoutMs * 0.3, () => {
        node.restart()
        site.later(random.float() * electionTimeoutMs, crash)
      })
    }
    crash()
    return () => node.restart()
  },

  /** SIGTERM: an orderly stop. */
  stop: (site) => stopped(site, () => true),

  /** A node is stopped in order, and comes back as another version of the program. */
  upgrade: (site) => stopped(site, (node) => node.changeRelease()),

  /** One machine loses its power: unsynced bytes are lost or torn. */
  powerLoss: (site) => ending(pick(site, alive(site)), (node) => node.powerLoss()),

  /** The whole room loses its power. */
  powerLossAll: (site) => {
    for (const node of alive(site)) node.powerLoss()
    return () => site.cluster.revive()
  },

  /** SIGSTOP of one node, for a drawn time: shorter or longer than the election timeout. */
  pause: (site) => {
    const node = pick(
      site,
      alive(site).filter((candidate) => !candidate.machine.isPaused),
    )
    if (node === undefined) return undefined
    node.pause()
    return () => node.resume()
  },

  /** Several short pauses of one node: a machine that is out of breath. */
  stutter: (site) => {
    const node = pick(site, alive(site))
    if (node === undefined) return undefined
    const { random, electionTimeoutMs } = site
    const stutter = (): void => {
      node.pause()
      site.later(random.float() * electionTimeoutMs * 0.5, () => {
        node.resume()
        site.later(random.float() * electionTimeoutMs * 0.5, stutter)
      })
    }
    stutter()
    return () => node.resume()
  },

  /** One node is cut off from all others, both ways. */
  isolate: (site) => {
    const [name] = shuffled(site)
    return cut(site, linksBetween(withClients(site, [name!]), others(site, [name!])))
  },

  /** What one node sends, or what is sent to it, does not arrive at some or all of the others. */
  oneWay: (site) => {
    const [name, ...rest] = shuffled(site)
    const far = rest.slice(site.random.below(rest.length))
    const outward = site.random.below(2) === 0
    return cut(
      site,
      far.map((other): Link => (outward ? [name!, other] : [other, name!])),
    )
  },

  /** Two nodes do not hear each other; all others hear both. */
  partial: (site) => {
    const [a, b] = shuffled(site)
    return b === undefined ? undefined : cut(site, linksBetween([a!], [b]))
  },

  /** The nodes fall into two groups. */
  split: (site) => {
    const names = shuffled(site)
    const group = names.slice(0, 1 + site.random.below(names.length))
    return cut(site, linksBetween(withClients(site, group), others(site, group)))
  },

  /** The links of one node are cut and whole in quick turns. */
  flap: (site) => {
    const { random, electionTimeoutMs, cluster } = site
    const [name] = shuffled(site)
    const links = linksBetween([name!], others(site, [name!]))
    if (links.length === 0) return undefined
    let heal = cluster.links.cut(links)
    site.note(`${name} flaps`)
    const flip = (isCut: boolean): void => {
      if (isCut) heal()
      else heal = cluster.links.cut(links)
      site.later(random.float() * electionTimeoutMs * 0.6, () => flip(!isCut))
    }
    site.later(random.float() * electionTimeoutMs * 0.6, () => flip(true))
    return () => heal()
  },

  /** Every connection between two nodes, or a node and a client, breaks. */
  reset: (site) => {
    const [a, b] = shuffled(site)
    const other = b !== undefined && site.random.below(3) > 0 ? b : site.clientsOf(a!)[0]!
    site.note(`resets connections of ${a} and ${other}`)
    site.cluster.simulation.resetConnections(a!, other)
    return () => undefined
  },
  /** Writes and syncs of one node's disk fail, some or all: it must stop, and comes back. */
  diskErrors: (site) => {
    const node = pick(site, alive(site))
    if (node === undefined) return undefined
    const chance = [0.005, 0.05, 1][site.random.below(3)]!
    node.isTroubled = true
    site.note(`${node.name}'s disk fails every ${Math.round(1 / chance)}th write`)
    node.machine.failDisk({ read: 0, write: chance, sync: chance, directory: chance })
    return () => node.machine.failDisk()
  },

  /** Reads of one node's disk fail, some or all. */
  readErrors: (site) => {
    const node = pick(site, alive(site))
    if (node === undefined || !site.cluster.mayDamage(node)) return undefined
    const chance = [0.05, 0.3, 1][site.random.below(3)]!
    node.isTroubled = true
    site.note(`${node.name}'s disk fails every ${Math.round(1 / chance)}th read`)
    node.machine.failDisk({ read: chance, write: 0, sync: 0, directory: 0 })
    return () => node.machine.failDisk()
  },

  /** The disks of one or all nodes have little or no room left. */
  diskFull: (site) => {
    const { cluster, random } = site
    const nodes = random.below(3) === 0 ? cluster.nodes : [pick(site, cluster.nodes)!]
    for (const node of nodes) {
      const bytes = random.below(3) === 0 ? 0 : random.below(65_536)
      node.isTroubled = true
      site.note(`${node.name}'s disk has room for ${bytes} bytes`)
      node.machine.limitDisk(bytes)
    }
    return () => {
      for (const node of nodes) node.machine.limitDisk()
    }
  },

  /** Bytes of one node's table files are damaged. */
  rotTables: (site) => {
    const node = pick(site, site.cluster.nodes)!
    if (!site.cluster.mayDamage(node)) return undefined
    const done = node.machine.rot((path) => path.startsWith('groups/'))
    if (done === undefined) return undefined
    node.isTroubled = true
    site.note(`rot on ${node.name}: ${done}`)
    return () => undefined
  },

  /** Bytes of one node's log or identity are damaged, and it is started again. */
  rotLog: (site) => {
    const node = pick(site, alive(site))
    if (node === undefined || !site.cluster.mayDamage(node)) return undefined
    const done = node.machine.rot((path) => !path.startsWith('groups/'))
    if (done === undefined) return undefined
    node.isTroubled = true
    node.mayBeLost = true
    site.note(`rot on ${node.name}: ${done}`)
    node.kill()
    return () => node.restart()
  },

  /** One machine stands still, its monotonic clock too, and goes on as if nothing had been. */
  suspend: (site) => {
    const node = pick(
      site,
      alive(site).filter((candidate) => !candidate.machine.isPaused),
    )
    if (node === undefined) return undefined
    node.suspend()
    return () => node.resume()
  },

  /** Somebody sets the wall clock of one machine. */
  clockJump: (site) => {
    const node = pick(site, site.cluster.nodes)!
    const farMs = [site.electionTimeoutMs / 10, site.electionTimeoutMs, 60_000, 86_400_000][site.random.below(4)]!
    const byMs = (site.random.float() * 2 - 1) * farMs
    site.note(`${node.name}'s clock jumps by ${Math.round(byMs)} ms`)
    node.machine.jumpClock(byMs)
    return () => undefined
  },

  /** One node dies or loses its power just when it does something rare with its files: a rename, a new segment, a table. */
  crashAtDisk: (site) => {
    const node = pick(site, alive(site))
    if (node === undefined) return undefined
    const { random } = site
    const wanted = diskMoments[random.below(diskMoments.length)]!
    const isPowerLoss = random.below(2) === 0
    const delayMs = random.float() * 0.2
    node.machine.atDiskRequest(wanted, () =>
      site.later(delayMs, () => {
        if (isPowerLoss) node.powerLoss()
        else node.kill()
      }),
    )
    return () => {
      node.machine.atDiskRequest(undefined)
      node.restart()
    }
  },

  /** One node's disk takes many times as long for everything. (A request that is under way when the fault ends is not quicker for it.) */
  slowDisk: (site) => {
    const node = pick(site, site.cluster.nodes)!
    const factor = 4 ** (1 + site.random.below(3))
    site.note(`${node.name}'s disk is ${factor} times slower`)
    node.machine.slowDisk(factor)
    return () => node.machine.slowDisk(1)
  },

  /** What one node sends and is sent takes many times as long. */
  slowNetwork: (site) => {
    const node = pick(site, site.cluster.nodes)!
    const factor = 4 ** (1 + site.random.below(3))
    site.note(`${node.name}'s network is ${factor} times slower`)
    node.machine.slowNetwork(factor)
    return () => node.machine.slowNetwork(1)
  },

  ...leaderFaults,
} as const satisfies Record<string, Fault>

export type FaultKind = keyof typeof faults

/** Requests at which there is most to lose. */
const diskMoments: readonly DiskMoment[] = [
  (operation, path) => operation === 'directory' && path.startsWith('log/'),
  (operation, path) => operation === 'directory' && path.startsWith('groups/'),
  (operation, path) => operation !== 'read' && path.startsWith('groups/'),
  (operation, path) => operation === 'sync' && path.startsWith('groups/'),
  (operation, path) => operation === 'read' && path.startsWith('log/'),
]

function alive(site: FaultSite): ClusterNode[] {
  return site.cluster.nodes.filter((node) => node.isAlive)
}

function pick(site: FaultSite, nodes: readonly ClusterNode[]): ClusterNode | undefined {
  return nodes.length === 0 ? undefined : nodes[site.random.below(nodes.length)]
}

function stopped(site: FaultSite, isPossible: (node: ClusterNode) => boolean): (() => void) | undefined {
  const node = pick(
    site,
    alive(site).filter((candidate) => candidate.running !== undefined && !candidate.machine.isPaused),
  )
  if (node === undefined || !isPossible(node)) return undefined
  node.stop()
  return () => {
    // One that has not stopped by now is killed, as an impatient operator does.
    if (node.running === undefined) node.kill()
    node.restart()
  }
}

function ending(node: ClusterNode | undefined, end: (node: ClusterNode) => void): (() => void) | undefined {
  if (node === undefined) return undefined
  end(node)
  return () => node.restart()
}

function cut(site: FaultSite, links: readonly Link[]): (() => void) | undefined {
  if (links.length === 0) return undefined
  site.note(`cuts ${links.map(([from, to]) => `${from}→${to}`).join(' ')}`)
  return site.cluster.links.cut(links)
}

function shuffled(site: FaultSite): string[] {
  const names = site.cluster.names
  for (let i = names.length - 1; i > 0; i--) {
    const j = site.random.below(i + 1)
    ;[names[i], names[j]] = [names[j]!, names[i]!]
  }
  return names
}

/** Nodes that are not in `group`, with the clients beside them. */
function others(site: FaultSite, group: readonly string[]): string[] {
  return site.cluster.names.filter((name) => !group.includes(name)).flatMap((name) => [name, ...site.clientsOf(name)])
}

/** Half the time a group takes its clients along; else they stay with everybody and reach it too. */
function withClients(site: FaultSite, group: readonly string[]): string[] {
  return site.random.below(2) === 0 ? [...group] : group.flatMap((name) => [name, ...site.clientsOf(name)])
}
