import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { suite, test } from 'node:test'
import { parseCorpus, runOnce, runSession } from '#kernel/base/testing/fuzz/index.ts'
import { chooseTargets, findTargets, root } from './targets.ts'

const found = await findTargets()

suite('every fuzzer', () => {
  for (const { name, target } of found) {
    test(`${name}: its corpus, and a thousand inputs`, async () => {
      for (const input of await target.corpus()) {
        const { problem } = await runOnce(target, input)
        assert.equal(problem, undefined, problem?.details ?? '')
      }
      const report = await runSession({ target, seed: 1, inputsMax: 1000, msMax: 2000, usedBytes: () => 0 })
      assert.equal(report.finding, undefined, `seed ${report.finding?.seed}: ${report.finding?.problem.details}`)
    })
  }

  test('takes some of its corpus for valid', async () => {
    for (const { name, target } of found) {
      const outcomes = new Set<string>()
      for (const input of await target.corpus()) outcomes.add((await runOnce(target, input)).outcome ?? '')
      assert.ok(
        [...outcomes].some((outcome) => !/^(DATA_DAMAGED|FORMAT_UNKNOWN)/.test(outcome)),
        name,
      )
    }
  })

  test('has a name of its own', () => {
    assert.equal(new Set(found.map(({ name }) => name)).size, found.length)
  })

  test('is explained', () => {
    const readme = readFileSync(join(root, 'fuzz/README.md'), 'utf8')
    const missing = found.filter(({ name }) => !readme.includes(`| \`${name}\` |`))
    assert.deepEqual(
      missing.map(({ name }) => name),
      [],
    )
  })
})

test('every committed corpus belongs to a fuzzer beside it', () => {
  for (const path of globSync(['src/**/testdata/*.corpus'], { cwd: root }) as string[]) {
    const home = dirname(dirname(path))
    const owner = found.find(({ name }) => name === basename(path, '.corpus'))
    assert.equal(owner && dirname(owner.path), home, path)
    assert.ok(parseCorpus(readFileSync(join(root, path), 'utf8')).length > 0, path)
  }
})

test('a name that no target has is refused, and all that there are are said', () => {
  assert.throws(
    () => chooseTargets(found, ['redis-requests', 'redis']),
    /no target "redis"; there are: .*redis-requests/,
  )
  assert.deepEqual(
    chooseTargets(found, ['words']).map(({ name }) => name),
    ['words'],
  )
})
