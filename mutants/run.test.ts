import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { caughtBy } from './caught-by.ts'

const temporary = mkdtempSync(join(tmpdir(), 'unum-mutants-test-'))
after(() => rmSync(temporary, { recursive: true }))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly errors: string
}

/** The command, with a temporary folder of its own. */
function run(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'run.ts'), ...args], {
    env: { ...process.env, TMPDIR: temporary },
    timeout: 120_000,
  })
  let out = ''
  let errors = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text))
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, errors })))
}

test('plants bugs in copies, catches them, writes the table and leaves nothing behind', async () => {
  const names = ['writes-do-not-see-each-other', 'any-replica-answers-reads']
  const file = join(temporary, 'evidence.md')
  const { code, out, errors } = await run(...names, '--seeds-max', '4', '--ranges', '1', '--json', '--evidence', file)
  equal(code, 0, out + errors)
  const results = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  deepEqual(results.map(({ name }) => name).sort(), names.toSorted())
  for (const { name, isCaught, ways, medianSeeds } of results) {
    ok(isCaught && ways.length === 1 && medianSeeds >= 1, name)
  }
  match(readFileSync(file, 'utf8'), /\*\*2 of 2 caught \(100\.0 %\)\*\*/)
  deepEqual(readdirSync(temporary), ['evidence.md'])
})

test('refuses what it does not know', async () => {
  for (const [args, message] of [
    [['no-such'], /mutants: There is no mutant no-such/],
    [['--seeds-max', '0'], /mutants: --seeds-max 0 is not an integer/],
    [['--scenario', 'rain'], /mutants: There is no scenario rain: there are calm, default/],
    [['--colour'], /mutants: Unknown option '--colour'/],
  ] as const) {
    const { code, errors } = await run(...args)
    equal(code, 2)
    match(errors, message)
  }
})

test('tells how a seed failed by what the lab says first', () => {
  equal(caughtBy('the history of key k1 is not linearizable:\n …'), 'a wrong answer')
  equal(caughtBy('n1 logged an error: Rows are damaged …'), 'damage that a node found')
  equal(caughtBy('no progress: not within 100 ms (1 events): all nodes are ready'), 'no progress')
  equal(caughtBy('something new'), 'something else')
})
