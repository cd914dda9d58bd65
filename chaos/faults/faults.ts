import { diskFaults } from './disk-faults.ts'
import { networkFaults } from './network-faults.ts'
import { powerFaults } from './power-faults.ts'
import { processFaults } from './process-faults.ts'
import { rollback } from './rollback.ts'
import type { Fault } from './site.ts'

/** All that can be done to the cluster, by the name under which it is asked for and counted. */
export const faults = {
  ...processFaults,
  ...powerFaults,
  ...networkFaults,
  ...diskFaults,
  rollback,
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof faults

export const faultNames = Object.keys(faults) as FaultName[]

/** Those that happen unless others are asked for. */
export const usualFaults = faultNames.filter((name) => faults[name].weight > 0)

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faults, name)
}
