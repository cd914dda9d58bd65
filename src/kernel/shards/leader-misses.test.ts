import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { EvaluatorSpec } from './evaluation.ts'
import type { LeaderLimits } from './leader.ts'
import { LeaderRig } from './testing/leader-rig.ts'
import { listEvaluators } from './testing/list-evaluators.ts'

const { append, read, large } = listEvaluators

suite('a leader loads what is not in memory', () => {
  let { tree, state, consensus, call, turnAndCommit, loadOne, letters, damages } = new LeaderRig()
  function open(changes: Partial<LeaderLimits> = {}): void {
    ;({ tree, state, consensus, call, turnAndCommit, loadOne, letters, damages } = new LeaderRig(changes))
  }
  beforeEach(() => open())

  test('and evaluates again; others go on, the same session waits behind (S3)', async () => {
    tree.chill('cold')
    const miss = call(append, ['a', 'cold'])
    const behind = call(append, ['b'], { followsOwn: true })
    const other = call(append, ['c'], { session: 2 })
    turnAndCommit()
    assert.deepEqual([miss.told, behind.told, other.told], [[], [], ['before ']])
    await loadOne()
    assert.equal(tree.pinned(), 0)
    turnAndCommit()
    assert.deepEqual([miss.told, behind.told], [['before c'], ['before ca']])
  })

  test('up to a bound, and lets go of it then', async () => {
    for (const key of ['c1', 'c2', 'c3', 'c4']) tree.chill(key)
    const greedy: EvaluatorSpec = {
      name: 'greedy@1',
      kind: 'read',
      run: (evaluation) => {
        for (const key of ['c1', 'c2', 'c3', 'c4']) evaluation.get(latin1Bytes(key))
      },
    }
    const asks = call(greedy)
    for (let i = 0; i < 3; i++) await loadOne()
    assert.deepEqual(asks.told, ['TOO_LARGE'])
    assert.equal(tree.pinned(), 0)
  })

  test('for the read that a miss abandoned after it had written its first effects, without those', async () => {
    tree.chill('cold')
    const evaluator: EvaluatorSpec = {
      name: 'late-miss@1',
      kind: 'write',
      run(evaluation, _args, reply) {
        evaluation.put(latin1Bytes('list'), latin1Bytes('x'))
        evaluation.count('letters', 1)
        evaluation.get(latin1Bytes('cold'))
        reply.ascii('done')
      },
    }
    const first = call(append, ['a'])
    const miss = call(evaluator, [], { session: 2 })
    const after = call(append, ['b'], { session: 3 })
    turnAndCommit()
    assert.deepEqual([first.told, after.told], [['before '], ['before a']])
    assert.equal(state.counters.get('letters'), 2)
    await loadOne()
    turnAndCommit()
    assert.deepEqual(miss.told, ['done'])
    assert.equal(letters(), 'x')
  })

  test('in order also for calls that had waited for room (S3)', async () => {
    tree.chill('cold')
    call(large, ['800'], { session: 2 })
    call(large, ['800'], { session: 2 })
    const miss = call(append, ['a', 'cold'])
    const behind = call(append, ['b', 'cold'], { followsOwn: true })
    turnAndCommit()
    assert.equal(tree.loading(), 1)
    await loadOne()
    turnAndCommit()
    assert.deepEqual([miss.told, behind.told], [['before '], ['before a']])
  })

  test('in order also for calls that had waited for a round (S3)', async () => {
    open({ reads: 'read-index' })
    tree.chill('cold')
    const miss = call(read, ['cold'])
    const behind = call(append, ['a'], { followsOwn: true })
    consensus.turn()
    const later = call(append, ['b'], { followsOwn: true })
    consensus.confirm()
    consensus.turn()
    consensus.confirm()
    consensus.commit()
    await loadOne()
    for (let i = 0; i < 3; i++) {
      consensus.clock.advance(1)
      consensus.turn()
      consensus.confirm()
      consensus.commit()
    }
    assert.deepEqual([miss.told, behind.told, later.told], [['list '], ['before '], ['before a']])
  })

  test('without another round for each, where a read had waited for one', async () => {
    open({ reads: 'read-index' })
    const keys = ['c1', 'c2', 'c3']
    const scattered: EvaluatorSpec = {
      name: 'scattered@1',
      kind: 'read',
      run: (evaluation, _args, reply) => {
        for (const key of keys) evaluation.get(latin1Bytes(key))
        reply.ascii('all')
      },
    }
    const first = call(read)
    const scan = call(scattered, [], { followsOwn: true })
    for (const key of keys) tree.chill(key)
    consensus.turn()
    consensus.confirm()
    for (const _ of keys) await loadOne()
    assert.deepEqual([first.told, scan.told], [['list '], ['all']])
    assert.equal(tree.pinned(), 0)
  })

  test('in order also where others wait for room by then (S3)', async () => {
    consensus.clock.advance(271)
    tree.chill('cold')
    const miss = call(read, ['cold'])
    consensus.turn()
    call(large, ['800'], { session: 2 })
    call(large, ['800'], { session: 2 })
    const behind = call(append, ['a'], { followsOwn: true })
    consensus.confirm()
    turnAndCommit()
    await loadOne()
    for (let i = 0; i < 3; i++) turnAndCommit()
    assert.deepEqual([miss.told, behind.told], [['list '], ['before ']])
  })

  test('and says so where it cannot', async () => {
    tree.chill('cold')
    call(read, ['cold'])
    await loadOne(new UnumError('STOPPED', 'closed'))
    assert.deepEqual(damages, [])
    call(read, ['cold'], { session: 2 })
    await loadOne(new Error('rot'))
    assert.deepEqual(
      damages.map(({ message }) => message),
      ['rot'],
    )
  })
})
