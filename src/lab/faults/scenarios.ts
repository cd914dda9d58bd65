import { UnumError } from '#kernel/base/errors.ts'
import type { NodeSettings } from '#node/node-types.ts'
import type { WorkloadProfile } from '../workload/profile.ts'
import type { FaultKind } from './faults.ts'

/** What may happen in a run, and how often compared with the rest. Everything else is drawn from the seed. */
export interface Scenario {
  readonly description: string
  readonly faults: Partial<Readonly<Record<FaultKind, number>>>
  /** How long a fault lasts at most, in election timeouts; 6 where it is not said. */
  readonly faultTimeoutsMax?: number
  /** What is not drawn from the seed but as said here. */
  readonly cluster?: Partial<ClusterShape>
  readonly workload?: Partial<WorkloadProfile>
  readonly settings?: Partial<NodeSettings>
}

export interface ClusterShape {
  readonly nodeCount: number
  readonly shards: number
  /** How long faults go on. */
  readonly faultMs: number
  /** Nodes are of two versions of the program. */
  readonly mixed: boolean
  /** What happens to all nodes at the end, before they are started and asked once more. */
  readonly ending: 'none' | 'stop' | 'kill' | 'powerLoss'
}

export interface NamedScenario extends Scenario {
  readonly name: string
}

export const scenarios = {
  calm: { description: 'no faults', faults: {} },
  default: {
    description: 'everything, mixed',
    faults: {
      ...{ kill: 4, killAll: 1, crashLoop: 1, stop: 2, powerLoss: 4, powerLossAll: 2, pause: 4, stutter: 1 },
      ...{ isolate: 3, oneWay: 2, partial: 2, split: 2, flap: 1, reset: 2 },
      ...{ slowDisk: 2, slowNetwork: 2 },
      ...{ diskErrors: 1, readErrors: 1, diskFull: 2, rotTables: 2, rotLog: 1, crashAtDisk: 3 },
      ...{ suspend: 2, clockJump: 2, upgrade: 2 },
    },
  },
  'whole-disks': {
    description: 'everything but disks that fail, fill or rot',
    faults: {
      ...{ kill: 4, killAll: 1, crashLoop: 1, stop: 2, powerLoss: 4, powerLossAll: 2, pause: 4, stutter: 1 },
      ...{ isolate: 3, oneWay: 2, partial: 2, split: 2, flap: 1, reset: 2 },
      ...{ slowDisk: 2, slowNetwork: 2, suspend: 2, clockJump: 2 },
    },
  },
  crashes: { description: 'killed and stopped processes', faults: { kill: 4, killAll: 1, crashLoop: 2, stop: 2 } },
  power: { description: 'machines without power', faults: { powerLoss: 4, powerLossAll: 2 } },
  pauses: { description: 'processes that stand still for a while', faults: { pause: 4, stutter: 1 } },
  clocks: {
    description: 'clocks that jump and stand still, beside pauses and cut links',
    faults: { suspend: 4, clockJump: 4, pause: 2, isolate: 2, oneWay: 1 },
  },
  disks: {
    description: 'disks that fail, fill and rot',
    faults: {
      diskErrors: 3,
      readErrors: 2,
      diskFull: 3,
      rotTables: 4,
      rotLog: 1,
      crashAtDisk: 4,
      powerLoss: 2,
      kill: 1,
    },
  },
  full: { description: 'disks without room', faults: { diskFull: 4, kill: 1, pause: 1 } },
  slow: {
    description: 'disks and networks that are many times slower',
    faults: { slowDisk: 3, slowNetwork: 3, kill: 1 },
  },
  partitions: {
    description: 'links that are cut, in all ways',
    faults: { isolate: 3, oneWay: 3, partial: 3, split: 3, flap: 2, reset: 1 },
  },
  versions: {
    description: 'nodes of two versions, which change one after the other',
    faults: { upgrade: 6, kill: 1, powerLoss: 1, pause: 1, isolate: 1, oneWay: 1 },
    cluster: { mixed: true },
  },
  leaders: {
    description: 'leaders that are deposed one after the other',
    faults: {
      ...{ deposeByCut: 4, deposeByCrash: 2, deposeByPause: 2, deposeByBlackout: 3, restartAround: 2 },
      ...{ partial: 1, oneWay: 1, slowNetwork: 4, slowDisk: 1 },
    },
    // Long enough for leader after leader.
    faultTimeoutsMax: 20,
    // What a leader leaves behind is what it had under way; in small pieces, so that a part of it may arrive.
    settings: { proposalsInFlightMax: 64, proposalPaceMs: 0.1, appendBytesMax: 512 },
  },
  leases: {
    description: 'leaders that are deposed while clients beside them go on reading',
    faults: {
      ...{ usurp: 3, usurpByRestart: 4, lateAnswers: 3, deposeByCut: 1, deposeByPause: 2 },
      ...{ suspend: 2, slowNetwork: 1 },
    },
    faultTimeoutsMax: 16,
    // Hardly a write, so that logs are equal and anybody may be elected, and few keys, so that it is read whether it is there.
    workload: { readShare: 0.995, keyKinds: ['register'], keyCount: 2, keySkew: 'even', pipelineMax: 1 },
    settings: { reads: 'lease' },
  },
} as const satisfies Record<string, Scenario>

export type ScenarioName = keyof typeof scenarios

/** @throws UnumError `CONFIGURATION_INVALID`, with a list of those that there are */
export function scenarioNamed(name: string): NamedScenario {
  if (Object.hasOwn(scenarios, name)) return { ...scenarios[name as ScenarioName], name }
  const known = Object.entries(scenarios).map(([known, { description }]) => `  ${known}: ${description}`)
  throw new UnumError('CONFIGURATION_INVALID', [`Cannot run scenario "${name}": there are`, ...known].join('\n'))
}
