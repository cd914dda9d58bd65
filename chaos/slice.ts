/**
 * A slice of chaos for `npm test`: short runs of real clusters, as processes of their own. `scripts/test.js` runs this file alone, after
 * all others, so that it slows no test that looks at a clock.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { until } from '#cli/testing/until.ts'
import type { ChaosReport } from './report.ts'
import { reportText } from './report.ts'

const program = join(import.meta.dirname, 'run.ts')
const markVariable = 'UNUM_CHAOS_SLICE'
let marks = 0
/** What a killed run leaves in its temporary folder goes with this one. */
const folder = mkdtempSync(join(tmpdir(), 'unum-slice-'))
after(() => rmSync(folder, { recursive: true, maxRetries: 5 }))

class ChaosRun {
  readonly #mark = `${process.pid}.${marks++}`
  readonly #child
  stdout = ''
  stderr = ''

  constructor(...args: readonly string[]) {
    this.#child = spawn(process.execPath, [program, ...args], {
      env: { ...process.env, [markVariable]: this.#mark, TMPDIR: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // a group of its own, as in a terminal
    })
    this.#child.stdout.on('data', (text) => (this.stdout += text))
    this.#child.stderr.on('data', (text) => (this.stderr += text))
  }

  async end(): Promise<{ readonly code: number | null; readonly report: ChaosReport }> {
    const [code] = await once(this.#child, 'close')
    assert.match(this.stdout, /^{/, this.stderr)
    return { code, report: JSON.parse(this.stdout) }
  }

  /** @param whom the whole group, as Ctrl-C does, or only who was started */
  async interrupt(whom: 'group' | 'leader', signal: NodeJS.Signals): Promise<void> {
    const ended = once(this.#child, 'exit')
    process.kill(whom === 'group' ? -this.#child.pid! : this.#child.pid!, signal)
    await ended
  }

  /** Processes that this run started, and that are still there. */
  processes(): string[] {
    return readdirSync('/proc').filter((name) => {
      try {
        return readFileSync(`/proc/${name}/environ`, 'latin1').includes(`${markVariable}=${this.#mark}\0`)
      } catch {
        return false // no process, or gone by now
      }
    })
  }
}

const mounts = () => readFileSync('/proc/self/mounts', 'utf8')

suite('a real cluster, broken on purpose', { timeout: 300_000 }, () => {
  test('keeps its word under all faults', async (t) => {
    const run = new ChaosRun('--minutes', '1', '--json')
    const { code, report } = await run.end()
    t.diagnostic(reportText(report))
    assert.deepEqual(report.violations, [], run.stderr)
    assert.equal(code, 0)
    assert.ok(report.operations > 500, `${report.operations} operations`)
    assert.deepEqual(run.processes(), [])
  })

  for (const lie of ['rollback', 'lying-disks']) {
    test(`is found out when it is made to lose what it acknowledged, by ${lie}`, async () => {
      const { code, report } = await new ChaosRun('--minutes', '0.1', '--faults', lie, '--json').end()
      assert.equal(report.verdict, 'fail')
      assert.equal(code, 1)
      // Told by both: who knows what it wrote, and the checkers of what clients were told. Which of these finds it differs between runs.
      const byFillers = report.violations.filter((violation) => /filler \d+ is write -?\d+ where only/.test(violation))
      assert.notEqual(byFillers.length, 0)
      assert.notEqual(byFillers.length, report.violations.length, report.violations.join('\n'))
    })
  }

  for (const [what, network, whom, signal] of [
    ['Ctrl-C', 'auto', 'group', 'SIGINT'],
    ['Ctrl-C', 'relay', 'group', 'SIGINT'],
    ['kill -9', 'auto', 'leader', 'SIGKILL'],
    ['kill -9', 'relay', 'leader', 'SIGKILL'],
  ] as const) {
    test(`${what} leaves no process and no mount behind, with --network ${network}`, async () => {
      const before = mounts()
      const run = new ChaosRun('--minutes', '2', '--network', network)
      await until('the cluster', () => run.stderr.includes('the cluster answers'))
      assert.ok(run.processes().length > 3)
      await run.interrupt(whom, signal)
      await until('all processes to be gone', () => run.processes().length === 0)
      assert.equal(mounts(), before)
    })
  }
})
