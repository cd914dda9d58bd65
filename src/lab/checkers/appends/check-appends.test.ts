import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import { checkAppends } from './check-appends.ts'
import { checkSessions } from './sessions.ts'
import { appendHistory, transactionsOf } from './testing/transactions.ts'

const good: Readonly<Record<string, string>> = {
  nothing: '',
  'appends and reads in order': `
    a  |+x1=1 +y2=1|  |x[1] y[2]|
    b                              |+x3=2 x[1,3]|`,
  'concurrent transactions in either order': `
    a  |+x1=2 y[3]     |
    b  |+x2=1 y[] +y3=1|`,
  'a transaction without a reply that was done': `
    a  |+x1 +y2
    b            |x[1]|  |y[2]|`,
  'a transaction without a reply that was not done': `
    a  |+x1 +y2
    b            |x[] y[]|`,
  'a transaction without a reply that is done later': `
    a  |+x1 +y2
    b            |x[] y[]|  |x[1] y[2]|`,
  'a refused transaction that was not done': `
    a  |+x1 !  |  |x[]|`,
}

const bad: Readonly<Record<string, readonly [name: RegExp, drawing: string]>> = {
  'two keys with writes in opposite order': [
    /^G0$/,
    `
    a  |+x1=1 +y1=2|
    b  |+x2=2 +y2=1|
    c                 |x[1,2] y[2,1]|`,
  ],
  'two transactions that each read the other': [
    /^G1c$/,
    `
    a  |+x1=1 y[2]|
    b  |+y2=1 x[1]|`,
  ],
  'a transaction seen in part': [
    /^G-single$/,
    `
    a  |+x1=1 +y2=1|
    b  |x[1] y[]   |`,
  ],
  'a lost update': [
    /^G-single$/,
    `
    a  |x[] +y1=1|
    b  |y[1] +x2=1 x[2] +z3=1|
    c  |z[3] y[]|`,
  ],
  'write skew': [
    /^G2$/,
    `
    a  |x[] +y1=1|
    b  |y[] +x2=1|`,
  ],
  'a stale read after an acknowledged append': [
    /^(lost append|G-single-realtime)$/,
    `
    a  |+x1=1|
    b            |x[]|
    c                   |x[1]|`,
  ],
  'a read that goes back in time': [
    /^G-single-(process|realtime)$/,
    `
    a  |+x1            =1|
    b     |x[1]|  |x[]|`,
  ],
  'writes that take effect against real time': [
    /realtime$/,
    `
    a  |+x1=2|
    b            |+x2=1|`,
  ],
  'a duplicated append': [
    /^duplicated append$/,
    `
    a  |+x1=1|  |x[1,1]|`,
  ],
  'a transaction without a reply that is done twice': [
    /^duplicated append$/,
    `
    a  |+x1
    b        |x[1]|  |+x2=2|  |x[1,2,1]|`,
  ],
  'a lost append': [
    /^lost append$/,
    `
    a  |+x1=1|  |x[]|`,
  ],
  'a lost append that another took the place of': [
    /^incompatible order$/,
    `
    a  |+x1=1|
    b            |+x2=1|  |x[2]|`,
  ],
  'reads that disagree': [
    /^(incompatible order|duplicated append)$/,
    `
    a  |+x1|
    b  |+x2|
    c          |x[1,2]|  |x[2,1]|`,
  ],
  'an element from nowhere': [
    /^garbage read$/,
    `
    a  |x[7]|`,
  ],
  'a refused transaction that was read': [
    /^G1a/,
    `
    a  |+x1 !|  |x[1]|`,
  ],
  'a read in the middle of a transaction': [
    /^G1b/,
    `
    a  |+x1=1 +x2=2|
    b    |x[1]|`,
  ],
  'a transaction that does not see its own append': [
    /^internal$/,
    `
    a  |x[] +x1=1 x[]|`,
  ],
  'half of a transaction without a reply': [
    /^G-single/,
    `
    a  |+x1 +y2
    b            |x[1] y[]|`,
  ],
  'half of a transaction without a reply, for ever': [
    /^G-single/,
    `
    a  |+x1 +y2
    b            |x[1]|  |y[]|`,
  ],
}

for (const [name, drawing] of Object.entries(good)) {
  test(`accepts: ${name}`, () => {
    const transactions = transactionsOf(drawing)
    deepEqual(checkAppends(transactions), [])
    deepEqual(checkSessions(transactions), [])
  })
}

for (const [name, [expected, drawing]] of Object.entries(bad)) {
  test(`refuses: ${name}`, () => {
    const anomalies = checkAppends(transactionsOf(drawing))
    ok(
      anomalies.some((anomaly) => expected.test(anomaly.name)),
      `${JSON.stringify(anomalies.map((anomaly) => anomaly.name))} instead of ${expected}`,
    )
  })
}

test('explains a cycle by its edges', () => {
  const [anomaly] = checkAppends(transactionsOf(bad['write skew']![1]))
  equal(anomaly!.explanation.length, 4)
  match(anomaly!.explanation[0]!, /^T1 is before \(rw; [xy]: [12] was not read\) T2$/)
  match(anomaly!.explanation[1]!, /^T2 is before \(rw; [xy]: [12] was not read\) T1$/)
})

test('sessions: reads of one connection do not get shorter, and show its own appends', () => {
  const names = (drawing: string): string[] => checkSessions(transactionsOf(drawing)).map(({ name }) => name)
  deepEqual(names('a  |x[1]|  |x[]|'), ['reads that are not monotonic'])
  deepEqual(names('a  |+x1=1|  |x[]|'), ['own append not read'])
  deepEqual(names('a  |x[1]|\nb          |x[]|'), [])
  deepEqual(names('a  |x[1]|\na    |x[]|'), ['reads that are not monotonic'])
})

test('accepts generated histories, with losses', () => {
  for (let seed = 0; seed < 40; seed++) {
    const transactions = appendHistory(createRandom(seed), { transactions: 300, connections: 6, lossRate: 0.05 })
    deepEqual(checkAppends(transactions), [], `seed ${seed}`)
    deepEqual(checkSessions(transactions), [], `seed ${seed}`)
  }
})

test('refuses generated histories in which one acknowledged transaction was dropped or read too early', () => {
  for (let seed = 0; seed < 40; seed++) {
    const random = createRandom(seed)
    const flaw = seed % 2 === 0 ? 'dropped' : 'stale'
    const transactions = appendHistory(random, { transactions: 300, connections: 6, lossRate: 0.05, flaw })
    ok(checkAppends(transactions).length > 0, `seed ${seed}`)
  }
})

test('a hundred thousand transactions are judged in seconds', { timeout: 20_000 }, () => {
  const transactions = appendHistory(createRandom(1), { transactions: 100_000, connections: 12, lossRate: 0.001 })
  deepEqual(checkAppends(transactions), [])
})
