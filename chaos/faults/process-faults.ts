import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosNode } from '../cluster/chaos-node.ts'
import type { End, Fault, FaultSite } from './site.ts'
import { pickRunning } from './site.ts'

/** `defaultSettings.electionTimeoutMs`, at most twice that: nobody campaigns earlier, everybody has by then. */
const electionTimeoutMs = 300

async function killed(site: FaultSite, node: ChaosNode | undefined): Promise<End | undefined> {
  if (!node) return undefined
  site.note(`kills ${node.name}`)
  await node.kill()
  return () => node.start()
}

function paused(site: FaultSite, node: ChaosNode | undefined): End | undefined {
  if (!node?.isRunning) return undefined
  site.note(`stops ${node.name} in its tracks`)
  node.pause()
  return () => node.resume()
}

async function leaderOf(site: FaultSite): Promise<ChaosNode | undefined> {
  const leader = await site.cluster.leader()
  return leader === undefined ? undefined : site.cluster.node(leader)
}

export const processFaults = {
  kill: {
    description: 'kill -9 of one node',
    weight: 3,
    holdMs: [0, 4000],
    sparesMajority: true,
    begin: (site) => killed(site, pickRunning(site)),
  },
  'kill-leader': {
    description: 'kill -9 of the node that leads the keys',
    weight: 3,
    holdMs: [0, 3000],
    sparesMajority: true,
    begin: async (site) => killed(site, await leaderOf(site)),
  },
  'kill-all': {
    description: 'kill -9 of all nodes at once',
    weight: 1,
    holdMs: [0, 1000],
    async begin({ cluster, note }) {
      note('kills all')
      await Promise.all(cluster.nodes.map((node) => node.kill()))
      return () => cluster.revive()
    },
  },
  'crash-loop': {
    description: 'kill -9 of one node again and again, soon after each start',
    weight: 1,
    holdMs: [3000, 6000],
    sparesMajority: true,
    async begin(site) {
      const node = pickRunning(site)
      // The node whose files are damaged now and then must not be started in between.
      if (!node || node.name === site.damageable) return undefined
      site.note(`kills ${node.name} again and again`)
      let isOver = false
      const loop = async () => {
        while (!isOver) {
          await node.kill()
          await sleep(site.random.float() * 200)
          node.start()
          await sleep(site.random.float() * 1500)
        }
      }
      const looping = loop()
      return async () => {
        isOver = true
        await looping
        node.start()
      }
    },
  },
  'pause-short': {
    description: 'SIGSTOP of one node for less than the election timeout',
    weight: 2,
    holdMs: [50, electionTimeoutMs * 0.8],
    begin: async (site) => paused(site, pickRunning(site)),
  },
  'pause-long': {
    description: 'SIGSTOP of one node for more than the election timeout',
    weight: 2,
    holdMs: [electionTimeoutMs * 2, 6000],
    sparesMajority: true,
    begin: async (site) => paused(site, pickRunning(site)),
  },
  'pause-leader': {
    description: 'SIGSTOP of the leader for more than the election timeout, under pipelined load',
    weight: 3,
    holdMs: [electionTimeoutMs, 3000],
    begin: async (site) => paused(site, await leaderOf(site)),
  },
  stop: {
    description: 'orderly stop of one node, and its start',
    weight: 2,
    holdMs: [0, 3000],
    sparesMajority: true,
    async begin(site) {
      const node = pickRunning(site)
      if (!node) return undefined
      site.note(`asks ${node.name} to stop`)
      await node.stop()
      return () => node.start()
    },
  },
} as const satisfies Record<string, Fault>
