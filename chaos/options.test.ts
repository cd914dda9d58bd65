import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { usualFaults } from './faults/faults.ts'
import { OptionError, parseOptions } from './options.ts'

suite('what can be asked for', () => {
  test('nothing: ten minutes, three nodes, all usual faults, and a seed that is drawn', () => {
    const { seed, ...rest } = parseOptions([])
    assert.ok(Number.isInteger(seed))
    assert.deepEqual(rest, {
      ...{ minutes: 10, nodes: 3, faults: usualFaults, network: 'auto', rate: 200, json: false, keep: undefined },
    })
  })

  test('everything', () => {
    const args = '--minutes 0.5 --seed 7 --nodes 5 --faults kill,slow --network relay --rate 50 --json --keep there'
    assert.deepEqual(parseOptions(args.split(' ')), {
      ...{ minutes: 0.5, seed: 7, nodes: 5, faults: ['kill', 'slow'], network: 'relay', rate: 50, json: true },
      keep: 'there',
    })
  })

  test('the lie that must be caught is no usual fault, and can be asked for', () => {
    assert.ok(!(usualFaults as readonly string[]).includes('rollback'))
    assert.deepEqual(parseOptions(['--faults', 'rollback']).faults, ['rollback'])
  })

  for (const [args, message] of [
    ['--faults kil', /no fault "kil"; there are\n {2}kill: kill -9 of one node/],
    ['--minutes soon', /--minutes is "soon": want a number/],
    ['--nodes 2.5', /--nodes is "2.5": want an integer/],
    ['--nodes 8', /want a number from 1 to 7/],
    ['--network wifi', /want auto, namespaces or relay/],
    ['--colour', /colour/],
  ] as const) {
    test(`not ${args}`, () => {
      assert.throws(
        () => parseOptions(args.split(' ')),
        (error) => error instanceof OptionError && message.test(error.message),
      )
    })
  }
})
