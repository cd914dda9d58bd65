import { fill } from '../load/fill.ts'
import { generate } from '../load/generate.ts'
import { Probe } from '../probes/probe.ts'
import { startUnum } from '../sides/unum.ts'
import { markdownTable, short } from '../tools/report.ts'
import { medians } from '../tools/statistics.ts'
import { keys, type Part, type PartOptions, valueBytes } from './part.ts'

interface Row {
  readonly node: string
  readonly isLeader: boolean
  readonly op: 'set' | 'get'
  readonly opsPerSec: number
  /** Of the seconds under load, the worst. */
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  readonly gcMaxMs: number
  /** Part of the time. */
  readonly gcPart: number
}

const connections = 50
const longer = 3

/** How late the event loop of each node is at full load: what heartbeats and other clients wait for. */
export const pauses: Part = async (options) => {
  const rows: Row[] = []
  for (let run = 0; run < options.runs; run++) {
    options.say(`pauses, run ${run + 1} of ${options.runs}`)
    rows.push(...(await measure(options)))
  }
  const groups = Map.groupBy(rows, ({ node, op }) => `${op} ${node}`)
  const lines = [...groups.values()].map((runs) => {
    const row = medians(runs)
    const figures = [row.opsPerSec, row.p99Ms, row.p999Ms, row.maxMs, row.gcMaxMs, row.gcPart * 100]
    return [row.op.toUpperCase(), `${row.node}${row.isLeader ? ' (leader)' : ''}`, ...figures.map(short)]
  })
  const head = [
    'op',
    'node',
    'ops/s',
    'late p99 ms',
    'late p99.9 ms',
    'late max ms',
    'longest gc ms',
    'gc % of the time',
  ]
  const text = `${markdownTable(head, lines, 2)}

How much later than due a timer of 5 ms ran, in the worst second under full load (closed loop, ${connections} connections, through the first node). The bar: p99.9 under a
fifth of the election timeout of 300 ms, so 60 ms. With the probe in the process, throughput is a little lower than without.`
  return { name: 'pauses', title: 'Event-loop delay at full load', text, data: { rows } }
}

async function measure({ dataFolder, secondsPerCase }: PartOptions): Promise<Row[]> {
  using probe = new Probe(dataFolder)
  await using side = await startUnum({ dataFolder, nodeFlags: probe.nodeFlags, env: probe.env })
  const endpoints = side.endpoints.slice(0, 1)
  await fill(endpoints[0]!, keys, valueBytes)
  const leader = await side.leader()
  const rows: Row[] = []
  for (const op of ['set', 'get'] as const) {
    const fromMs = Date.now()
    const seconds = Math.max(3, secondsPerCase * longer)
    const { total } = await generate({ endpoints, op, rate: 0, seconds, connections, keys, valueBytes })
    for (const [k, node] of side.nodeNames.entries()) {
      // The first second has the start of the load in it.
      const loaded = probe
        .read(side.servers[k]!)
        .filter(({ atMs }) => atMs > fromMs + 2000 && atMs < fromMs + seconds * 1000)
      const worst = (key: 'p99Ms' | 'p999Ms' | 'maxMs' | 'gcMaxMs') => Math.max(...loaded.map((second) => second[key]))
      const gcPart = loaded.reduce((sum, { gcSumMs }) => sum + gcSumMs, 0) / (loaded.length * 1000)
      rows.push({
        ...{ node, isLeader: node === leader, op, opsPerSec: total.opsPerSec, gcPart },
        ...{ p99Ms: worst('p99Ms'), p999Ms: worst('p999Ms'), maxMs: worst('maxMs'), gcMaxMs: worst('gcMaxMs') },
      })
    }
  }
  return rows
}
