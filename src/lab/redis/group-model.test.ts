import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { checkLinearizability } from '../checkers/linearizability.ts'
import { isLinearizableByBruteForce } from '../checkers/testing/brute-force.ts'
import { historyOf } from '../checkers/testing/histories.ts'
import { groupHistories } from '../checkers/testing/known-histories.ts'
import type { GroupOperation } from './group-model.ts'
import { groupModel, groupOperations } from './group-model.ts'

const { good, bad } = groupHistories

for (const [name, drawing] of Object.entries(good)) {
  test(`accepts: ${name}`, () => {
    const operations = groupOperations(historyOf(drawing))
    const result = checkLinearizability(groupModel, [['key', operations]])
    equal(result.kind, 'linearizable', result.kind === 'violation' ? result.explanation.join('\n') : '')
    ok(isLinearizableByBruteForce(groupModel, operations))
  })
}

for (const [name, drawing] of Object.entries(bad)) {
  test(`refuses: ${name}`, () => {
    const operations = groupOperations(historyOf(drawing))
    equal(checkLinearizability(groupModel, [['key', operations]]).kind, 'violation')
    ok(!isLinearizableByBruteForce(groupModel, operations))
  })
}

test('an EXEC that was refused ends the watches of its connection', () => {
  const operations = historyOf(`
    a  |watch a → +OK|  |exec set a 1 → _|                       |exec set a 3 → *["+OK"]|
    b                                       |one set a 2 → +OK|`)
  const refused = operations.filter(({ reply }) => reply === '_')
  const answered = operations.filter(({ reply }) => reply !== '_')
  const check = (of: readonly GroupOperation[]) => checkLinearizability(groupModel, [['key', of]]).kind
  equal(check(groupOperations(answered, refused)), 'linearizable')
  equal(check(groupOperations(answered)), 'violation')
})
