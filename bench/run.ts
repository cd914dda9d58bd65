/**
 * Measures this checkout beside other systems, on this machine. See README.md.
 *
 * Run: npm run bench -- [--only throughput,failover,…] [--runs 3] [--quick] [--data FOLDER] [--out FOLDER]
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { failover } from './parts/failover.ts'
import { openLoop } from './parts/open-loop.ts'
import type { Part } from './parts/part.ts'
import { pauses } from './parts/pauses.ts'
import { slow } from './parts/slow.ts'
import { start } from './parts/start.ts'
import { throughput } from './parts/throughput.ts'
import { onEnd } from './tools/child.ts'
import { describeMachine, shout } from './tools/machine.ts'
import { writeResult } from './tools/report.ts'

const parts: Readonly<Record<string, Part>> = { start, throughput, failover, pauses, 'open-loop': openLoop, slow }

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    runs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    data: { type: 'string', default: tmpdir() },
    out: { type: 'string' },
    'minutes-max': { type: 'string', default: '90' },
  },
})
const names = values.only?.split(',') ?? Object.keys(parts)
const unknown = names.filter((name) => !(name in parts))
if (unknown.length > 0) {
  process.stderr.write(`bench: no such part: ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}\n`)
  process.exit(2)
}

mkdirSync(values.data, { recursive: true })
const dataFolder = mkdtempSync(join(resolve(values.data), 'unum-bench-'))
onEnd(() => rmSync(dataFolder, { recursive: true, force: true, maxRetries: 3 }))
const out = resolve(
  values.out ?? (values.quick ? join(tmpdir(), 'unum-bench-quick') : join(import.meta.dirname, 'results')),
)
const options = {
  runs: Number(values.runs ?? (values.quick ? 1 : 3)),
  secondsPerCase: values.quick ? 0.3 : 4,
  dataFolder,
  say: (text: string) => void process.stderr.write(`[${new Date().toISOString().slice(11, 19)}] ${text}\n`),
}
setTimeout(() => {
  shout(`bench: stopped after ${values['minutes-max']} minutes`)
  process.exit(1)
}, Number(values['minutes-max']) * 60_000).unref()

const machine = await describeMachine(dataFolder)
let isWhole = true
for (const name of names) {
  try {
    writeResult(out, machine, await parts[name]!(options))
  } catch (error) {
    isWhole = false
    shout(`${name} failed: ${error instanceof Error ? error.message : error}`)
  }
}
options.say(`results are in ${out}`)
process.exit(isWhole ? 0 : 1)
