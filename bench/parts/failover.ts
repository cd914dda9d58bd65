import { setTimeout as sleep } from 'node:timers/promises'
import { AcknowledgedWrites } from '../load/acknowledged-writes.ts'
import { startUnum, type UnumSide } from '../sides/unum.ts'
import { signal } from '../tools/child.ts'
import { markdownTable, short } from '../tools/report.ts'
import { median } from '../tools/statistics.ts'
import type { Part, PartOptions } from './part.ts'

interface Kill {
  readonly run: number
  readonly victim: string
  /** What it was of the shard that holds the keys. */
  readonly role: 'leader' | 'follower'
  readonly acknowledged: number
  /** The longest time in which no write of any client was acknowledged, and the longest before the kill. */
  readonly gapMs: number
  readonly gapBeforeMs: number
  /** The longest that one client was without an acknowledgement. */
  readonly clientGapMs: number
  /** Acknowledged writes that a node did not have afterwards: the sum over all three nodes. */
  readonly lost: number
}

const clients = 30
const steadyMs = 2000
const afterMsMin = 3000
const backMsMax = 30_000

/** `kill -9` of the leader, and of each node in turn, under load from clients of all nodes. */
export const failover: Part = async (options) => {
  const kills: Kill[] = []
  for (let run = 0; run < options.runs; run++) kills.push(...(await killEach(options, run)))
  const rows = kills.map(({ run, victim, role, acknowledged, gapMs, gapBeforeMs, clientGapMs, lost }) => [
    ...[`${run + 1}`, `${victim} (${role})`, short(acknowledged), short(gapBeforeMs), short(gapMs), short(clientGapMs)],
    `${lost}`,
  ])
  const head = [
    'run',
    'killed',
    'writes acknowledged',
    'longest gap before, ms',
    'longest gap, ms',
    'one client waited, ms',
    'lost',
  ]
  const gaps = (role: Kill['role']) => kills.filter((kill) => kill.role === role).map(({ gapMs }) => gapMs)
  const lost = kills.reduce((sum, kill) => sum + kill.lost, 0)
  const [ofLeader, ofFollower] = [gaps('leader'), gaps('follower')]
  const text = `Killing the leader stopped all writes for ${short(median(ofLeader))} ms (median; longest ${short(Math.max(...ofLeader))}), killing
a follower for ${short(median(ofFollower))} ms (longest ${short(Math.max(...ofFollower))}). **${lost} acknowledged writes were lost.** The bar: under 1,000 ms, and none.

${markdownTable(head, rows, 2)}

${clients} clients, spread over the three nodes, write a key of its own after the other, each one after the last is acknowledged; one whose
connection breaks goes on at the next node. Afterwards every acknowledged key is read at every node.`
  return { name: 'failover', title: 'kill -9 under load', text, data: { kills } }
}

async function killEach({ dataFolder, say }: PartOptions, run: number): Promise<Kill[]> {
  await using side = await startUnum({ dataFolder })
  const kills: Kill[] = []
  for (const wanted of ['leader', ...side.nodeNames]) {
    await side.whenReady()
    const leader = await side.leader()
    const victim = wanted === 'leader' ? leader : wanted
    if (victim === undefined) throw new Error('no node leads the keys')
    say(`failover, run ${run + 1}: kill -9 of ${victim}${victim === leader ? ', the leader' : ''}`)
    const round = `${run}-${kills.length}`
    kills.push({
      run,
      victim,
      role: victim === leader ? 'leader' : 'follower',
      ...(await killUnderLoad(side, victim, round)),
    })
  }
  return kills
}

async function killUnderLoad(side: UnumSide, victim: string, round: string) {
  using writes = new AcknowledgedWrites(side.endpoints, clients, `failover:${round}`)
  await sleep(steadyMs)
  const gapBeforeMs = writes.longestGapMs
  writes.resetGaps()
  const killed = side.pidOf(victim)
  signal(killed, 'SIGKILL')
  await sleep(afterMsMin)
  const untilMs = performance.now() + backMsMax
  while (side.pidOf(victim) === killed) {
    if (performance.now() > untilMs) throw new Error(`${victim} was not started again within ${backMsMax} ms`)
    await sleep(20)
  }
  await writes.stop()
  const { longestGapMs: gapMs, longestClientGapMs: clientGapMs, count: acknowledged } = writes
  await side.whenReady()
  let lost = 0
  for (const endpoint of side.endpoints) lost += await writes.countMissingAt(endpoint)
  return { acknowledged, gapMs, gapBeforeMs, clientGapMs, lost }
}
