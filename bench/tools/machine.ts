import { execFileSync } from 'node:child_process'
import { closeSync, fdatasyncSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { availableParallelism, cpus, loadavg, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { busyMs } from './proc.ts'
import { root } from './root.ts'

/** Stands in every file of results: figures mean nothing without it. */
export interface Machine {
  readonly date: string
  readonly commit: string
  readonly cores: number
  readonly cpu: string
  readonly memoryGb: number
  readonly kernel: string
  readonly node: string
  readonly dataFolder: string
  /** Median and 99th percentile of appending 512 bytes and `fdatasync`, on the disk of the data folder. */
  readonly syncUs: { readonly p50: number; readonly p99: number }
  readonly loadAverage: number
  /** Of all cores, used by others during a second before the first part. */
  readonly busyPart: number
  /** False: something else was running, and the figures are worth little. */
  readonly isQuiet: boolean
}

const busyPartMax = 0.05
const tmpfsMagic = 0x0102_1994

export async function describeMachine(dataFolder: string): Promise<Machine> {
  const fromMs = busyMs()
  await sleep(1000)
  const busyPart = (busyMs() - fromMs) / (1000 * availableParallelism())
  const isQuiet = busyPart <= busyPartMax
  const machine: Machine = {
    date: new Date().toISOString(),
    commit: commit(),
    cores: availableParallelism(),
    cpu: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    dataFolder,
    syncUs: syncSpeed(dataFolder),
    loadAverage: loadavg()[0]!,
    busyPart: Math.round(busyPart * 1000) / 1000,
    isQuiet,
  }
  if (!isQuiet)
    shout(
      `others use ${Math.round(busyPart * 100)} % of the processors (load average ${loadavg()[0]!.toFixed(1)}): the figures will be worth little`,
    )
  if (statfsSync(dataFolder).type === tmpfsMagic)
    shout(`${dataFolder} is in memory: a sync costs nothing there. Give a folder on a disk with --data`)
  return machine
}

/** One line for people. */
export function machineLine(machine: Machine): string {
  const { cores, cpu, memoryGb, kernel, node, syncUs, date, commit: at, isQuiet, loadAverage } = machine
  const quiet = isQuiet ? 'quiet' : `**not quiet** (load average ${loadAverage.toFixed(1)})`
  return `${date.slice(0, 16)}Z, commit ${at}, ${cores} cores (${cpu}), ${memoryGb} GB, Linux ${kernel}, Node ${node}, sync ${syncUs.p50} µs (p99 ${syncUs.p99}), ${quiet}`
}

/** Says what nobody may overlook. */
export function shout(text: string): void {
  const bar = '='.repeat(Math.min(100, text.length))
  process.stderr.write(`${bar}\n${text}\n${bar}\n`)
}

function commit(): string {
  try {
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: root, stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .trim()
    return (
      git('rev-parse', '--short', 'HEAD') +
      (git('status', '--porcelain', '--untracked-files=no', 'src') === '' ? '' : ' and changes')
    )
  } catch {
    return 'unknown'
  }
}

function syncSpeed(folder: string): { p50: number; p99: number } {
  const path = join(folder, 'sync-speed')
  const file = openSync(path, 'w')
  const bytes = new Uint8Array(512)
  const took: number[] = []
  try {
    for (let i = 0; i < 300; i++) {
      const startMs = performance.now()
      writeSync(file, bytes)
      fdatasyncSync(file)
      took.push(Math.round((performance.now() - startMs) * 1000))
    }
  } finally {
    closeSync(file)
    rmSync(path)
  }
  took.sort((a, b) => a - b)
  return { p50: took[150]!, p99: took[297]! }
}
