/**
 * Runs a foreign client's own tests against a Redis and against this project's nodes, and tells what passes on the first and
 * not on the second. Usage: `node_modules/.bin/node conformance/run.ts SUITE [NODES…]`, NODES 3 and 1 unless told.
 *
 * A suite is a folder with a script `run`, which fetches the client and its tests into `SUITE_CACHE`, runs them against
 * 127.0.0.1:`SERVER_PORT`, and appends to the file `VERDICTS` as verdicts.ts says. It is stopped after five minutes.
 */
import { spawn } from 'node:child_process'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { type Server, startRedis, startUnum } from './servers.ts'
import { compare, type Difference, parseVerdicts, type Verdicts } from './verdicts.ts'

const suiteTimeoutMs = 5 * 60_000
const cache = process.env.UNUM_CONFORMANCE_CACHE ?? join(homedir(), '.cache', 'unum-conformance')

const [suite, ...sizes] = process.argv.slice(2)
if (!suite) {
  console.error('usage: node_modules/.bin/node conformance/run.ts SUITE [NODES…]')
  process.exit(2)
}

const redis = await verdictsOfRedis(suite)
for (const nodes of sizes.length ? sizes.map(Number) : [3, 1]) {
  const server = await startUnum(nodes)
  const { counted, passed, differences } = compare(redis, await verdictsOf(suite, server))
  const percent = ((passed / counted) * 100).toFixed(1)
  console.log(`\n${suite} against ${server.name}: ${passed} of the ${counted} tests that pass on Redis (${percent} %)`)
  for (const [kind, of] of Map.groupBy(differences, (difference) => difference.kind)) printKind(kind, of)
}

function printKind(kind: string, of: readonly Difference[]): void {
  console.log(`  ${kind} (${of.length})`)
  for (const { test, reason } of of) console.log(`    ${test}: ${reason.slice(0, 300)}`)
}

/** What Redis said is kept: it does not change while the suite's folder in the cache is there. */
async function verdictsOfRedis(suite: string): Promise<Verdicts> {
  const kept = await readFile(join(cache, suite, 'redis.tsv'), 'utf8').catch(() => undefined)
  return kept === undefined ? verdictsOf(suite, await startRedis()) : parseVerdicts(kept)
}

async function verdictsOf(suite: string, server: Server): Promise<Verdicts> {
  const folder = join(cache, suite)
  const file = join(folder, `${server.name.replaceAll(/\W+/g, '-')}.tsv`)
  await mkdir(folder, { recursive: true })
  await rm(file, { force: true })
  try {
    await runSuite(suite, { SERVER_PORT: String(server.port), SUITE_CACHE: folder, VERDICTS: file })
  } finally {
    await server.stop()
  }
  const verdicts = parseVerdicts(await readFile(file, 'utf8').catch(() => ''))
  if (verdicts.size === 0) throw new Error(`${suite} reported no test`)
  const failed = [...verdicts.values()].filter((failure) => failure !== undefined).length
  console.log(`${suite} against ${server.name}: ${verdicts.size} tests ran, ${failed} failed`)
  return verdicts
}

/** Runs the script in a process group of its own, so that nothing of it outlives the time it has. */
function runSuite(suite: string, env: Record<string, string>): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(join(import.meta.dirname, suite, 'run'), {
      env: { ...process.env, ...env },
      stdio: ['ignore', 2, 2],
      detached: true,
    })
    const timer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), suiteTimeoutMs)
    child.once('error', reject)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
