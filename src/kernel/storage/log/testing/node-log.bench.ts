/**
 * Prints what a turn of the node log costs on this machine's disk:
 * node src/kernel/storage/log/testing/node-log.bench.ts [directory]
 *
 * Fifty groups append one entry of 100 bytes each and are flushed in one batch, which is awaited; boundaries move so
 * that segments come and go. `encode` is that on a disk that takes no time: what the log itself costs. `appending` and
 * `overwriting` are writes of as many bytes without a log: what the disk costs.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createNodeHost } from '#host/node/index.ts'
import type { Clock, Disk, Random } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import { openNodeLog } from '../node-log.ts'
import type { LogEntry } from '../node-log-types.ts'

const groups = 50
const data = new Uint8Array(100).fill(7)

interface Result {
  readonly batches: number
  readonly seconds: number
  readonly cpuSeconds: number
  /** Milliseconds from flush to synced, in order. */
  readonly latencies: readonly number[]
}

interface Load {
  readonly disk: Disk
  readonly clock: Clock
  readonly random: Random
  readonly directory: string
  readonly segmentBytes: number
  readonly seconds: number
  /** Batches before the clock starts. */
  readonly skip: number
}

async function run({ disk, clock, random, directory, segmentBytes, seconds, skip }: Load): Promise<Result> {
  let latencies: number[] = []
  let batches = 0
  let startMs = performance.now()
  let cpu = process.cpuUsage()
  let flushedMs = 0
  let index = 0
  let ended = () => {}
  const end = new Promise<void>((resolve) => {
    ended = resolve
  })
  const turn = () => {
    index++
    const entries: LogEntry[] = [{ index, term: 1, kind: 0, data }]
    for (let group = 1; group <= groups; group++) log.appendEntries(group, entries)
    if (index % 500 === 0) for (let group = 1; group <= groups; group++) log.appendBoundary(group, { index, term: 1 })
    flushedMs = performance.now()
    log.flush()
  }
  const log = await openNodeLog({
    ...{ disk, clock, random, directory, segmentBytes },
    events: {
      synced: () => {
        const nowMs = performance.now()
        latencies.push(nowMs - flushedMs)
        batches++
        if (batches === skip) {
          latencies = []
          startMs = nowMs
          cpu = process.cpuUsage()
        }
        if (batches > skip && nowMs - startMs > seconds * 1000) ended()
        else turn()
      },
      full: () => {},
      failed: (error) => {
        throw error
      },
    },
  })
  turn()
  await end
  const used = process.cpuUsage(cpu)
  const result = {
    batches: batches - skip,
    seconds: (performance.now() - startMs) / 1000,
    cpuSeconds: (used.user + used.system) / 1e6,
    latencies: latencies.sort((a, b) => a - b),
  }
  await log.close()
  return result
}

function print(name: string, { batches, seconds, cpuSeconds, latencies }: Result): void {
  const at = (part: number) => `${(latencies[Math.floor(latencies.length * part)]! * 1000).toFixed(0)} µs`
  const rate = (batches / seconds).toFixed(0)
  const cpu = ((cpuSeconds / batches) * 1e6).toFixed(1)
  console.log(
    `${name}: ${rate} batches/s, CPU ${cpu} µs per batch, p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}`,
  )
}

/** Takes everything and keeps nothing. */
const noDisk: Disk = {
  open: async () => ({
    size: 64 << 20,
    read: async () => new Uint8Array(0),
    write: async () => {},
    sync: async () => {},
    writeDurably: (_position, _chunks, done) => setImmediate(done),
    truncate: async () => {},
    close: async () => {},
  }),
  list: async () => [],
  remove: async () => {},
  rename: async () => {},
  makeDirectory: async () => {},
  removeDirectory: async () => {},
  syncDirectory: async () => {},
}

/** Writes of as many bytes as a batch has, to a file that grows or one that has its blocks. */
async function runDisk(disk: Disk, isGrowing: boolean, seconds: number): Promise<Result> {
  const bytes = new Uint8Array(2 * 4096).fill(7)
  const file = await disk.open(isGrowing ? 'growing' : 'fixed', { create: true })
  const fixedBytes = 16 << 20
  if (!isGrowing) {
    await file.write(0, new Uint8Array(fixedBytes))
    await file.sync()
  }
  const latencies: number[] = []
  const startMs = performance.now()
  const cpu = process.cpuUsage()
  let position = 0
  await new Promise<void>((resolve, reject) => {
    const turn = () => {
      const beganMs = performance.now()
      file.writeDurably(isGrowing ? position : position % fixedBytes, [bytes], (error) => {
        if (error) return reject(error)
        const nowMs = performance.now()
        latencies.push(nowMs - beganMs)
        position += bytes.length
        if (nowMs - startMs > seconds * 1000) resolve()
        else turn()
      })
    }
    turn()
  })
  const used = process.cpuUsage(cpu)
  await file.close()
  return {
    batches: latencies.length,
    seconds: (performance.now() - startMs) / 1000,
    cpuSeconds: (used.user + used.system) / 1e6,
    latencies: latencies.sort((a, b) => a - b),
  }
}

const root = mkdtempSync(join(process.argv[2] ?? tmpdir(), 'node-log-'))
const host = createNodeHost({ root })
try {
  const { disk, clock, random } = host
  const encode = {
    disk: noDisk,
    clock,
    random: createRandom(1),
    directory: '',
    segmentBytes: 64 << 20,
    seconds: 1,
    skip: 5000,
  }
  print('encode', await run(encode))
  // In turns: what else the machine does then meets all of them.
  for (let round = 0; round < 3; round++) {
    print('appending', await runDisk(disk, true, 1))
    print('overwriting', await runDisk(disk, false, 1))

    print(
      'new segment',
      await run({ disk, clock, random, directory: `new ${round}`, segmentBytes: 64 << 20, seconds: 1, skip: 200 }),
    )
    print(
      'recycled',
      await run({ disk, clock, random, directory: `old ${round}`, segmentBytes: 2 << 20, seconds: 1, skip: 2000 }),
    )
  }
} finally {
  await host.close()
  rmSync(root, { recursive: true })
}
