import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosNode } from '../cluster/chaos-node.ts'
import type { Fault, FaultSite } from './site.ts'
import { pickRunning } from './site.ts'

/** Load on lying disks: what is acknowledged in it is lost. */
const lostMs = 2000
const readyMsMax = 20_000

async function losePower({ random, note, count }: FaultSite, nodes: readonly ChaosNode[]): Promise<void> {
  for (const node of nodes) node.pause() // all at one moment
  for (const node of nodes) {
    const { sectorsLost, namesLost } = await node.losePower(random)
    note(`${node.name} loses its power, ${sectorsLost} unsynced sectors and ${namesLost} unsynced names`)
    count('sectors-lost', sectorsLost)
    count('names-lost', namesLost)
  }
}

export const powerFaults = {
  'power-loss': {
    description: 'one node loses its power: of what it has not synced, any sectors and the last names may be lost',
    weight: 3,
    holdMs: [0, 3000],
    sparesMajority: true,
    async begin(site) {
      const node = pickRunning(site)
      if (!node) return undefined
      await node.pauseUnsynced()
      await losePower(site, [node])
      return () => node.start()
    },
  },
  'power-loss-all': {
    description: 'all nodes lose their power at once',
    weight: 2,
    holdMs: [0, 1000],
    async begin(site) {
      const { nodes } = site.cluster
      await pickRunning(site)?.pauseUnsynced()
      await losePower(site, nodes)
      return () => site.cluster.revive()
    },
  },
  'lying-disks': {
    description:
      'all disks say that they have synced what they have not, and lose their power: MUST be found as a violation',
    weight: 0,
    holdMs: [1000, 2000],
    async begin(site) {
      const { cluster } = site
      await Promise.all(cluster.nodes.map((node) => node.stop()))
      for (const node of cluster.nodes) node.diskLies(true)
      cluster.revive()
      if (!(await cluster.whenReady(cluster.names, readyMsMax))) return undefined
      await sleep(lostMs)
      await losePower(site, cluster.nodes)
      for (const node of cluster.nodes) node.diskLies(false)
      return () => cluster.revive()
    },
  },
} as const satisfies Record<string, Fault>
