import type { Mutant } from '../mutant.ts'
import { elections } from './elections.ts'
import { gateways } from './gateways.ts'
import { leader } from './leader.ts'
import { nodeLog } from './node-log.ts'
import { reads } from './reads.ts'
import { replication } from './replication.ts'
import { snapshots } from './snapshots.ts'
import { tables } from './tables.ts'

/** All mutants, by what they are bugs of. */
export const areas: Readonly<Record<string, readonly Mutant[]>> = {
  elections,
  replication,
  reads,
  'node log': nodeLog,
  tables,
  snapshots,
  leader,
  gateways,
}

export const mutants: readonly Mutant[] = Object.values(areas).flat()

/** @throws Error for names that no mutant has */
export function mutantsNamed(names: readonly string[]): readonly Mutant[] {
  const unknown = names.filter((name) => !mutants.some((mutant) => mutant.name === name))
  if (unknown.length > 0) throw new Error(`There is no mutant ${unknown.join(', ')}: --list shows those that there are`)
  return names.length === 0 ? mutants : mutants.filter(({ name }) => names.includes(name))
}
