import { etcdLoad } from '../load/etcd-load.ts'
import { fill } from '../load/fill.ts'
import { redisBenchmark } from '../load/redis-benchmark.ts'
import { etcdIsMissing, startEtcd } from '../sides/etcd.ts'
import { startRedis } from '../sides/redis.ts'
import { type RedisSide, type SideName, sideLabels } from '../sides/side.ts'
import { startUnum } from '../sides/unum.ts'
import { shout } from '../tools/machine.ts'
import { cpuMs, endedChildrenCpuMs, residentMb } from '../tools/proc.ts'
import { markdownTable, short } from '../tools/report.ts'
import { medians } from '../tools/statistics.ts'
import { keys, type Part, type PartOptions, valueBytes } from './part.ts'
import { barsText } from './throughput-bars.ts'

export interface Case {
  readonly op: 'set' | 'get'
  readonly clients: number
  readonly pipeline: number
}

/** One case on one side, once. */
export interface Row extends Case {
  readonly side: SideName
  readonly opsPerSec: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  /** Processor time per operation, node by node. */
  readonly serverCpuUs: readonly number[]
  readonly serverCpuUsSum: number
  readonly clientCpuUs: number
  /** After the case, node by node. */
  readonly residentMb: readonly number[]
}

const sideOrder: readonly SideName[] = ['unum', 'etcd', 'redis-always', 'redis-memory']

const cases: readonly Case[] = (['set', 'get'] as const).flatMap((op) =>
  [1, 32].flatMap((pipeline) => [1, 50, 500].map((clients) => ({ op, clients, pipeline }))),
)

/** Ours against three etcd nodes and one Redis: closed loop, all through the first node. */
export const throughput: Part = async (options) => {
  const sides = [...sideOrder]
  const missing = etcdIsMissing()
  if (missing) {
    shout(`SKIPPED: ${missing}`)
    sides.splice(sides.indexOf('etcd'), 1)
  }
  const rows: Row[] = []
  const versions: Partial<Record<SideName, string>> = {}
  for (let run = 0; run < options.runs; run++) {
    // Each run begins with another side, so that none always has the warm or the cold machine.
    for (let i = 0; i < sides.length; i++) {
      const name = sides[(i + run) % sides.length]!
      options.say(`throughput, run ${run + 1} of ${options.runs}: ${name}`)
      const measured = name === 'etcd' ? await measureEtcd(options) : await measureRedis(name, options)
      versions[name] = measured.version
      rows.push(...measured.rows)
    }
  }
  const merged = mergeRuns(rows)
  return {
    ...{ name: 'throughput', title: 'Throughput and latency beside etcd and Redis' },
    text: [...sections(merged, versions), barsText(merged), notes].join('\n\n'),
    data: { versions, medians: merged, runs: rows },
  }
}

const startOf = {
  unum: (dataFolder: string) => startUnum({ dataFolder }),
  'redis-always': (dataFolder: string) => startRedis('redis-always', dataFolder),
  'redis-memory': (dataFolder: string) => startRedis('redis-memory', dataFolder),
}

async function measureRedis(
  name: keyof typeof startOf,
  options: PartOptions,
): Promise<{ rows: Row[]; version: string }> {
  await using side = await startOf[name](options.dataFolder)
  const [endpoint] = side.endpoints
  await fill(endpoint!, keys, valueBytes)
  const rows: Row[] = []
  for (const wanted of cases) rows.push(await measureCase(name, side, wanted, options.secondsPerCase))
  return { rows, version: side.version }
}

async function measureCase(name: SideName, side: RedisSide, wanted: Case, seconds: number): Promise<Row> {
  const load = (operations: number) => redisBenchmark(side.endpoints[0]!, { ...wanted, operations, keys, valueBytes })
  const atOnce = wanted.clients * wanted.pipeline
  // A pilot, also as the warm-up, tells how many operations take the time that is wanted.
  const pilot = await load(Math.max(4 * atOnce, 2000))
  const better = await load(Math.max(4 * atOnce, Math.round(pilot.opsPerSec * Math.min(1, seconds / 4))))
  const operations = Math.max(8 * atOnce, Math.round(better.opsPerSec * seconds))
  const servers = side.servers
  const before = { servers: servers.map(cpuMs), client: endedChildrenCpuMs() }
  const { opsPerSec, p50Ms, p99Ms, p999Ms } = await load(operations)
  const serverCpuUs = servers.map((pid, i) => ((cpuMs(pid) - before.servers[i]!) * 1000) / operations)
  return {
    ...{ side: name, ...wanted, opsPerSec, p50Ms, p99Ms, p999Ms },
    ...{ serverCpuUs, serverCpuUsSum: sum(serverCpuUs), residentMb: servers.map(residentMb) },
    clientCpuUs: ((endedChildrenCpuMs() - before.client) * 1000) / operations,
  }
}

