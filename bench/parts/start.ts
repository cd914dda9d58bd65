import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startUnum } from '../sides/unum.ts'
import { run } from '../tools/child.ts'
import { cpuMs, residentMb } from '../tools/proc.ts'
import { markdownTable, short } from '../tools/report.ts'
import { node } from '../tools/root.ts'
import { median } from '../tools/statistics.ts'
import type { Part } from './part.ts'

const startMsMax = 60_000
const settleMs = 5000
const idleMs = 10_000
/** Starts are short: more of them cost nothing. */
const startsPerRun = 3

/** How quickly it is there, and what it costs when nothing is asked of it. */
export const start: Part = async ({ runs, dataFolder, secondsPerCase, say }) => {
  const readyMs: number[] = []
  const inProgram: { importMs: number; startMs: number }[] = []
  const idle: { residentMb: number; corePercent: number }[] = []
  say('start: three processes, and a node in a program')
  for (let i = 0; i < runs * startsPerRun; i++) {
    await using side = await startUnum({ dataFolder })
    readyMs.push(side.startMs)
  }
  const program = join(import.meta.dirname, '../probes/start-in-program.ts')
  for (let i = 0; i < runs * startsPerRun; i++) {
    inProgram.push(JSON.parse(await run(node, [program], startMsMax)))
  }
  const waitMs = secondsPerCase < 1 ? 1000 : idleMs
  for (let i = 0; i < runs; i++) {
    say(`start: idle for ${waitMs / 1000} s, run ${i + 1} of ${runs}`)
    await using side = await startUnum({ dataFolder })
    await sleep(Math.min(settleMs, waitMs))
    const before = side.servers.map(cpuMs)
    await sleep(waitMs)
    for (const [k, pid] of side.servers.entries()) {
      idle.push({ residentMb: residentMb(pid), corePercent: ((cpuMs(pid) - before[k]!) / waitMs) * 100 })
    }
  }
  const row = (what: string, values: readonly number[], unit: string, bar: string) => {
    return [what, `${short(median(values))} ${unit}`, `${short(Math.max(...values))} ${unit}`, `${values.length}`, bar]
  }
  const rows = [
    row('three processes ready, from the command', readyMs, 'ms', 'under 1,500 ms'),
    row(
      'a node in a program, after the import',
      inProgram.map(({ startMs }) => startMs),
      'ms',
      'under 50 ms',
    ),
    row(
      'the import, from the start of Node',
      inProgram.map(({ importMs }) => importMs),
      'ms',
      '',
    ),
    row(
      'resident memory of an idle node',
      idle.map((one) => one.residentMb),
      'MB',
      'under 100 MB',
    ),
    row(
      'processor of an idle node',
      idle.map((one) => one.corePercent),
      '% of a core',
      'under 2 %',
    ),
  ]
  const nodeOfPath = (await run('node', ['--version'], startMsMax)).trim()
  const text = `${markdownTable(['what', 'median', 'largest', 'of', 'bar'], rows)}

The command is \`node bin/unum.js up\` with the \`node\` in PATH (${nodeOfPath}), which hands over to the project's own. Each start has a new data
folder; compiled code is cached, as it is from the second start of a checkout on.`
  return { name: 'start', title: 'Start and idle', text, data: { readyMs, inProgram, idle } }
}
