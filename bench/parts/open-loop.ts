import { fill } from '../load/fill.ts'
import { generate } from '../load/generate.ts'
import type { Interval } from '../load/generator.ts'
import { startRedis } from '../sides/redis.ts'
import type { RedisSide } from '../sides/side.ts'
import { startUnum } from '../sides/unum.ts'
import { markdownTable, short } from '../tools/report.ts'
import { medians } from '../tools/statistics.ts'
import { keys, type Part, type PartOptions, valueBytes } from './part.ts'

interface Row {
  readonly side: 'unum' | 'redis-always'
  readonly op: 'set' | 'get'
  /** Of the rate at which the same generator keeps the same number of connections busy. */
  readonly load: number
  readonly wantedPerSec: number
  readonly total: Interval
  readonly perSecond: readonly Interval[]
}

const connections = 50
const loads = [0.5, 0.9]
/** An open loop is run so many times as long as a case of a closed loop. */
const longer = 5

/** Requests that come when they come: at half and nine tenths of the most, with latencies from when they were due. */
export const openLoop: Part = async (options) => {
  const rows: Row[] = []
  for (let run = 0; run < options.runs; run++) {
    const order = ['unum', 'redis-always'] as const
    for (const side of run % 2 === 0 ? order : order.toReversed()) {
      options.say(`open loop, run ${run + 1} of ${options.runs}: ${side}`)
      rows.push(...(await measure(side, options)))
    }
  }
  const groups = Map.groupBy(rows, ({ side, op, load }) => `${op} ${load} ${side}`)
  const lines = [...groups.values()]
    .map((runs) => {
      const { side, op, load } = runs[0]!
      const { wantedPerSec } = medians(runs.map((run) => ({ wantedPerSec: run.wantedPerSec })))
      const total = medians(runs.map((run) => run.total))
      const { opsPerSec, p50Ms, p99Ms, p999Ms, maxMs, lateP99Ms } = total
      return [
        op.toUpperCase(),
        `${load}`,
        side,
        ...[wantedPerSec, opsPerSec, p50Ms, p99Ms, p999Ms, maxMs, lateP99Ms].map(short),
      ]
    })
    .toSorted((a, b) => (`${a.slice(0, 3)}` < `${b.slice(0, 3)}` ? -1 : 1))
  const head = [
    'op',
    'load',
    'side',
    'asked/s',
    'answered/s',
    'p50 ms',
    'p99 ms',
    'p99.9 ms',
    'max ms',
    'sent late p99 ms',
  ]
  const text = `${markdownTable(head, lines, 3)}

Load is a part of the rate that the same generator reaches in a closed loop of ${connections} connections. Requests come at random moments (a Poisson
process) whatever the server does, and a latency runs from the moment when the request was due, not from when it was sent. "Sent late" is how far
behind the generator itself was. What it was second by second is in the JSON.`
  return { name: 'open-loop', title: 'Open-loop load', text, data: { rows } }
}

async function measure(name: Row['side'], options: PartOptions): Promise<Row[]> {
  const { dataFolder, secondsPerCase } = options
  await using side: RedisSide = await (name === 'unum' ? startUnum({ dataFolder }) : startRedis(name, dataFolder))
  const endpoints = side.endpoints.slice(0, 1)
  await fill(endpoints[0]!, keys, valueBytes)
  const rows: Row[] = []
  for (const op of ['set', 'get'] as const) {
    const asked = { endpoints, op, connections, keys, valueBytes }
    await generate({ ...asked, rate: 0, seconds: secondsPerCase / 2 })
    const most = await generate({ ...asked, rate: 0, seconds: secondsPerCase * 2 })
    for (const load of loads) {
      const wantedPerSec = most.total.opsPerSec * load
      const { total, perSecond } = await generate({ ...asked, rate: wantedPerSec, seconds: secondsPerCase * longer })
      rows.push({ side: name, op, load, wantedPerSec, total, perSecond })
    }
  }
  return rows
}
