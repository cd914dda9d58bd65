import type { ScenarioName } from '#lab/index.ts'
import type { Mutant } from '../mutant.ts'
import { elections } from './elections.ts'
import { gateways } from './gateways.ts'
import { leader } from './leader.ts'
import { nodeLog } from './node-log.ts'
import { reads } from './reads.ts'
import { replication } from './replication.ts'
import { snapshots } from './snapshots.ts'
import { tables } from './tables.ts'

/** What a part of the catalogue is about. */
export interface Area {
  readonly name: string
  readonly mutants: readonly Mutant[]
  /** Of the lab: those that stir up this part of the program. Seeds take them in turn. */
  readonly scenarios: readonly ScenarioName[]
}

export const areas: readonly Area[] = [
  { name: 'elections', mutants: elections, scenarios: ['leaders', 'leases'] },
  { name: 'replication', mutants: replication, scenarios: ['leaders', 'rests', 'stragglers', 'default', 'power'] },
  { name: 'reads', mutants: reads, scenarios: ['leases', 'leaders', 'clocks'] },
  { name: 'node log', mutants: nodeLog, scenarios: ['power', 'crashes', 'disks'] },
  { name: 'tables', mutants: tables, scenarios: ['rot', 'default', 'power', 'crashes', 'disks'] },
  { name: 'snapshots', mutants: snapshots, scenarios: ['retries', 'stragglers', 'leaders', 'default', 'disks'] },
  { name: 'leader', mutants: leader, scenarios: ['leaders', 'retries', 'default', 'partitions'] },
  { name: 'gateways', mutants: gateways, scenarios: ['retries', 'leaders', 'default', 'partitions'] },
]

export const mutants: readonly Mutant[] = areas.flatMap((area) => area.mutants)

export function areaOf(mutant: Mutant): Area {
  return areas.find((area) => area.mutants.includes(mutant))!
}

/** @throws Error for names that no mutant has */
export function mutantsNamed(names: readonly string[]): readonly Mutant[] {
  const unknown = names.filter((name) => !mutants.some((mutant) => mutant.name === name))
  if (unknown.length > 0) throw new Error(`There is no mutant ${unknown.join(', ')}: --list shows those that there are`)
  return names.length === 0 ? mutants : mutants.filter(({ name }) => names.includes(name))
}
