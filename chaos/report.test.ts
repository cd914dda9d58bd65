import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChaosReport } from './report.ts'
import { reportText } from './report.ts'

const report: ChaosReport = {
  ...{ seed: 7, verdict: 'pass', violations: [], nodes: 3, faultSeconds: 600, network: 'cables', disks: 'memory' },
  ...{ skipped: {}, load: 'some', operations: 120_000, refused: 3, lost: 40, keys: 70, filledBytes: 3 << 20 },
  ...{
    faults: { kill: 4, slow: 1 },
    damageFound: 1,
    excusedEnds: 2,
    longestGapMs: 3290,
    recoveryMs: 1680,
    checkMs: 90,
  },
}

test('says what was done and what came of it', () => {
  const text = reportText(report)
  assert.match(text, /^seed 7: pass\n/)
  assert.match(text, /operations: 120,000 answered, 3 refused, 40 without a reply, over 70 keys; 3 MiB of large values/)
  assert.match(text, /faults: kill 4, slow 1; .* with reason: 2; damaged tables found while running: 1/)
  assert.match(text, /longest time without an acknowledged write: 3\.29 s/)
  assert.doesNotMatch(text, /VIOLATION|NOT TRIED/)
})

test('shouts what was wrong and what was not tried', () => {
  const text = reportText({
    ...{ ...report, verdict: 'fail', violations: ['a write is gone'], recoveryMs: undefined },
    skipped: { full: 'there is no file system' },
  })
  assert.match(text, /^seed 7: fail\n/)
  assert.match(text, /NOT TRIED: full, as there is no file system/)
  assert.match(text, /every key never after the last fault/)
  assert.match(text, /VIOLATION: a write is gone$/)
})

test('of many violations the last ones are shown, and the rest is counted', () => {
  const text = reportText({
    ...report,
    verdict: 'fail',
    violations: Array.from({ length: 25 }, (_, i) => `number ${i}`),
  })
  assert.doesNotMatch(text, /number 4$/m)
  assert.match(text, /VIOLATION: number 5\n[\s\S]*VIOLATION: number 24\n {2}and 5 more violations$/)
})
