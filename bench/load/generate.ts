import { join } from 'node:path'
import type { Endpoint } from '../sides/side.ts'
import { Child } from '../tools/child.ts'
import { endedChildrenCpuMs } from '../tools/proc.ts'
import { node } from '../tools/root.ts'
import type { Interval } from './generator.ts'

export interface LoadRun {
  readonly endpoints: readonly Endpoint[]
  readonly op: 'set' | 'get' | 'mixed' | 'fill'
  readonly seconds: number
  /** Requests a second, open loop; 0: closed loop. */
  readonly rate: number
  readonly connections: number
  /** Requests in flight per connection, closed loop only. */
  readonly depth?: number
  readonly keys: number
  readonly valueBytes: number
  readonly setShare?: number
  readonly onSecond?: (interval: Interval) => void
}

export interface LoadResult {
  readonly perSecond: readonly Interval[]
  readonly total: Interval
  readonly clientCpuMs: number
}

const overheadMsMax = 30_000
const program = join(import.meta.dirname, 'generator.ts')

/** Runs the load generator as a process of its own. */
export async function generate(asked: LoadRun): Promise<LoadResult> {
  const perSecond: Interval[] = []
  const at = asked.endpoints.map(({ host, port }) => `${host}:${port}`).join(',')
  const cpuFromMs = endedChildrenCpuMs()
  await using child = new Child(
    node,
    [
      ...[program, '--at', at, '--op', asked.op, '--seconds', `${asked.seconds}`, '--rate', `${asked.rate}`],
      ...['--connections', `${asked.connections}`, '--depth', `${asked.depth ?? 1}`, '--keys', `${asked.keys}`],
      ...['--value-bytes', `${asked.valueBytes}`, '--set-share', `${asked.setShare ?? 0.5}`],
    ],
    {
      onLine(line) {
        const interval = JSON.parse(line) as Interval
        if (interval.second === undefined) return
        perSecond.push(interval)
        asked.onSecond?.(interval)
      },
    },
  )
  const text = await child.finish(asked.seconds * 1000 + overheadMsMax)
  const total = JSON.parse(text.trimEnd().split('\n').at(-1)!) as Interval
  return { perSecond, total, clientCpuMs: endedChildrenCpuMs() - cpuFromMs }
}
