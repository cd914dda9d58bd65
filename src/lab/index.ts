import { startNode } from '#node/node.ts'
import { releases } from './cluster/releases.ts'
import type { LabOptions, LabOutput } from './run-lab.ts'
import { runSeeds } from './run-lab.ts'

export type { ScenarioName } from './faults/scenarios.ts'
export { scenarios } from './faults/scenarios.ts'
export type { LabOptions, LabOutput } from './run-lab.ts'
export type { SeedReport } from './run-seed.ts'
export type { WorkloadName } from './workload/workloads.ts'
export { workloads } from './workload/workloads.ts'

/**
 * Runs simulated clusters of the real node with Redis traffic, one for each seed, and prints a line about each.
 * @returns how many seeds failed.
 * @throws UnumError `CONFIGURATION_INVALID`: an unknown scenario, a number that is none
 */
export function runLab(options: LabOptions, output: LabOutput): Promise<number> {
  return runSeeds(options, { program: startNode, releases }, output)
}
