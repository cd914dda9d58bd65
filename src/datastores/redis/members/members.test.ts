import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import { setCommands } from '../sets/commands.ts'
import type { Answer } from '../testing/ask.ts'
import { ask, askList } from '../testing/ask.ts'
import { checkInvariants } from '../testing/invariants.ts'
import { ShardTwin } from '../testing/shard-twin.ts'
import { memberHash } from './member-table.ts'

function numbered(count: number, prefix = 'm'): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`)
}

function setOf(count: number): ShardTwin {
  const twin = new ShardTwin(setCommands)
  twin.run('SADD', 's', ...numbered(count))
  return twin
}

test('a scan answers every member that stays exactly once, while others come and go', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 130, max: 600 }), (count, size) => {
      const twin = setOf(size)
      const seen: string[] = []
      let cursor = '0'
      let round = 0
      do {
        const [next, members] = ask(twin, 'SSCAN', 's', cursor, 'COUNT', count) as readonly [string, readonly string[]]
        assert.ok(members.length >= count || next === '0')
        seen.push(...members)
        cursor = next
        twin.run('SADD', 's', ...numbered(3, `added${round}-`))
        twin.run('SREM', 's', ...numbered(2, `added${round - 1}-`))
        round++
      } while (cursor !== '0')
      const stayed = seen.filter((member) => member.startsWith('m')).sort()
      assert.deepEqual(stayed, numbered(size).sort())
    }),
    { numRuns: 20 },
  )
})

test('a scan of a small set ends with its first call, and one with a cursor beyond all members too', () => {
  const twin = setOf(128)
  const [next, members] = ask(twin, 'SSCAN', 's', 0) as readonly [string, readonly Answer[]]
  assert.equal(next, '0')
  assert.equal(members.length, 128)
  assert.deepEqual(ask(twin, 'SSCAN', 's', '18446744073709551615'), ['0', []])
  assert.deepEqual(ask(twin, 'SSCAN', 's', '4294967296'), ['0', []])
})

test('counted random members are different ones, and as many as were asked for', () => {
  for (const size of [1, 10, 256, 257, 3000]) {
    const twin = setOf(size)
    for (const count of [1, 2, size - 1, size, size + 1, 300]) {
      const members = askList(twin, 'SRANDMEMBER', 's', count)
      assert.equal(members.length, Math.min(count, size))
      assert.equal(new Set(members).size, members.length)
    }
    assert.equal(askList(twin, 'SRANDMEMBER', 's', -700).length, 700)
  }
})

/** The least and the greatest number of times that any member was drawn. */
function spread(twin: ShardTwin, size: number, draws: number, draw: () => readonly string[]): [number, number] {
  const times = new Map(numbered(size).map((member) => [member, 0]))
  for (let i = 0; i < draws; i++) {
    twin.advanceMs(1)
    for (const member of draw()) times.set(member, times.get(member)! + 1)
  }
  return [Math.min(...times.values()), Math.max(...times.values())]
}

test('members of a small set are drawn alike', () => {
  const twin = setOf(20)
  const single = spread(twin, 20, 4000, () => [ask(twin, 'SRANDMEMBER', 's') as string])
  assert.ok(single[0] > 140 && single[1] < 260, `${single} of 200`)
  const several = spread(twin, 20, 1000, () => askList(twin, 'SRANDMEMBER', 's', 4))
  assert.ok(several[0] > 140 && several[1] < 260, `${several} of 200`)
  const repeated = spread(twin, 20, 1000, () => askList(twin, 'SRANDMEMBER', 's', -4))
  assert.ok(repeated[0] > 140 && repeated[1] < 260, `${repeated} of 200`)
})

test('members of a large set are drawn nearly alike', () => {
  const size = 400
  const twin = setOf(size)
  const [least, most] = spread(twin, size, 100, () => askList(twin, 'SRANDMEMBER', 's', -size))
  assert.ok(least > 40 && most < 180, `${least} to ${most} of 100`)
})

test('chance is decided by the transaction and the place of the command in it', () => {
  const draw = () => {
    const twin = setOf(50)
    return [ask(twin, 'SRANDMEMBER', 's', 5), ask(twin, 'SRANDMEMBER', 's', 5)]
  }
  const [first, second] = draw()
  assert.deepEqual(draw(), [first, second])
  assert.notDeepEqual(first, second)
})

test('SPOP takes each member once, in counts of any size', () => {
  for (const count of [1, 7, 200]) {
    const twin = setOf(600)
    const popped: string[] = []
    while (ask(twin, 'SCARD', 's') !== 0) popped.push(...askList(twin, 'SPOP', 's', count))
    assert.deepEqual(popped.sort(), numbered(600).sort())
    assert.equal(twin.evaluation.rowCount, 0)
    checkInvariants(twin.evaluation)
  }
})

/** Part of the data format: members lie in this order for good. */
test('members have these hashes', () => {
  const hash = (member: string) => memberHash(latin1Bytes(member), 0, member.length)
  assert.deepEqual(['', 'a', 'field'].map(hash), [2872998923, 444641715, 1228819200])
})

test('members whose hashes are equal are different members, and are scanned together', () => {
  const alike = ['6d05uib7e', '1wvq3c36edv']
  const [hash, other] = alike.map((member) => memberHash(latin1Bytes(member), 0, member.length))
  assert.equal(hash, other)
  const twin = setOf(200)
  assert.equal(ask(twin, 'SADD', 's', ...alike), 2)
  for (let count = 1; count < 10; count++) {
    let cursor = '0'
    do {
      const [next, members] = ask(twin, 'SSCAN', 's', cursor, 'COUNT', count) as readonly [string, readonly string[]]
      assert.equal(members.includes(alike[0]!), members.includes(alike[1]!))
      cursor = next
    } while (cursor !== '0')
  }
  assert.equal(ask(twin, 'SREM', 's', alike[0]!), 1)
  assert.equal(ask(twin, 'SISMEMBER', 's', alike[1]!), 1)
})
