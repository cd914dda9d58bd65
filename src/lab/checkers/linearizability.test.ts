import { equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '#kernel/base/random.ts'
import type { Operation } from '../history.ts'
import { stringModel } from '../redis/key-model.ts'
import type { StringCommand } from '../redis/string-commands.ts'
import type { CheckResult } from './linearizability.ts'
import { checkLinearizability } from './linearizability.ts'
import { isLinearizableByBruteForce } from './testing/brute-force.ts'
import { correctHistory, historyOf } from './testing/histories.ts'
import { stringHistories } from './testing/known-histories.ts'

const check = (operations: readonly Operation[]): CheckResult =>
  checkLinearizability(stringModel, [['key', operations]])

const { good, bad } = stringHistories

for (const [name, drawing] of Object.entries(good)) {
  test(`accepts: ${name}`, () => {
    const operations = historyOf(drawing)
    equal(check(operations).kind, 'linearizable')
    ok(isLinearizableByBruteForce(stringModel, operations))
  })
}

for (const [name, drawing] of Object.entries(bad)) {
  test(`refuses: ${name}`, () => {
    const operations = historyOf(drawing)
    equal(check(operations).kind, 'violation')
    ok(!isLinearizableByBruteForce(stringModel, operations))
  })
}

test('says which operation cannot be, in which state, among which others', () => {
  const result = check(historyOf(bad['a stale read']!))
  ok(result.kind === 'violation')
  equal(result.partition, 'key')
  match(
    result.explanation[0]!,
    /no order of the 3 operations called so far explains: connection 1 .* GET key {2}→ {2}\$1/,
  )
  match(result.explanation[1]!, /states: 2$/)
  equal(result.explanation.filter((line) => line.startsWith('> ')).length, 1)
})

test('agrees with the brute-force twin on small histories', () => {
  const commands: StringCommand[] = ['get', 'set', 'setNx', 'incr', 'append', 'del', 'getSet']
  const replies: Record<string, string[]> = {
    get: ['_', '$1', '$2', '$11'],
    set: ['+OK'],
    setNx: ['+OK', '_'],
    incr: [':1', ':2', ':3'],
    append: [':1', ':2'],
    del: [':0', ':1'],
    getSet: ['_', '$1', '$2'],
  }
  const operation = fc.record({
    connection: fc.nat(2),
    command: fc.constantFrom(...commands),
    argument: fc.constantFrom('1', '2'),
    reply: fc.nat(),
    call: fc.nat(40),
    length: fc.nat(20),
    lost: fc.nat(5).map((draw) => draw === 0),
  })
  let violations = 0
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 7 }), (drawn) => {
      const operations = drawn
        .map((draw, index): Operation => {
          const call = draw.call * 100 + index
          const returned = draw.lost ? Number.POSITIVE_INFINITY : call + draw.length * 100 + 50
          const reply = replies[draw.command]![draw.reply % replies[draw.command]!.length]!
          return {
            index,
            connection: draw.connection,
            command: draw.command,
            key: 'key',
            argument: draw.argument,
            reply: draw.lost ? undefined : reply,
            call,
            callMs: call,
            return: returned,
            returnMs: returned,
          }
        })
        .sort((a, b) => a.call - b.call)
      const expected = isLinearizableByBruteForce(stringModel, operations)
      if (!expected) violations++
      equal(check(operations).kind, expected ? 'linearizable' : 'violation')
    }),
    { numRuns: 3000, seed: 1 },
  )
  ok(violations > 300 && violations < 2900, `both verdicts occur: ${violations} violations`)
})

test('names the shortest beginning that is wrong', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const numbers = createRandom(seed)
      const operations = correctHistory(numbers, { operations: 40, connections: 3, lossRate: 0.05 })
      const victim = numbers.below(operations.length)
      const broken = operations.map((operation, index) =>
        index === victim && operation.reply !== undefined ? { ...operation, reply: '$nowhere' } : operation,
      )
      const result = check(broken)
      if (broken[victim]!.reply === undefined) {
        equal(result.kind, 'linearizable')
      } else {
        ok(result.kind === 'violation')
        match(result.explanation[0]!, /nowhere/)
      }
    }),
    { numRuns: 200, seed: 2 },
  )
})

test('accepts generated histories of a correct key, with losses', () => {
  for (let seed = 0; seed < 60; seed++) {
    const operations = correctHistory(createRandom(seed), { operations: 400, connections: 6, lossRate: 0.02 })
    equal(check(operations).kind, 'linearizable', `seed ${seed}`)
  }
})

test('refuses generated histories in which one acknowledged write was dropped, where a later reply shows it', () => {
  let refused = 0
  for (let seed = 0; seed < 60; seed++) {
    const operations = correctHistory(createRandom(seed), { operations: 400, connections: 4, lossRate: 0 })
    const appends = operations.filter((operation) => operation.command === 'append')
    const dropped = appends[appends.length >> 1]
    if (check(operations.filter((operation) => operation !== dropped)).kind === 'violation') refused++
  }
  ok(refused > 40, `${refused} of 60`)
})

test('a hundred thousand operations on one key, with losses, cost few steps', () => {
  const operations = correctHistory(createRandom(7), { operations: 100_000, connections: 8, lossRate: 0.0002 })
  const result = check(operations)
  equal(result.kind, 'linearizable')
  ok(result.steps < 5_000_000, `${result.steps} steps`)
})

test('a partition that is too entangled is undecided, not right', () => {
  const rows = Array.from({ length: 12 }, (_, i) => `c${i}  |set ${i}           → +OK|`).join('\n')
  const operations = [...historyOf(`${rows}\nb ${' '.repeat(60)}|get → $nowhere|`)]
  const result = checkLinearizability(stringModel, [['key', operations]], { stepsMax: 1000 })
  equal(result.kind, 'undecided')
})

test('partitions are judged on their own', () => {
  const result = checkLinearizability(stringModel, [
    ['good', historyOf(good['SET NX succeeds once']!)],
    ['bad', historyOf(bad['a lost write']!)],
  ])
  ok(result.kind === 'violation')
  equal(result.partition, 'bad')
})
