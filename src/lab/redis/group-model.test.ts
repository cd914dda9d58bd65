import { equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { checkLinearizability } from '../checkers/linearizability.ts'
import { isLinearizableByBruteForce } from '../checkers/testing/brute-force.ts'
import { historyOf } from '../checkers/testing/histories.ts'
import { groupHistories } from '../checkers/testing/known-histories.ts'
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
