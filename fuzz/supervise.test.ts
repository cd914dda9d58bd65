import assert from 'node:assert/strict'
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { latin1Text } from '#kernel/base/bytes.ts'
import { keepFinding, reportLine } from './report.ts'
import { supervise } from './supervise.ts'
import { root } from './targets.ts'
import { targets } from './testing/planted.fuzz.ts'

const limits = { stallMsMax: 1500, heapMegabytesMax: 64 }

function run(name: string) {
  const target = targets.find((each) => each.name === name)!
  const found = { path: 'fuzz/testing/planted.fuzz.ts', name, target }
  return supervise({ found, seed: 1, inputsMax: 5000, msMax: 60_000, limits })
}

suite('a session in a thread of its own', () => {
  test('of a sound parser ends with its inputs counted', async () => {
    const report = await run('sound')
    assert.equal(report.finding, undefined)
    assert.equal(report.inputs, 5000)
    assert.match(reportLine(report), /^sound .* 5,000 /)
  })

  for (const [name, kind, details] of [
    ['endless', 'hang', /no end after 1.5 s/],
    ['never', 'hang', /a promise is never settled/],
    ['hungry', 'memory', /more than 64 MiB of objects/],
    ['crash', 'crash', /nothing begins with b/],
  ] as const) {
    test(`of one that is planted (${name}) says which input it was`, async () => {
      const { finding } = await run(name)
      assert.equal(finding?.problem.kind, kind)
      assert.match(finding.problem.details, details)
      assert.match(latin1Text(finding.input), /^b/)
      assert.match(finding.seed, /^1\/\d/)
    })
  }

  test('ends, where something is found, with a file that says how it is run again', async () => {
    const { finding } = await run('crash')
    assert.ok(finding)
    assert.equal(latin1Text(finding.input), 'b', 'it is as small as it can be')
    const told = keepFinding(finding)
    const file = /--replay (\S+)/.exec(told)![1]!
    try {
      assert.ok(existsSync(join(root, file)), told)
      assert.match(
        readFileSync(join(root, file), 'utf8'),
        /^# target crash\n# crash: .*\n.*\n.*--target crash --seed 1\/\d+.*\n"b"\n$/,
      )
    } finally {
      rmSync(join(root, file))
    }
  })
})
