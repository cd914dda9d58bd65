import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { checkLinearizability } from '../checkers/linearizability.ts'
import { isLinearizableByBruteForce } from '../checkers/testing/brute-force.ts'
import { historyOf } from '../checkers/testing/histories.ts'
import { expiryModel } from './expiry-model.ts'

/** A column is a millisecond, so the drawings count: the clock may be off by 5. */
const model = expiryModel(5)

const good: Readonly<Record<string, string>> = {
  'a key is there before its deadline and gone after it': `
    a  |setPx 60 v → +OK|  |get → $v|                                            |get → _|`,
  'near the deadline both may be': `
    a  |setPx 40 v → +OK|
    b                                         |get → $v|
    c                                           |get → _|`,
  'what was not answered may have been done late': `
    a  |setPx 10 v
    b                                                              |get → $v|       |get → _|`,
  'a write after the end is a new key': `
    a  |setPx 10 v → +OK|                        |append w → :1|                    |get → $w|`,
  'PERSIST keeps it': `
    a  |setPx 60 v → +OK| |persist → :1|                                             |get → $v|  |pttl → :-1|`,
  'PERSIST of what never ends, and of what is not there': `
    a  |persist → :0|  |set v → +OK|  |persist → :0|  |pttl → :-1|  |del → :1|  |pttl → :-2|`,
  'SET discards the time to live, KEEPTTL keeps it': `
    a  |setPx 30 v → +OK| |set w → +OK|                                          |get → $w|
    a                                                                                         |pexpire 20 → :1| |setKeepTtl x → +OK|                     |get → _|`,
  'APPEND and INCR keep the time to live': `
    a  |setPx 70 1 → +OK| |incr → :2| |append 0 → :2|                                       |get → _|`,
  'PTTL tells what is left, as far as clocks agree': `
    a  |setPx 100 v → +OK| |pttl → :80|`,
  'PEXPIRE NX and XX': `
    a  |set v → +OK|  |pexpireXx 99 → :0|  |pexpireNx 99 → :1|  |pexpireNx 99 → :0|  |pexpireXx 99 → :1|`,
  'a time to live that is over at once': `
    a  |set v → +OK|  |pexpire -1 → :1|  |get → _|`,
  'GETEX reads and sets a time to live': `
    a  |set v → +OK|  |getExPx 20 → $v|                                |get → _|`,
  'a list ends as a whole': `
    a  |rpush a → :1|  |pexpire 30 → :1|                                         |rpush b → :1|  |lrange 0 -1 → *["$b"]|`,
  'SET NX finds a key or not, near the end': `
    a  |setPx 40 v → +OK|
    b                                           |setNxPx 9 w → +OK|
    c                                        |get → $v|`,
}

const bad: Readonly<Record<string, string>> = {
  'gone too early': `
    a  |setPx 200 v → +OK|  |get → _|`,
  'there too late': `
    a  |setPx 20 v → +OK|                                                         |get → $v|`,
  'back from the dead': `
    a  |setPx 40 v → +OK|                      |get → _|  |get → $v|`,
  'back from the dead, seen by another': `
    a  |setPx 40 v → +OK|                     |strlen → :0|
    b                                                       |append w → :2|`,
  'gone although it never ends': `
    a  |set v → +OK|                              |get → _|`,
  'gone although it was persisted': `
    a  |setPx 20 v → +OK| |persist → :1|                              |get → _|`,
  'an element of a list that ended is there again': `
    a  |rpush a → :1| |pexpire 20 → :1|                                       |rpush b → :2|`,
  'PTTL tells more than was set': `
    a  |setPx 50 v → +OK| |pttl → :90|`,
  'PTTL tells -1 of what ends': `
    a  |setPx 500 v → +OK| |pttl → :-1|`,
  'PTTL said when it ends, and it is there after that': `
    a  |setPx 100 v
    b               |pttl → :50|                                                               |get → $v|`,
  'a lost time to live': `
    a  |setPx 60 v → +OK| |setKeepTtl w → +OK|                                                           |get → $w|`,
  'a persisted key that PERSIST found ended, and is there': `
    a  |setPx 30 v → +OK| |persist → :0| |get → $v|`,
}

for (const [name, drawing] of Object.entries(good)) {
  test(`accepts: ${name}`, () => {
    const operations = historyOf(drawing)
    const result = checkLinearizability(model, [['key', operations]])
    equal(result.kind, 'linearizable', result.kind === 'violation' ? result.explanation.join('\n') : '')
    ok(isLinearizableByBruteForce(model, operations))
  })
}

for (const [name, drawing] of Object.entries(bad)) {
  test(`refuses: ${name}`, () => {
    const operations = historyOf(drawing)
    equal(checkLinearizability(model, [['key', operations]]).kind, 'violation')
    ok(!isLinearizableByBruteForce(model, operations))
  })
}
