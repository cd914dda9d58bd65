import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ask } from '../testing/ask.ts'
import { checkInvariants } from '../testing/invariants.ts'
import { ShardTwin } from '../testing/shard-twin.ts'
import { sortedSetCommands } from './commands.ts'

type Entry = readonly [score: number, member: string]

function inOrder(entries: readonly Entry[]): Entry[] {
  return entries.toSorted(([a, x], [b, y]) => a - b || (x < y ? -1 : 1))
}

function members(entries: readonly Entry[]): string[] {
  return entries.map(([, member]) => member)
}

const entries = fc.uniqueArray(
  fc.tuple(
    fc.integer({ min: -20, max: 20 }),
    fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\0', '\xff'), maxLength: 6 }),
  ),
  { selector: ([, member]) => member, minLength: 1, maxLength: 80 },
)
const bound = fc.integer({ min: -25, max: 25 })

test('ranges, counts and ranks are those of a sorted array', () => {
  fc.assert(
    fc.property(entries, bound, bound, fc.boolean(), fc.boolean(), (unordered, low, high, openLow, openHigh) => {
      const twin = new ShardTwin(sortedSetCommands)
      ask(twin, 'ZADD', 'z', ...unordered.flat())
      const all = inOrder(unordered)
      const from = low < 0 ? Math.max(0, all.length + low) : low
      const to = high < 0 ? all.length + high : high
      assert.deepEqual(ask(twin, 'ZRANGE', 'z', low, high), members(all.slice(from, Math.max(0, to + 1))))
      assert.deepEqual(
        ask(twin, 'ZRANGE', 'z', low, high, 'REV'),
        members(all.toReversed().slice(from, Math.max(0, to + 1))),
      )
      const inRange = all.filter(
        ([score]) => (openLow ? score > low : score >= low) && (openHigh ? score < high : score <= high),
      )
      const bounds = [`${openLow ? '(' : ''}${low}`, `${openHigh ? '(' : ''}${high}`] as const
      assert.deepEqual(ask(twin, 'ZRANGEBYSCORE', 'z', ...bounds), members(inRange))
      assert.deepEqual(ask(twin, 'ZREVRANGEBYSCORE', 'z', bounds[1], bounds[0]), members(inRange.toReversed()))
      assert.equal(ask(twin, 'ZCOUNT', 'z', ...bounds), inRange.length)
      for (const [i, [, member]] of all.entries()) {
        assert.equal(ask(twin, 'ZRANK', 'z', member), i)
        assert.equal(ask(twin, 'ZREVRANK', 'z', member), all.length - 1 - i)
      }
      assert.equal(ask(twin, 'ZREMRANGEBYSCORE', 'z', ...bounds), inRange.length)
      assert.deepEqual(ask(twin, 'ZRANGE', 'z', 0, -1), members(all.filter((entry) => !inRange.includes(entry))))
      checkInvariants(twin.evaluation)
    }),
    { numRuns: 300 },
  )
})

test('ranges of names are those of a sorted array', () => {
  fc.assert(
    fc.property(entries, entries, fc.boolean(), fc.boolean(), (unordered, others, openLow, openHigh) => {
      const twin = new ShardTwin(sortedSetCommands)
      const names = unordered.map(([, member]) => member).sort()
      ask(twin, 'ZADD', 'z', ...names.flatMap((name) => [7, name]))
      const [low, high] = [others[0]![1], others.at(-1)![1]] as const
      const inRange = names.filter(
        (name) => (openLow ? name > low : name >= low) && (openHigh ? name < high : name <= high),
      )
      const bounds = [`${openLow ? '(' : '['}${low}`, `${openHigh ? '(' : '['}${high}`] as const
      assert.deepEqual(ask(twin, 'ZRANGEBYLEX', 'z', ...bounds), inRange)
      assert.deepEqual(ask(twin, 'ZREVRANGEBYLEX', 'z', bounds[1], bounds[0]), inRange.toReversed())
      assert.equal(ask(twin, 'ZLEXCOUNT', 'z', ...bounds), inRange.length)
    }),
    { numRuns: 200 },
  )
})
