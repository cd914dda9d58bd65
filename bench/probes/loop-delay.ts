/**
 * Loaded into the processes of a cluster (`node --import`): writes once a second, to `$UNUM_BENCH_PROBE/PID.jsonl`, how late the event
 * loop was and how long the garbage collector stopped it.
 */
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'

/** One line. Times in ms. */
export interface LoopSecond {
  /** Milliseconds since the epoch, at the end of the second. */
  readonly atMs: number
  /** How much later than due a timer of the loop ran. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
  readonly gcMaxMs: number
  readonly gcSumMs: number
}

const folder = process.env.UNUM_BENCH_PROBE
if (folder !== undefined) {
  /** Of the timer that is watched; a delay includes it. */
  const resolutionMs = 5
  const delays = monitorEventLoopDelay({ resolution: resolutionMs })
  delays.enable()
  let gcMaxMs = 0
  let gcSumMs = 0
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      gcMaxMs = Math.max(gcMaxMs, duration)
      gcSumMs += duration
    }
  }).observe({ entryTypes: ['gc'] })
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolutionMs)
  const timer = setInterval(() => {
    const second: LoopSecond = {
      atMs: Date.now(),
      p50Ms: late(delays.percentile(50)),
      p99Ms: late(delays.percentile(99)),
      p999Ms: late(delays.percentile(99.9)),
      maxMs: late(delays.max),
      gcMaxMs,
      gcSumMs,
    }
    delays.reset()
    gcMaxMs = 0
    gcSumMs = 0
    appendFileSync(join(folder, `${process.pid}.jsonl`), `${JSON.stringify(second)}\n`)
  }, 1000)
  timer.unref()
}
