import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Evaluators } from './evaluators.ts'

const spec = (name: string) => ({ name, kind: 'read', run: () => {} }) as const

test('the newest version that all nodes run is called', () => {
  const evaluators = new Evaluators()
  evaluators.add(['get@1', 'get@2', 'get@3', 'new@1'].map(spec))
  const shared = () => ['get', 'new'].map((base) => evaluators.shared(base)?.name)
  assert.deepEqual(shared(), ['get@3', 'new@1'])
  assert.deepEqual(evaluators.versions, { get: [1, 3], new: [1, 1] })
  for (const [others, expected] of [
    [[{ get: [1, 1], new: [1, 1] }], ['get@1', 'new@1']],
    [[{ get: [1, 2] }], ['get@2', undefined]],
    [
      [
        { get: [2, 9], new: [1, 2] },
        { get: [1, 2], new: [1, 1] },
      ],
      ['get@2', 'new@1'],
    ],
    [[{ get: [4, 5], new: [2, 2] }], [undefined, undefined]],
    [
      [
        { get: [1, 1], new: [1, 1] },
        { get: [2, 3], new: [1, 1] },
      ],
      [undefined, 'new@1'],
    ],
    [[], ['get@3', 'new@1']],
  ] as const) {
    evaluators.others = others
    assert.deepEqual(shared(), expected, JSON.stringify(others))
  }
  assert.equal(evaluators.named('get@1')?.name, 'get@1')
  assert.deepEqual([evaluators.has('get'), evaluators.has('other')], [true, false])
})
