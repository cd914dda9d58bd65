import { UnumError } from '#kernel/base/errors.ts'
import { createRandom } from '#kernel/base/random.ts'
import { drawConfiguration, withOverrides } from '../configuration.ts'
import { faults } from './faults.ts'
import type { NamedScenario, Scenario } from './scenarios.ts'

/**
 * Reads a scenario from JSON:
 *
 *     { "description": text, "faults": { kind: weight, … }, "faultTimeoutsMax": number,
 *       "cluster": { "nodeCount", "shards", "faultMs", "mixed", "ending", "lastingCut" },
 *       "workload": fields of WorkloadProfile, "settings": fields of NodeSettings, "network": fields of NetworkOptions }
 *
 * Only `faults` must be there; what is not said is drawn from the seed.
 * @throws UnumError `CONFIGURATION_INVALID`, naming the field that is wrong
 */
export function parseScenario(text: string, name: string): NamedScenario {
  const refuse = (what: string): never => {
    throw new UnumError('CONFIGURATION_INVALID', `Cannot use scenario file "${name}": ${what}`)
  }
  const found = parse(text, refuse)
  for (const field of Object.keys(found)) {
    if (!Object.hasOwn(fieldKinds, field))
      refuse(`unknown field "${field}": there are ${Object.keys(fieldKinds).join(', ')}`)
  }
  for (const [field, kind] of Object.entries(fieldKinds)) {
    if (found[field] !== undefined && kindOf(found[field]) !== kind) refuse(`"${field}" must be of kind ${kind}`)
  }
  if (found.faults === undefined) refuse('"faults" is missing')
  for (const [kind, weight] of Object.entries(found.faults as object)) {
    if (!Object.hasOwn(faults, kind)) refuse(`unknown fault "${kind}": there are ${Object.keys(faults).join(', ')}`)
    if (!Number.isInteger(weight) || weight < 0 || weight > 100) {
      refuse(`the weight of fault "${kind}" must be an integer from 0 to 100`)
    }
  }
  const scenario = { description: name, ...found } as unknown as Scenario
  try {
    withOverrides(drawConfiguration(createRandom(0)), scenario)
  } catch (error) {
    if (error instanceof UnumError) refuse(error.message)
    throw error
  }
  return { ...scenario, name }
}

const fieldKinds: Readonly<Record<keyof Scenario, string>> = {
  description: 'string',
  faults: 'object',
  faultTimeoutsMax: 'number',
  cluster: 'object',
  workload: 'object',
  settings: 'object',
  network: 'object',
}

function parse(text: string, refuse: (what: string) => never): Record<string, unknown> {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (error) {
    return refuse(`it is not JSON: ${(error as Error).message}`)
  }
  return kindOf(found) === 'object' ? (found as Record<string, unknown>) : refuse('want one object')
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value
}
