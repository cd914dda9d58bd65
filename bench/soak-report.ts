import type { Interval } from './load/generator.ts'
import type { LoopSecond } from './probes/loop-delay.ts'
import { markdownTable, short } from './tools/report.ts'
import { median } from './tools/statistics.ts'
import { type Panel, plot } from './tools/svg.ts'

/** A second of the soak. Arrays are by node. */
export interface SoakSecond {
  readonly interval: Interval
  readonly atMs: number
  readonly residentMb: readonly number[]
  /** Written to the disk since the start of the soak, by all nodes: log, flushes and compaction. */
  readonly writtenMb: number
  tableMb: readonly number[]
  logMb: readonly number[]
  loop: (LoopSecond | undefined)[]
}

export interface SoakFacts {
  readonly rows: readonly SoakSecond[]
  readonly nodes: readonly string[]
  readonly total: Interval
  readonly rate: number
  readonly keys: number
  readonly valueBytes: number
  readonly setShare: number
  /** In values of the soak's own SETs. */
  readonly userBytes: number
  readonly fillPerSec: number
}

/** Columns by node: name and value. */
const byNode: readonly (readonly [string, (row: SoakSecond, k: number) => number | undefined])[] = [
  ['resident_mb', (row, k) => row.residentMb[k]],
  ['table_mb', (row, k) => row.tableMb[k]],
  ['log_mb', (row, k) => row.logMb[k]],
  ['loop_late_p99_ms', (row, k) => row.loop[k]?.p99Ms],
  ['loop_late_max_ms', (row, k) => row.loop[k]?.maxMs],
  ['gc_max_ms', (row, k) => row.loop[k]?.gcMaxMs],
]

export function csvOf(rows: readonly SoakSecond[], nodes: readonly string[]): string {
  const own = ['opsPerSec', 'p50Ms', 'p99Ms', 'p999Ms', 'maxMs', 'errors', 'lateP99Ms'] as const
  const head = ['second', ...own, 'written_mb', ...byNode.flatMap(([name]) => nodes.map((node) => `${node}_${name}`))]
  const number = (value: number | undefined) =>
    value === undefined || Number.isNaN(value) ? '' : `${Math.round(value * 1000) / 1000}`
  const lines = rows.map((row) => [
    `${row.interval.second}`,
    ...own.map((key) => number(row.interval[key])),
    number(row.writtenMb),
    ...byNode.flatMap(([, read]) => nodes.map((_, k) => number(read(row, k)))),
  ])
  return `${[head, ...lines].map((cells) => cells.join(',')).join('\n')}\n`
}

export function plotOf(rows: readonly SoakSecond[], nodes: readonly string[], title: string): string {
  const own = (label: string, key: 'opsPerSec' | 'p50Ms' | 'p99Ms' | 'p999Ms' | 'maxMs') => {
    return { label, values: rows.map(({ interval }) => interval[key]) }
  }
  const each = (wanted: string) => {
    const [, read] = byNode.find(([name]) => name === wanted)!
    return nodes.map((label, k) => ({ label, values: rows.map((row) => read(row, k)) }))
  }
  const writeRate = rows.map((row, i) => (i === 0 ? undefined : row.writtenMb - rows[i - 1]!.writtenMb))
  const panels: Panel[] = [
    { title: 'Answered', unit: 'requests/s', lines: [own('all', 'opsPerSec')] },
    {
      ...{ title: 'Latency from when a request was due', unit: 'ms, logarithmic', isLogarithmic: true },
      lines: [own('p50', 'p50Ms'), own('p99', 'p99Ms'), own('p99.9', 'p999Ms'), own('max', 'maxMs')],
    },
    { title: 'Event loop late, longest in a second', unit: 'ms', lines: each('loop_late_max_ms') },
    { title: 'Longest garbage collection in a second', unit: 'ms', lines: each('gc_max_ms') },
    { title: 'Resident memory', unit: 'MB', lines: each('resident_mb') },
    { title: 'Tables on disk', unit: 'MB', lines: each('table_mb') },
    {
      title: 'Written to the disk: log, flushes, compaction',
      unit: 'MB/s',
      lines: [{ label: 'all nodes', values: writeRate }],
    },
  ]
  return plot(
    title,
    rows.map(({ interval }) => interval.second!),
    panels,
  )
}

export function summaryOf(facts: SoakFacts): string {
  const { rows, nodes, total, rate, keys, valueBytes, setShare, userBytes, fillPerSec } = facts
  const p999 = rows.map(({ interval }) => interval.p999Ms)
  const last = rows.at(-1)!
  const lines = nodes.map((node, k) => {
    const worst = (read: (second: LoopSecond) => number) =>
      Math.max(...rows.flatMap(({ loop }) => loop[k] ?? []).map(read))
    const resident = rows.map((row) => row.residentMb[k]!)
    return [
      ...[node, short(resident[0]!), short(Math.max(...resident)), short(resident.at(-1)!)],
      short(last.tableMb[k] ?? Number.NaN),
      ...[short(worst(({ maxMs }) => maxMs)), short(worst(({ gcMaxMs }) => gcMaxMs))],
    ]
  })
  const head = ['node', 'MB at first', 'MB at most', 'MB at last', 'tables MB', 'loop late max ms', 'gc max ms']
  return `${keys.toLocaleString('en')} keys of ${valueBytes} bytes (${short((keys * valueBytes) / 2 ** 20)} MB), filled at ${short(fillPerSec)} writes/s; then ${short(rows.length / 60)} minutes,
open loop, ${short(rate)} requests/s asked and ${short(total.opsPerSec)} answered, ${short(setShare * 100)} % of them writes, random keys, all through the first node.

Over all: p50 ${short(total.p50Ms)} ms, p99 ${short(total.p99Ms)} ms, p99.9 ${short(total.p999Ms)} ms, longest ${short(total.maxMs)} ms, ${total.errors} errors. The p99.9 of single seconds:
median ${short(median(p999))} ms, largest ${short(Math.max(...p999))} ms.

${markdownTable(head, lines)}

To the disk went ${short(last.writtenMb)} MB (log, flushes and compaction of all nodes, and whatever else wrote there): ${short((last.writtenMb * 2 ** 20) / userBytes / nodes.length)} bytes per node for each byte
of value that clients gave. Second by second: \`soak.csv\`, and as a plot \`soak.svg\`.`
}
