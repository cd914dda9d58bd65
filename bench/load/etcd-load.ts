import { join } from 'node:path'
import { etcdScripts } from '../sides/etcd.ts'
import { Child } from '../tools/child.ts'
import { cpuMs } from '../tools/proc.ts'

export interface EtcdFigures {
  readonly opsPerSec: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly errors: number
}

export interface EtcdRun {
  readonly op: 'put' | 'get'
  readonly clients: number
  readonly seconds: number
  readonly keys: number
  readonly valueBytes: number
}

/** Processor time per second of wall time, in the steady part of a run. */
export interface EtcdUsage {
  readonly serverCpuMsPerSec: readonly number[]
  readonly clientCpuMsPerSec: number
}

const sampleMs = 100
const startMsMax = 30_000
/** The client's last moments, in which it sorts and prints, are not load. */
const tailMs = 400

/**
 * etcd's own Go client, closed loop, up to 50 connections. It warms up for a second that it does not count: so processor time is
 * taken from the steady part before its end.
 */
export async function etcdLoad(
  endpoints: string,
  servers: readonly number[],
  asked: EtcdRun,
): Promise<EtcdFigures & EtcdUsage> {
  const { op, clients, seconds, keys, valueBytes } = asked
  await using client = new Child(join(etcdScripts, 'run-load'), [
    ...['-endpoints', endpoints, '-op', op, '-clients', `${clients}`, '-seconds', `${seconds}`],
    ...['-bytes', `${valueBytes}`, '-keys', `${keys}`],
  ])
  const samples: { atMs: number; cpu: number[] }[] = []
  const sample = () => {
    try {
      samples.push({ atMs: performance.now(), cpu: [client.pid, ...servers].map(cpuMs) })
    } catch {
      // The client has just ended.
    }
  }
  const timer = setInterval(sample, sampleMs)
  try {
    const figures = JSON.parse(await client.finish(startMsMax + seconds * 1000)) as EtcdFigures
    return { ...figures, ...steadyUsage(samples, seconds) }
  } finally {
    clearInterval(timer)
  }
}

function steadyUsage(samples: readonly { atMs: number; cpu: number[] }[], seconds: number): EtcdUsage {
  const endMs = samples.at(-1)!.atMs - tailMs
  const window = samples.filter(({ atMs }) => atMs <= endMs && atMs >= endMs - seconds * 800)
  const [first, last] = [window[0] ?? samples[0]!, window.at(-1) ?? samples.at(-1)!]
  const elapsedSec = Math.max(1e-3, (last.atMs - first.atMs) / 1000)
  const [clientCpuMsPerSec, ...serverCpuMsPerSec] = last.cpu.map((ms, i) => (ms - first.cpu[i]!) / elapsedSec)
  return { serverCpuMsPerSec, clientCpuMsPerSec: clientCpuMsPerSec! }
}