async function measureEtcd(options: PartOptions): Promise<{ rows: Row[]; version: string }> {
  await using side = await startEtcd(options.dataFolder)
  const rows: Row[] = []
  // Its protocol knows no pipelines: requests share connections instead.
  for (const wanted of cases.filter(({ pipeline }) => pipeline === 1)) {
    const { op, clients } = wanted
    const asked = {
      op: op === 'set' ? 'put' : 'get',
      clients,
      seconds: options.secondsPerCase,
      keys,
      valueBytes,
    } as const
    const figures = await etcdLoad(side.endpoints, side.servers, asked)
    const { opsPerSec, p50Ms, p99Ms, p999Ms, errors } = figures
    if (errors > 0) throw new Error(`etcd answered ${errors} requests with errors`)
    const serverCpuUs = figures.serverCpuMsPerSec.map((ms) => (ms * 1000) / opsPerSec)
    rows.push({
      ...{ side: 'etcd', ...wanted, opsPerSec, p50Ms, p99Ms, p999Ms },
      ...{ serverCpuUs, serverCpuUsSum: sum(serverCpuUs), residentMb: side.servers.map(residentMb) },
      clientCpuUs: (figures.clientCpuMsPerSec * 1000) / opsPerSec,
    })
  }
  return { rows, version: side.version }
}

function mergeRuns(rows: readonly Row[]): Row[] {
  const groups = Map.groupBy(rows, ({ side, op, clients, pipeline }) => `${op} ${pipeline} ${clients} ${side}`)
  return [...groups.values()].map((runs) => medians(runs))
}

function sections(rows: readonly Row[], versions: Partial<Record<SideName, string>>): string[] {
  const sidesText = Object.entries(versions).map(
    ([side, version]) => `- **${side}**: ${sideLabels[side as SideName]}; ${version}`,
  )
  const head = [
    'clients',
    'side',
    'ops/s',
    'p50 ms',
    'p99 ms',
    'p99.9 ms',
    'server CPU µs/op',
    'by node',
    'client CPU µs/op',
    'resident MB',
  ]
  const tables = [...Map.groupBy(cases, ({ op, pipeline }) => `${op.toUpperCase()}, pipeline ${pipeline}`)].map(
    ([title, group]) => {
      const lines = group.flatMap(({ op, clients, pipeline }) =>
        rows
          .filter((row) => row.op === op && row.clients === clients && row.pipeline === pipeline)
          .toSorted((a, b) => sideOrder.indexOf(a.side) - sideOrder.indexOf(b.side))
          .map((row) => cells(row)),
      )
      return `## ${title}\n\n${markdownTable(head, lines, 2)}`
    },
  )
  return [sidesText.join('\n'), ...tables]
}

function cells(row: Row): string[] {
  const list = (values: readonly number[]) => values.map(short).join(' ')
  const latencies = [row.p50Ms, row.p99Ms, row.p999Ms].map(short)
  return [
    ...[`${row.clients}`, row.side, short(row.opsPerSec), ...latencies],
    ...[short(row.serverCpuUsSum), list(row.serverCpuUs), short(row.clientCpuUs), list(row.residentMb)],
  ]
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0)

const notes = `## Notes

- **The clients are not the same**: Debian's redis-benchmark (C, one connection per client) for what speaks the Redis protocol,
  etcd's own Go client (at most 50 connections, requests share them) for etcd. The shape of the load is the same: so many requests in flight,
  closed loop, ${valueBytes}-byte values, ${keys.toLocaleString('en')} keys. Ours is loaded through the first node alone; etcd's
  client spreads its connections over all three nodes, as it is meant to, and reads 1,000 keys only.
- Redis is one process that replicates nothing; it is here for orientation.
- With a pipeline of 32 the latencies are those of 32 requests that leave and arrive together.
- Memory at Unum and Redis grows from case to case, as they run one after the other on the same processes.`
