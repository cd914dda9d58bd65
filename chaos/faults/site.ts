import type { Random } from '#kernel/base/host.ts'
import type { ChaosCluster } from '../cluster/chaos-cluster.ts'
import type { ChaosNode } from '../cluster/chaos-node.ts'
import type { Disks } from '../cluster/disks.ts'
import type { Link } from '../network/chaos-network.ts'
import type { Links } from '../network/links.ts'

/** What a fault has to work with. */
export interface FaultSite {
  readonly cluster: ChaosCluster
  readonly links: Links
  readonly disks: Disks
  readonly random: Random
  /** The one node whose files may be damaged: with two of them, data may rightly be gone. */
  readonly damageable: string
  /** Says what is done, for people. */
  readonly note: (text: string) => void
  readonly violation: (text: string) => void
  /** Counts something that came of a fault. */
  readonly count: (what: string, by?: number) => void
}

export interface Fault {
  readonly description: string
  /** How often compared with the others; 0: only when it is asked for by name. */
  readonly weight: number
  /** How long it holds, about. */
  readonly holdMs: readonly [least: number, most: number]
  /** Its nodes are fewer than half, and no link between the others is touched: writes must go on meanwhile. */
  readonly sparesMajority?: true
  /** Why it cannot be tried here; undefined where it can. */
  readonly missing?: (site: Pick<FaultSite, 'disks'>) => string | undefined
  /** Begins it. @returns what ends it; undefined where it was not possible now */
  begin(site: FaultSite): Promise<End | undefined>
}

export type End = () => void | Promise<void>

/** A node that runs and does not stand still. */
export function pickRunning({ cluster, random }: FaultSite): ChaosNode | undefined {
  const running = cluster.nodes.filter((node) => node.isRunning && !node.isPaused)
  return running.length === 0 ? undefined : running[random.below(running.length)]
}

export function shuffledNames({ cluster, random }: FaultSite): string[] {
  const names = [...cluster.names]
  for (let i = names.length - 1; i > 0; i--) {
    const j = random.below(i + 1)
    ;[names[i], names[j]] = [names[j]!, names[i]!]
  }
  return names
}

export function cut(site: FaultSite, links: readonly Link[]): End {
  site.note(`cuts ${links.map(([from, to]) => `${from}→${to}`).join(' ')}`)
  return site.links.disturb(links, 'cut')
}
