import type { ChaosNode } from '../cluster/chaos-node.ts'
import type { Fault, FaultSite } from './site.ts'
import { pickRunning } from './site.ts'

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
} as const satisfies Record<string, Fault>
