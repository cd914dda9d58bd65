/**
 * Hours in minutes: data beyond memory tables and block cache, reads and writes mixed, compaction all the while; second by second in
 * a CSV and as a plot. See README.md.
 *
 * Run: node bench/soak.ts --minutes 30 [--megabytes 2048] [--value-bytes 1000] [--rate N | --load 0.5] [--set-share 0.5]
 */
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { generate } from './load/generate.ts'
import type { Interval } from './load/generator.ts'
import { Probe } from './probes/probe.ts'
import { startUnum } from './sides/unum.ts'
import { csvOf, plotOf, type SoakSecond, summaryOf } from './soak-report.ts'
import { onEnd } from './tools/child.ts'
import { describeMachine, shout } from './tools/machine.ts'
import { diskWrittenBytes, residentMb } from './tools/proc.ts'
import { writeResult } from './tools/report.ts'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    megabytes: { type: 'string', default: '2048' },
    'value-bytes': { type: 'string', default: '1000' },
    rate: { type: 'string' },
    load: { type: 'string', default: '0.5' },
    'set-share': { type: 'string', default: '0.5' },
    data: { type: 'string', default: tmpdir() },
    out: { type: 'string', default: join(import.meta.dirname, 'results') },
  },
})
const valueBytes = Number(values['value-bytes'])
const megabytes = Number(values.megabytes)
const keys = Math.max(1, Math.round((megabytes * 2 ** 20) / valueBytes))
const setShare = Number(values['set-share'])
const seconds = Number(values.minutes) * 60
/** Three copies, each with the log, files on their way to being removed, and room for a merge. */
const diskFactor = 9
const fillSecondsMax = 1800
const say = (text: string) => void process.stderr.write(`[${new Date().toISOString().slice(11, 19)}] ${text}\n`)

mkdirSync(values.data, { recursive: true })
const dataFolder = mkdtempSync(join(resolve(values.data), 'unum-soak-'))
onEnd(() => rmSync(dataFolder, { recursive: true, force: true, maxRetries: 3 }))
const free = statfsSync(dataFolder)
if (free.bavail * free.bsize < diskFactor * megabytes * 2 ** 20) {
  shout(
    `soak: ${dataFolder} has less than ${diskFactor} times ${megabytes} MB free: give another folder with --data, or less with --megabytes`,
  )
  process.exit(2)
}
setTimeout(
  () => {
    shout('soak: stopped: it took longer than it may')
    process.exit(1)
  },
  (seconds + fillSecondsMax + 600) * 1000,
).unref()

const machine = await describeMachine(dataFolder)
try {
  await soak()
} catch (error) {
  shout(`soak failed: ${error instanceof Error ? error.message : error}`)
  process.exit(1)
}
process.exit(0)

async function soak(): Promise<void> {
  using probe = new Probe(dataFolder)
  await using side = await startUnum({ dataFolder, nodeFlags: probe.nodeFlags, env: probe.env })
  const asked = { endpoints: side.endpoints.slice(0, 1), connections: 50, keys, valueBytes, setShare }
  say(`writing ${keys.toLocaleString('en')} keys of ${valueBytes} bytes`)
  const filled = await generate({ ...asked, op: 'fill', rate: 0, depth: 4, seconds: fillSecondsMax })
  if (filled.total.operations < keys)
    throw new Error(`only ${filled.total.operations} keys were written in ${fillSecondsMax} s`)
  say(`filled at ${Math.round(filled.total.opsPerSec)} writes a second`)
  const rate = values.rate ? Number(values.rate) : await halfOfTheMost()
  say(`${values.minutes} minutes at ${Math.round(rate)} requests a second`)

  const servers = side.servers
  const writtenBytes = () => diskWrittenBytes(dataFolder) ?? Number.NaN
  const writtenAtStart = writtenBytes()
  const rows: SoakSecond[] = []
  const fromMs = Date.now()
  const result = await generate({ ...asked, op: 'mixed', rate, seconds, onSecond: (interval) => void record(interval) })
  await sleep(1500) // the last lines of the probes
  addLoopDelays()
  const nodes = side.nodeNames
  const userBytes = result.total.operations * setShare * valueBytes
  const summary = summaryOf({
    rows,
    nodes,
    total: result.total,
    rate,
    keys,
    valueBytes,
    setShare,
    userBytes,
    fillPerSec: filled.total.opsPerSec,
  })
  mkdirSync(values.out, { recursive: true })
  writeFileSync(join(values.out, 'soak.csv'), csvOf(rows, nodes))
  writeFileSync(
    join(values.out, 'soak.svg'),
    plotOf(
      rows,
      nodes,
      `Soak: ${keys.toLocaleString('en')} keys of ${valueBytes} bytes, ${Math.round(rate)} requests/s`,
    ),
  )
  const data = { settings: { keys, valueBytes, setShare, rate, seconds }, total: result.total }
  writeResult(values.out, machine, { name: 'soak', title: 'Soak', text: summary, data })

  async function halfOfTheMost(): Promise<number> {
    const most = await generate({ ...asked, op: 'mixed', rate: 0, seconds: Math.min(20, seconds) })
    return most.total.opsPerSec * Number(values.load)
  }

  async function record(interval: Interval): Promise<void> {
    const row: SoakSecond = {
      interval,
      atMs: Date.now(),
      residentMb: servers.map(residentMb),
      writtenMb: (writtenBytes() - writtenAtStart) / 2 ** 20,
      tableMb: [],
      logMb: [],
      loop: [],
    }
    rows.push(row)
    const statuses = await Promise.all(side.nodeNames.map((_, k) => side.status(k).catch(() => undefined)))
    row.tableMb = statuses.map((status) => (status ? status.disk.tableBytes / 2 ** 20 : Number.NaN))
    row.logMb = statuses.map((status) => (status ? status.disk.logBytes / 2 ** 20 : Number.NaN))
    if (rows.length % 60 === 0)
      say(
        `${rows.length / 60} min: p99 ${interval.p99Ms} ms, p99.9 ${interval.p999Ms} ms, ${row.residentMb.map(Math.round).join(' ')} MB`,
      )
  }

  /** Probes write at seconds of their own: each row gets the one that ended last before it. */
  function addLoopDelays(): void {
    for (const [k, pid] of servers.entries()) {
      const lines = probe.read(pid).filter(({ atMs }) => atMs >= fromMs)
      let at = 0
      for (const row of rows) {
        while (at + 1 < lines.length && lines[at + 1]!.atMs <= row.atMs) at++
        row.loop[k] = lines[at]
      }
    }
  }
}
