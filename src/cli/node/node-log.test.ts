import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { createNodeLog } from './node-log.ts'

/** A device of Linux: every write to it fails as on a full disk. */
const full = '/dev/full'

test('a log on a full disk ends nothing and grows to no more than its bound', { skip: !existsSync(full) }, async () => {
  const log = createNodeLog('n1', full)
  await log.open()
  const text = 'x'.repeat(10_000)
  for (let i = 0; i < 500; i++) log.info({ text }, 'a line')
  const before = process.memoryUsage().rss
  for (let i = 0; i < 20_000; i++) log.info({ text }, 'a line')
  assert.ok(process.memoryUsage().rss - before < 100 << 20, 'lines are kept without a bound')
})
