import { existsSync } from 'node:fs'
import { etcdLoad } from '../load/etcd-load.ts'
import { fill } from '../load/fill.ts'
import { redisBenchmark } from '../load/redis-benchmark.ts'
import { etcdIsMissing, etcdProgram, startEtcd } from '../sides/etcd.ts'
import { freePorts } from '../sides/ports.ts'
import { type Condition, conditions, SlowSync, slowDiskIsMissing, startRelay } from '../slow/conditions.ts'
import { startEtcdByHand } from '../slow/etcd-by-hand.ts'
import { startUnumByHand } from '../slow/unum-by-hand.ts'
import { shout } from '../tools/machine.ts'
import { markdownTable, short } from '../tools/report.ts'
import { medians } from '../tools/statistics.ts'
import { keys, type Part, type PartOptions, valueBytes } from './part.ts'

interface Row {
  readonly condition: string
  readonly side: 'unum' | 'etcd'
  readonly op: 'set' | 'get'
  readonly clients: number
  readonly opsPerSec: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  /** Round trip through the relay, measured; NaN without one. */
  readonly relayMs: number
}

const cases = [
  { op: 'set', clients: 1 },
  { op: 'set', clients: 50 },
  { op: 'set', clients: 500 },
  { op: 'get', clients: 50 },
] as const

/** Slower disks and networks than this machine's, on both sides alike. */
export const slow: Part = async (options) => {
  const sides: Row['side'][] = ['unum', 'etcd']
  const noEtcd = etcdIsMissing()
  if (noEtcd) {
    shout(`SKIPPED: ${noEtcd}`)
    sides.pop()
  } else if (!existsSync(etcdProgram())) await (await startEtcd(options.dataFolder))[Symbol.asyncDispose]() // builds it
  const noSlowDisk = slowDiskIsMissing()
  if (noSlowDisk) shout(`SKIPPED: slow disks: ${noSlowDisk}`)
  const rows: Row[] = []
  for (let run = 0; run < options.runs; run++) {
    for (const condition of conditions) {
      if (noSlowDisk && condition.syncMs > 0) continue
      for (const side of run % 2 === 0 ? sides : sides.toReversed()) {
        options.say(`slow, run ${run + 1} of ${options.runs}: ${side}, ${condition.name}`)
        rows.push(...(await measure(side, condition, options)))
      }
    }
  }
  const merged = [...Map.groupBy(rows, (row) => `${row.condition} ${row.op} ${row.clients} ${row.side}`).values()].map(
    (runs) => medians(runs),
  )
  return {
    name: 'slow',
    title: 'Slow disks and slow networks',
    text: describe(merged),
    data: { medians: merged, runs: rows },
  }
}

async function measure(name: Row['side'], condition: Condition, options: PartOptions): Promise<Row[]> {
  const { dataFolder, secondsPerCase: seconds } = options
  using slowSync = condition.syncMs > 0 ? new SlowSync(dataFolder, condition.syncMs) : undefined
  const peerPorts = await freePorts(3)
  await using relay = condition.roundTripMs > 0 ? await startRelay(peerPorts, condition.roundTripMs) : undefined
  const reachedAt = relay?.ports ?? peerPorts
  const common = { condition: condition.name, side: name, relayMs: relay?.measuredMs ?? Number.NaN }
  const rows: Row[] = []
  if (name === 'etcd') {
    await using side = await startEtcdByHand(dataFolder, peerPorts, reachedAt, slowSync?.tracer ?? [])
    for (const { op, clients } of cases) {
      const asked = { op: op === 'set' ? 'put' : 'get', clients, seconds, keys, valueBytes } as const
      const { opsPerSec, p50Ms, p99Ms, p999Ms } = await etcdLoad(side.endpoints, [], asked)
      rows.push({ ...common, op, clients, opsPerSec, p50Ms, p99Ms, p999Ms })
    }
  } else {
    await using side = await startUnumByHand(dataFolder, peerPorts, reachedAt, slowSync?.env ?? {})
    const [endpoint] = side.endpoints
    await fill(endpoint!, keys, valueBytes)
    for (const { op, clients } of cases) {
      const load = (operations: number) =>
        redisBenchmark(endpoint!, { op, clients, pipeline: 1, operations, keys, valueBytes })
      const pilot = await load(Math.max(200, clients * 8))
      const { opsPerSec, p50Ms, p99Ms, p999Ms } = await load(
        Math.max(clients * 8, Math.round(pilot.opsPerSec * seconds)),
      )
      rows.push({ ...common, op, clients, opsPerSec, p50Ms, p99Ms, p999Ms })
    }
  }
  return rows
}

function describe(rows: readonly Row[]): string {
  const tables = conditions.map(({ name }) => {
    const lines = cases.flatMap(({ op, clients }) => {
      const found = rows.filter((row) => row.condition === name && row.op === op && row.clients === clients)
      const theirs = found.find(({ side }) => side === 'etcd')
      return found.map((row) => {
        const ratio = row.side === 'unum' && theirs ? `${short(row.opsPerSec / theirs.opsPerSec)}×` : ''
        return [
          op.toUpperCase(),
          `${clients}`,
          row.side,
          short(row.opsPerSec),
          ratio,
          ...[row.p50Ms, row.p99Ms, row.p999Ms].map(short),
        ]
      })
    })
    const relayMs = rows.find((row) => row.condition === name && !Number.isNaN(row.relayMs))?.relayMs
    const measured =
      relayMs === undefined ? '' : ` A message there and back through the relay took ${short(relayMs)} ms.`
    const head = ['op', 'clients', 'side', 'ops/s', 'of etcd', 'p50 ms', 'p99 ms', 'p99.9 ms']
    const body =
      lines.length > 0 ? markdownTable(head, lines, 3) : 'Skipped: see above for the reason that was printed.'
    return `## ${name[0]!.toUpperCase()}${name.slice(1)}\n\n${body}${measured === '' ? '' : `\n\n${measured.trim()}`}`
  })
  return `${tables.join('\n\n')}

## How

**Syncs.** Every fsync and fdatasync takes so much longer, in the thread that asked for it; with us also each write through a descriptor that
syncs by itself. In our processes a preloaded library does it; etcd is linked statically, so there a tracer that stops at these two system
calls only (strace with seccomp-bpf). **Round trips.** Connections between nodes go through a relay, the same program on both sides, half of the time
each way; it takes its part of the processors on both. Clients reach the nodes directly. The clients are not the same: see the throughput.`
}
