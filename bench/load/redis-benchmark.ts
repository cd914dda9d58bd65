import type { Endpoint } from '../sides/side.ts'
import { run } from '../tools/child.ts'
import type { Percentiles } from '../tools/histogram.ts'

export interface BenchmarkRun {
  readonly op: 'set' | 'get'
  readonly clients: number
  readonly pipeline: number
  readonly operations: number
  readonly keys: number
  readonly valueBytes: number
}

export interface BenchmarkFigures extends Percentiles {
  readonly opsPerSec: number
}

const msMax = 180_000

/** Debian's redis-benchmark: closed loop, each client with `pipeline` requests in flight. Latencies are those of whole pipelines. */
export async function redisBenchmark({ host, port }: Endpoint, asked: BenchmarkRun): Promise<BenchmarkFigures> {
  const { op, clients, pipeline, operations, keys, valueBytes } = asked
  const text = await run(
    'redis-benchmark',
    [
      ...['-h', host, '-p', `${port}`, '-t', op, '-c', `${clients}`, '-P', `${pipeline}`, '-n', `${operations}`],
      ...['-r', `${keys}`, '-d', `${valueBytes}`, '--precision', '3'],
    ],
    msMax,
  )
  return readFigures(text)
}

/** The line of figures below its head; the average is not captured. */
const latencySummary = new RegExp(`avg\\s+min\\s+p50\\s+p95\\s+p99\\s+max\\s+[\\d.]+${'\\s+([\\d.]+)'.repeat(5)}`)

/**
 * What redis-benchmark 7 prints for one test.
 * @throws Error where it is something else
 */
export function readFigures(text: string): BenchmarkFigures {
  const opsPerSec = Number(/throughput summary: ([\d.]+) requests per second/.exec(text)?.[1])
  const [, , p50Ms, , p99Ms, maxMs] = latencySummary.exec(text)?.map(Number) ?? []
  const p999 = text.matchAll(/([\d.]+)% <= ([\d.]+) milliseconds/g).find(([, part]) => Number(part) >= 99.9)?.[2]
  const figures = { opsPerSec, p50Ms: p50Ms!, p99Ms: p99Ms!, p999Ms: Number(p999), maxMs: maxMs! }
  if (!Object.values(figures).every(Number.isFinite)) {
    throw new Error(`Cannot read what redis-benchmark printed: ${text.slice(-500)}`)
  }
  return figures
}
