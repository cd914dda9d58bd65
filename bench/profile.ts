/**
 * Where the processor time of each node goes under a load: the functions with the most time of their own.
 *
 * Run: node bench/profile.ts [--op set|get|mixed] [--clients 50] [--depth 1] [--rate 0] [--seconds 10] [--top 25]
 *   [--keep FOLDER] [--flames FOLDER]
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { fill } from './load/fill.ts'
import { generate } from './load/generate.ts'
import { keys, valueBytes } from './parts/part.ts'
import { startUnum } from './sides/unum.ts'
import { onEnd } from './tools/child.ts'
import { type CpuProfile, selfTimes } from './tools/cpu-profile.ts'
import { flameGraph } from './tools/flame.ts'
import { cpuMs } from './tools/proc.ts'
import { markdownTable, short } from './tools/report.ts'
import { root } from './tools/root.ts'

const { values } = parseArgs({
  options: {
    op: { type: 'string', default: 'set' },
    clients: { type: 'string', default: '50' },
    depth: { type: 'string', default: '1' },
    rate: { type: 'string', default: '0' },
    seconds: { type: 'string', default: '10' },
    top: { type: 'string', default: '25' },
    keep: { type: 'string' },
    flames: { type: 'string' },
  },
})
const dataFolder = mkdtempSync(join(tmpdir(), 'unum-profile-'))
onEnd(() => rmSync(dataFolder, { recursive: true, force: true, maxRetries: 3 }))
const profiles = values.keep ? resolve(values.keep) : join(dataFolder, 'profiles')
mkdirSync(profiles, { recursive: true })

/** Those of these processes: `CPU.20261122.101112.PID.THREAD.N.cpuprofile`. */
const profilesOf = (pid: number) =>
  readdirSync(profiles)
    .filter((name) => name.split('.')[3] === `${pid}` && name.endsWith('.cpuprofile'))
    .map((name) => JSON.parse(readFileSync(join(profiles, name), 'utf8')) as CpuProfile)

const measured = await load()
for (const { name, pid, cpuUs } of measured.nodes) {
  for (const [i, profile] of profilesOf(pid).entries()) {
    if (values.flames && i === 0) {
      const title = `${values.op.toUpperCase()}, ${values.clients} clients, pipeline ${values.depth}: ${name}, ${short(cpuUs)} µs of CPU per operation`
      mkdirSync(values.flames, { recursive: true })
      writeFileSync(
        join(values.flames, `${values.op}-${values.clients}-${values.depth}-${name}.svg`),
        flameGraph(title, profile, root),
      )
    }
    const { totalMs, functions } = selfTimes(profile, root)
    const rows = functions
      .slice(0, Number(values.top))
      .map((one) => [one.name, one.place, short(one.selfMs), `${((one.selfMs / totalMs) * 100).toFixed(1)} %`])
    process.stdout.write(
      `\n## ${name}: ${short(cpuUs)} µs of CPU per operation\n\n${markdownTable(['function', 'at', 'self ms', 'of all'], rows, 2)}\n`,
    )
  }
}
if (values.keep)
  process.stdout.write(`\nProfiles for a flame graph (speedscope, Chrome's developer tools): ${profiles}\n`)
process.exit(0)

async function load() {
  const nodeFlags = ['--cpu-prof', '--cpu-prof-dir', profiles]
  await using side = await startUnum({ dataFolder, nodeFlags })
  const endpoints = side.endpoints.slice(0, 1)
  await fill(endpoints[0]!, keys, valueBytes)
  const before = side.servers.map(cpuMs)
  const { total } = await generate({
    ...{ endpoints, keys, valueBytes, op: values.op as 'set' | 'get' | 'mixed' },
    ...{ rate: Number(values.rate), seconds: Number(values.seconds) },
    ...{ connections: Number(values.clients), depth: Number(values.depth) },
  })
  process.stdout.write(
    `${values.op.toUpperCase()}, ${values.clients} clients: ${short(total.opsPerSec)}/s, p50 ${short(total.p50Ms)} ms, p99 ${short(total.p99Ms)} ms (profiled: slower than without)\n`,
  )
  const nodes = side.nodeNames.map((name, k) => {
    const pid = side.servers[k]!
    return { name, pid, cpuUs: ((cpuMs(pid) - before[k]!) * 1000) / total.operations }
  })
  return { nodes }
}
