import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { DamageKind } from './damage.ts'
import { findByteToFlip, flipByte } from './damage.ts'
import type { End, Fault, FaultSite } from './site.ts'
import { shuffledNames } from './site.ts'

/** What a node may say that cannot start because its disk has no room. One that runs must go on running. */
const isFull = /full|no space|ENOSPC/i
/** And because of damage that it found. */
const isDamaged = /damaged|checksum|lost records/i

const missing: Fault['missing'] = ({ disks }) =>
  disks.canFill ? undefined : 'the nodes have no file systems of their own here'

const startMsMax = 5000

/** After room is there again, a node that met the end of it may still say so and end. */
const lateMs = 3000
/** How long a node with damaged files may take to be ready, or to refuse. */
const verdictMsMax = 15_000

async function filled(site: FaultSite, names: readonly string[]): Promise<End> {
  const { disks, cluster, note } = site
  note(`fills the disk of ${names.join(', ')}`)
  const takeBack = names.map((name) => cluster.excuses.give({ node: name, reason: isFull, livedMsMax: startMsMax }))
  for (const name of names) disks.fill(name)
  return async () => {
    for (const name of names) disks.free(name)
    note(`the disk of ${names.join(', ')} has room again`)
    await sleep(lateMs)
    for (const take of takeBack) take()
  }
}

/** Stops a node, flips a byte, starts it, and sees what it makes of it. */
async function damaged(site: FaultSite, kind: DamageKind): Promise<End | undefined> {
  const { cluster, disks, damageable, note, count, violation } = site
  const node = cluster.node(damageable)
  if (!node.isRunning || node.isPaused) return undefined
  const release = cluster.holdOut(damageable)
  await node.stop()
  const flipped = findByteToFlip(node.folder, kind, site.random)
  if (flipped === undefined) {
    release()
    node.start()
    return undefined
  }
  const copy = join(disks.spareFolder, damageable)
  cpSync(node.folder, copy, { recursive: true })
  flipByte(flipped)
  note(`flips byte ${flipped.at} of ${flipped.path}`)
  const takeBack = cluster.excuses.give({ node: damageable, reason: isDamaged })
  node.start()
  const untilMs = performance.now() + verdictMsMax
  while (node.isRunning && performance.now() < untilMs) {
    if (await cluster.isReady(damageable)) {
      count(`${kind}-accepted`)
      note(`${damageable} started with it: found when read, or never`)
      rmSync(copy, { recursive: true })
      release() // the excuse stays, as the damage does
      return makeWay(site)
    }
    await sleep(50)
  }
  if (node.isRunning)
    violation(`${damageable} neither started nor refused within ${verdictMsMax} ms: a ${kind} was damaged`)
  else count(`${kind}-refused`)
  note(`${damageable} refuses to start and stays out`)
  return async () => {
    // It remembers that it has lost something and would refuse for good. Since the copy was made it has told nobody anything.
    await node.kill()
    disks.free(damageable)
    rmSync(node.folder, { recursive: true })
    cpSync(copy, node.folder, { recursive: true })
    rmSync(copy, { recursive: true })
    node.folderReplaced()
    takeBack()
    release()
    node.start()
  }
}

/** Only who leads reads for clients: kills another leader, so that the damaged node may become it. */
async function makeWay({ cluster, damageable, note }: FaultSite): Promise<End> {
  const name = await cluster.leader()
  if (name === undefined || name === damageable) return () => {}
  const leader = cluster.node(name)
  note(`kills ${name}, so that ${damageable} may lead`)
  await leader.kill()
  return () => leader.start()
}

export const diskFaults = {
  full: {
    description: 'the file system of one node is full',
    weight: 2,
    holdMs: [2000, 8000],
    sparesMajority: true,
    missing,
    begin: (site) => filled(site, shuffledNames(site).slice(0, 1)),
  },
  'full-all': {
    description: 'the file systems of all nodes are full',
    weight: 1,
    holdMs: [2000, 5000],
    missing,
    begin: (site) => filled(site, site.cluster.names),
  },
  'damage-log': {
    description:
      'a flipped byte in the log of a stopped node: it refuses to start and stays out, until its untouched copy is put back',
    weight: 1,
    holdMs: [1000, 4000],
    sparesMajority: true,
    begin: (site) => damaged(site, 'log'),
  },
  'damage-table': {
    description:
      'a flipped byte in a table of a stopped node: its data is fetched again from another, or it refuses to start',
    weight: 1,
    holdMs: [1000, 4000],
    sparesMajority: true,
    begin: (site) => damaged(site, 'table'),
  },
} as const satisfies Record<string, Fault>
