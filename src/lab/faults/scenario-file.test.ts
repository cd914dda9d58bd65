import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'node:test'
import { UnumError } from '#kernel/base/errors.ts'
import { createRandom } from '#kernel/base/random.ts'
import { drawConfiguration, withOverrides } from '../configuration.ts'
import { parseScenario } from './scenario-file.ts'

test('a scenario file says which faults come, and what is not drawn', () => {
  const scenario = parseScenario(
    JSON.stringify({
      ...{ description: 'two shards under fire', faults: { kill: 3, isolate: 1 } },
      ...{ cluster: { nodeCount: 5, shards: 2 }, workload: { keyCount: 3 }, settings: { reads: 'read-index' } },
      network: { delaySpread: 1.5 },
    }),
    'fire.json',
  )
  equal(scenario.name, 'fire.json')
  const drawn = drawConfiguration(createRandom(1))
  const { nodeCount, shards, faultMs, profile, settings, simulation } = withOverrides(drawn, scenario)
  deepEqual([nodeCount, shards, faultMs], [5, 2, drawn.faultMs])
  deepEqual(profile, { ...drawn.profile, keyCount: 3 })
  deepEqual(settings, { ...drawn.settings, reads: 'read-index' })
  deepEqual(simulation, { ...drawn.simulation, network: { ...drawn.simulation.network, delaySpread: 1.5 } })
})

for (const [text, message] of [
  ['{', /it is not JSON/],
  ['[]', /want one object/],
  ['{}', /"faults" is missing/],
  ['{"faults": {}, "fault": 1}', /unknown field "fault": there are description, faults, /],
  ['{"faults": []}', /"faults" must be of kind object/],
  ['{"faults": {"burn": 1}}', /unknown fault "burn": there are kill, /],
  ['{"faults": {"kill": -1}}', /the weight of fault "kill" must be an integer from 0 to 100/],
  ['{"faults": {"kill": "1"}}', /the weight of fault "kill" must be an integer/],
  ['{"faults": {}, "cluster": {"nodes": 3}}', /unknown field "nodes" in "cluster": there are nodeCount, /],
  ['{"faults": {}, "workload": {"keyCount": "3"}}', /"keyCount" in "workload" must be of kind number/],
  ['{"faults": {}, "settings": {"toString": 1}}', /unknown field "toString" in "settings"/],
  ['{"faults": {}, "network": {"delay": 1}}', /"delay" in "network" must be of kind object/],
] as const) {
  test(`refuses ${text}`, () => {
    throws(
      () => parseScenario(text, 'wrong.json'),
      (error) =>
        error instanceof UnumError &&
        error.code === 'CONFIGURATION_INVALID' &&
        error.message.startsWith('Cannot use scenario file "wrong.json": ') &&
        message.test(error.message),
    )
  })
}
