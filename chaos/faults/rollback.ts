import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChaosNode } from '../cluster/chaos-node.ts'
import type { Fault } from './site.ts'

/** Load between the copy and the day it is put back: what is acknowledged in it is lost. */
const lostMs = 2000
const readyMsMax = 20_000

/**
 * The lie that the harness must catch: a majority of the nodes is set back to old copies of their data, as an operator would who
 * takes a copy for a backup. Acknowledged writes are gone, whatever the nodes do.
 */
export const rollback: Fault = {
  description: 'a majority is set back to old copies of its data: MUST be found as a violation',
  weight: 0,
  holdMs: [1000, 2000],
  async begin({ cluster, disks, note }) {
    const copyOf = (node: ChaosNode) => join(disks.spareFolder, node.name)
    const majority = cluster.nodes.slice(0, (cluster.nodes.length >> 1) + 1)
    const stopAll = () => Promise.all(cluster.nodes.map((node) => node.stop()))
    const names = majority.map(({ name }) => name)
    await stopAll()
    for (const node of majority) cpSync(node.folder, copyOf(node), { recursive: true })
    cluster.revive()
    if (!(await cluster.whenReady(cluster.names, readyMsMax))) return undefined
    await sleep(lostMs)
    await stopAll()
    note(`sets ${names.join(', ')} back to what they were ${lostMs} ms ago`)
    for (const node of majority) {
      rmSync(node.folder, { recursive: true })
      cpSync(copyOf(node), node.folder, { recursive: true })
      node.folderReplaced()
      node.start()
    }
    await cluster.whenReady(names, readyMsMax)
    return () => cluster.revive()
  },
}
