import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseOptions } from './options.ts'

const parse = (...args: readonly string[]) => parseOptions(args, () => 99)

test('without options every target runs for ten seconds, with a seed of chance', () => {
  const { seed, secondsPerTarget, jobs, targets } = parse()
  assert.deepEqual([seed, secondsPerTarget, jobs, targets], [{ seed: 99, chain: [] }, 10, 1, []])
})

test('a number of inputs takes as long as it takes, unless there is a time too', () => {
  assert.equal(parse('--inputs', '1000').secondsPerTarget, Number.POSITIVE_INFINITY)
  assert.equal(parse('--inputs', '1000', '--seconds', '3').secondsPerTarget, 3)
  assert.equal(parse('--family-seconds', '30').secondsPerTarget, undefined)
})

test('what makes no sense is refused', () => {
  for (const [option, value] of [
    ['--seed', 'x'],
    ['--inputs', '0'],
    ['--inputs', '1.5'],
    ['--seconds', '-1'],
    ['--jobs', 'two'],
    ['--no-such', '1'],
  ] as const) {
    assert.throws(() => parse(option, value), Error, option)
  }
})
