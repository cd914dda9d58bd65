import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createRandom } from '#kernel/base/random.ts'
import { ChaosCluster } from './cluster/chaos-cluster.ts'
import type { Disks } from './cluster/disks.ts'
import { damageFound } from './faults/damage.ts'
import type { FaultName } from './faults/faults.ts'
import { faults } from './faults/faults.ts'
import { Nemesis } from './faults/nemesis.ts'
import type { Fault } from './faults/site.ts'
import { Filler } from './load/filler.ts'
import { longestGapMs } from './load/gaps.ts'
import { Load } from './load/load.ts'
import type { ChaosNetwork } from './network/chaos-network.ts'
import { clientsPlace } from './network/chaos-network.ts'
import { Links } from './network/links.ts'
import type { ChaosOptions } from './options.ts'
import type { ChaosReport } from './report.ts'

export interface ChaosSurroundings {
  readonly names: readonly string[]
  readonly network: ChaosNetwork
  readonly disks: Disks
  /** Told what happens, for people. */
  readonly note: (text: string) => void
}

const formMsMax = 60_000
/** From the end of the last fault on, for every node to be ready, every client to have its replies, every key to be read everywhere. */
const progressMsMax = 60_000
const lookMs = 20
const fillerValueBytes = 128 << 10
const fillerBytesPerSecond = 2 << 20

/** Breaks a cluster for the time asked for, heals it, demands progress, and judges all that was answered. */
export async function runChaos(options: ChaosOptions, surroundings: ChaosSurroundings): Promise<ChaosReport> {
  const { names, network, disks, note } = surroundings
  const violations: string[] = []
  const violation = (text: string) => {
    if (violations.includes(text)) return
    note(`VIOLATION: ${text}`)
    violations.push(text)
  }
  const random = createRandom(options.seed)
  const cluster = new ChaosCluster({ names, network, disks, note, violation })
  const addresses = names.map((name) => network.reach(clientsPlace, name, 'redis'))
  using load = new Load({ names, addresses, random: random.child('load'), operationsPerSecond: options.rate })
  using filler = new Filler({
    ...{ addresses, violation },
    valueBytes: fillerValueBytes,
    bytesPerSecond: fillerBytesPerSecond,
  })
  const { possible, skipped } = whatIsPossible(options.faults, disks)
  for (const [name, why] of Object.entries(skipped)) note(`NOT TRIED: ${name}, as ${why}`)
  const damageable = names[random.child('damage').below(names.length)]!
  const nemesis = new Nemesis({
    site: {
      ...{ cluster, disks, damageable, note, violation },
      links: new Links(network),
      random: random.child('nemesis'),
    },
    names: possible,
    acknowledged: () => load.acknowledgedWrites().length,
  })
  const keep = (what: string) => keepEvidence(options.keep, what, load, surroundings)

  await cluster.form(formMsMax)
  note('the cluster answers')
  load.start()
  filler.start()
  const broken = possible.length > 0 ? nemesis.run() : undefined
  await sleep(options.minutes * 60_000)
  nemesis.stop()
  await broken
  note('all faults are over')

  const healedMs = performance.now()
  const leftMs = () => progressMsMax - (performance.now() - healedMs)
  cluster.revive()
  const isReady = await cluster.whenReady(names, leftMs())
  if (!isReady) violation(`not all nodes were ready within ${progressMsMax} ms after the last fault`)
  load.finish()
  filler.finish()
  await until(
    () => load.isFinished,
    leftMs(),
    violation,
    () => 'not every client had its replies',
  )
  const left = load.probe('after')
  const isWhole = await until(
    () => Object.values(left()).every((count) => count === 0),
    leftMs(),
    violation,
    () => `not every node answered for every key; still to be read: ${JSON.stringify(left())}`,
  )
  for (const problem of await readFiller(filler, names, leftMs())) violation(problem)
  const recoveryMs = isReady && isWhole ? performance.now() - healedMs : undefined
  keep('before the verdict')
  await cluster.stop()

  const checkedMs = performance.now()
  violations.push(...load.judge())
  return {
    seed: options.seed,
    verdict: violations.length === 0 ? 'pass' : 'fail',
    violations,
    nodes: names.length,
    faultSeconds: Math.round(options.minutes * 60),
    network: network.description,
    disks: disks.description,
    skipped,
    load: load.description,
    operations: load.answered,
    refused: load.refused,
    lost: load.lost,
    keys: load.keyCount,
    filledBytes: filler.ledger.acknowledgedBytes,
    faults: nemesis.counts,
    damageFound: damageFound(cluster.node(damageable).folder),
    excusedEnds: cluster.excusedEnds,
    longestGapMs: Math.round(longestGapMs(load.acknowledgedWrites())),
    recoveryMs: recoveryMs === undefined ? undefined : Math.round(recoveryMs),
    checkMs: Math.round(performance.now() - checkedMs),
  }
}

function whatIsPossible(names: readonly FaultName[], disks: Disks) {
  const skipped: Record<string, string> = {}
  const possible = names.filter((name) => {
    const fault: Fault = faults[name]
    const why = fault.missing?.({ disks })
    if (why !== undefined) skipped[name] = why
    return why === undefined
  })
  return { possible, skipped }
}

async function until(
  condition: () => boolean,
  withinMs: number,
  violation: (text: string) => void,
  what: () => string,
): Promise<boolean> {
  const endMs = performance.now() + withinMs
  while (!condition()) {
    if (performance.now() > endMs) {
      violation(`no progress within ${progressMsMax} ms after the last fault: ${what()}`)
      return false
    }
    await sleep(lookMs)
  }
  return true
}

/** Reads the large values through every node. @returns what was wrong */
async function readFiller(filler: Filler, names: readonly string[], withinMs: number): Promise<string[]> {
  const endMs = performance.now() + withinMs
  const problems: string[] = []
  for (const [i, name] of names.entries()) {
    let wrong = await filler.readAll(i)
    while (wrong === undefined && performance.now() < endMs) {
      await sleep(lookMs)
      wrong = await filler.readAll(i)
    }
    problems.push(...(wrong ?? ['it does not answer for the large values']).map((text) => `${name}: ${text}`))
  }
  return problems
}

function keepEvidence(folder: string | undefined, what: string, load: Load, surroundings: ChaosSurroundings): void {
  if (folder === undefined) return
  const { names, disks, note } = surroundings
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'history.jsonl'), `${[...load.historyLines()].join('\n')}\n`)
  for (const name of names) cpSync(join(disks.folderOf(name), 'node/node.log'), join(folder, `${name}.log`))
  note(`kept the history and the nodes' logs in ${folder}, ${what}`)
}
