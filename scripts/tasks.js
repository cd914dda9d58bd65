// What check.js and test.js share: commands run one after the other on the project's own Node, the first failure ends it.

import { spawnSync } from 'node:child_process'
import { fail, install, installedNode, nodeEnvironment, root } from '../bin/toolchain.js'

export const checks = [
  { name: 'types', args: ['node_modules/typescript/bin/tsc', '--noEmit'] },
  { name: 'format and lint', args: ['node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'] },
]

export const tidyTest = 'src/tidy.test.ts'

/**
 * Parsers under fire, for half a minute per family of them. The inputs are the same each time: what a change did not break, other inputs
 * should not turn red; `npm run fuzz` without a seed looks for more.
 */
export const fuzzers = {
  name: 'fuzz',
  args: ['fuzz/run.ts', '--family-seconds', '30', '--jobs', '2', '--seed', '20261125'],
}

/**
 * Without isolation, all files run in one process: a thousand small tests in a process per file would cost seconds more.
 * @param {string[]} args patterns and options for the runner
 */
export function tests(args) {
  return { name: 'tests', args: ['--test', '--test-isolation=none', ...args] }
}

/** Real clusters, broken on purpose: alone and last, since tests beside them would run late. */
export const chaosSlice = tests(['chaos/slice.ts'])

/**
 * @param {{ name: string, args: string[] }[]} tasks
 * @param {{ minutesMax: number }} limit over all of them
 */
export function runAll(tasks, { minutesMax }) {
  install({ development: true })
  const deadline = performance.now() + minutesMax * 60_000
  for (const { name, args } of tasks) {
    const began = performance.now()
    const timeout = Math.max(1, Math.ceil(deadline - began))
    const { error, status, signal } = spawnSync(installedNode, args, {
      cwd: root,
      env: nodeEnvironment(),
      stdio: 'inherit',
      timeout,
    })
    if (error?.code === 'ETIMEDOUT') fail(`${name} stopped: all of it took more than ${minutesMax} minutes`)
    if (error) fail(`${name} could not be run: ${error.message}`)
    if (status !== 0) process.exit(status ?? (signal === 'SIGINT' ? 130 : 1))
    if (name !== 'tests') process.stdout.write(`${name}: ok (${((performance.now() - began) / 1000).toFixed(1)} s)\n`)
  }
}
