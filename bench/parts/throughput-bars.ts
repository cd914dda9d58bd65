import type { SideName } from '../sides/side.ts'
import { markdownTable, short } from '../tools/report.ts'
import type { Row } from './throughput.ts'

interface Bar {
  readonly what: string
  readonly wanted: string
  /** The figure, and whether it holds; undefined where one of the sides was not measured. */
  readonly check: (find: Find) => { readonly figure: string; readonly holds: boolean } | undefined
}

type Find = (side: SideName, op: Row['op'], clients: number, pipeline: number) => Row | undefined

/** Our operations a second over etcd's. */
function timesEtcd(op: Row['op'], clients: number, least: number, aim = ''): Bar {
  return {
    what: `${op === 'set' ? 'writes' : 'reads'}, ${clients} client${clients === 1 ? '' : 's'}, against etcd`,
    wanted: `at least ${least}×${aim}`,
    check(find) {
      const [ours, theirs] = [find('unum', op, clients, 1), find('etcd', op, clients, 1)]
      if (!ours || !theirs) return undefined
      const ratio = ours.opsPerSec / theirs.opsPerSec
      return { figure: `${short(ratio)}×`, holds: ratio >= least }
    },
  }
}

const bars: readonly Bar[] = [
  timesEtcd('set', 50, 5, ', aiming at 8×'),
  timesEtcd('get', 50, 8),
  {
    what: 'p99 of writes, 50 clients, against etcd',
    wanted: 'at most a third',
    check(find) {
      const [ours, theirs] = [find('unum', 'set', 50, 1), find('etcd', 'set', 50, 1)]
      if (!ours || !theirs) return undefined
      const text = `${short(ours.p99Ms)} ms against ${short(theirs.p99Ms)} ms`
      return { figure: text, holds: ours.p99Ms <= theirs.p99Ms / 3 }
    },
  },
  timesEtcd('set', 1, 3),
  timesEtcd('set', 500, 3.5),
  {
    what: 'writes, 50 clients, pipeline 32',
    wanted: 'at least 100,000/s or a third of Redis with appendfsync always; aiming at 150,000/s',
    check(find) {
      const [ours, theirs] = [find('unum', 'set', 50, 32), find('redis-always', 'set', 50, 32)]
      if (!ours || !theirs) return undefined
      const part = ours.opsPerSec / theirs.opsPerSec
      return {
        figure: `${short(ours.opsPerSec)}/s, ${short(part)} of Redis`,
        holds: ours.opsPerSec >= 100_000 || part >= 1 / 3,
      }
    },
  },
]

/** What this project asks of itself, beside what was measured. */
export function barsText(rows: readonly Row[]): string {
  const find: Find = (side, op, clients, pipeline) =>
    rows.find((row) => row.side === side && row.op === op && row.clients === clients && row.pipeline === pipeline)
  const lines = bars.map(({ what, wanted, check }) => {
    const found = check(find)
    return [what, wanted, found?.figure ?? 'not measured', found ? (found.holds ? 'yes' : '**no**') : '–']
  })
  return `## Bars\n\n${markdownTable(['what', 'wanted', 'measured', 'holds'], lines, 4)}`
}
