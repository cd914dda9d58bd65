import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare, parseVerdicts } from './verdicts.ts'

test('only tests that pass on Redis are counted; a missing one failed', () => {
  const redis = parseVerdicts('pass\ta\t\npass\tb\t\nfail\tc\told\npass\td\t\nskip\te\t\n')
  const ours = parseVerdicts("pass\ta\t\nfail\tb\tERR unknown command 'eval', with args\npass\tc\t\n")
  assert.deepEqual(compare(redis, ours), {
    counted: 3,
    passed: 1,
    differences: [
      { test: 'b', kind: 'not built: EVAL', reason: "ERR unknown command 'eval', with args" },
      { test: 'd', kind: 'to be looked at', reason: 'the test did not end' },
    ],
  })
})

test('a test that fails once has failed', () => {
  assert.equal(parseVerdicts('pass\ta\t\nfail\ta\tx\npass\ta\t\n').get('a'), 'x')
})

test('reasons are sorted by what lacks', () => {
  const kind = (reason: string) =>
    compare(parseVerdicts('pass\ta\t'), parseVerdicts(`fail\ta\t${reason}`)).differences[0]?.kind
  assert.equal(kind("ERR unknown subcommand 'PAUSE'. Try CLIENT HELP."), 'not built: CLIENT PAUSE')
  assert.equal(kind('ERR DB index is out of range'), 'one database')
  assert.equal(kind(''), 'to be looked at')
})
