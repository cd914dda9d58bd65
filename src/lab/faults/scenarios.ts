import type { NetworkOptions } from '#host/simulated/index.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { NodeSettings } from '#node/node-types.ts'
import type { WorkloadProfile } from '../workload/profile.ts'
import type { FaultKind } from './faults.ts'
import type { LastingCut } from './lasting-cut.ts'

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
  readonly network?: Partial<NetworkOptions>
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
  /** What happens before that to the links of a node that leads, for as long as it takes the others to answer for everything. */
  readonly lastingCut: LastingCut
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
  rot: {
    description: 'tables that rot, and are read from the disk all the time',
    faults: { rotTables: 6, rotLog: 1, readErrors: 1, kill: 2, powerLoss: 1 },
    cluster: { nodeCount: 3 },
    // Much that is written, in small files, and hardly a block in memory.
    workload: { keyCount: 64, keySkew: 'even', readShare: 0.4, valueBytesMax: 200 },
    settings: { memoryTableBytes: 4_096, blockCacheBytes: 16_384 },
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
      ...{ partial: 1, oneWay: 1, slowNetwork: 3, slowDisk: 3 },
    },
    // Long enough for leader after leader.
    faultTimeoutsMax: 20,
    cluster: { shards: 1, faultMs: 12_000 },
    // What a leader leaves behind is what it had under way: much, and in small pieces, so that a part of it may arrive.
    workload: { clientsPerNode: 3, pipelineMax: 8, thinkMs: 250, keyCount: 24, keySkew: 'even' },
    settings: {
      ...{ electionTimeoutMs: 300, heartbeatMs: 60 },
      ...{ proposalsInFlightMax: 64, proposalPaceMs: 0.1, appendBytesMax: 512 },
    },
  },
  rests: {
    description: 'leaders that are deposed before they have passed on what earlier ones left',
    faults: { deposeByCut: 6, deposeByPause: 1, deposeByCrash: 1 },
    faultTimeoutsMax: 30,
    cluster: { nodeCount: 3, shards: 1, faultMs: 12_000 },
    workload: { clientsPerNode: 3, pipelineMax: 8, thinkMs: 150, keyCount: 24, keySkew: 'even', readShare: 0.1 },
    // Entry by entry, so that a leader takes many steps to pass on what it has, and each long enough to be struck in it.
    settings: {
      ...{ electionTimeoutMs: 300, heartbeatMs: 60 },
      ...{ proposalsInFlightMax: 64, proposalPaceMs: 0.1, appendBytesMax: 64, appendsInFlightMax: 1 },
    },
    network: { delay: { baseMs: 2, jitterMs: 2, spikeChance: 0.01, spikeMs: 30 }, delaySpread: 0 },
  },
  stragglers: {
    description: 'followers that are long behind, and are sent again what they have, or files instead',
    faults: { slowDisk: 5, slowNetwork: 2, stutter: 1, reset: 2, restartAround: 1 },
    faultTimeoutsMax: 12,
    cluster: { nodeCount: 3, shards: 1, faultMs: 8_000 },
    workload: { clientsPerNode: 3, pipelineMax: 4, thinkMs: 60, keyCount: 24, keySkew: 'even', readShare: 0.1 },
    // Many small messages under way, and a log that is soon in files.
    settings: {
      ...{ electionTimeoutMs: 300, heartbeatMs: 60, memoryTableBytes: 2_048 },
      ...{ proposalsInFlightMax: 64, proposalPaceMs: 0.1, appendBytesMax: 64, appendsInFlightMax: 64 },
    },
  },
  retries: {
    description: 'calls that are asked again, of nodes that were just started or that know of them otherwise',
    faults: { restartAround: 5, lateRefusals: 3, deposeByCut: 1, oneWay: 1, slowNetwork: 1, reset: 1 },
    cluster: { nodeCount: 3, shards: 1, faultMs: 8_000 },
    workload: {
      ...{ clientsPerNode: 3, pipelineMax: 4, thinkMs: 100, keyCount: 8, keySkew: 'even', readShare: 0.1 },
      // Nobody gives up while it is asked again.
      timeoutMs: 4_000,
    },
    // What was done goes to files at once.
    settings: { electionTimeoutMs: 300, heartbeatMs: 60, memoryTableBytes: 1_024, requestHoldMs: 10_000 },
  },
  leases: {
    description: 'leaders that are deposed while clients beside them go on reading',
    faults: {
      ...{ usurp: 3, usurpByRestart: 5, lateAnswers: 2, deposeByCut: 1, deposeByPause: 1 },
      ...{ suspend: 3, slowNetwork: 1 },
    },
    faultTimeoutsMax: 12,
    cluster: { nodeCount: 3, shards: 1, faultMs: 12_000 },
    // Hardly a write, so that logs are equal and anybody may be elected, and few keys, so that it is read whether it is there.
    workload: {
      ...{ readShare: 0.985, keyKinds: ['register'], keyCount: 2, keySkew: 'even' },
      ...{ clientsPerNode: 3, pipelineMax: 1, thinkMs: 40 },
    },
    settings: { reads: 'lease', electionTimeoutMs: 300, heartbeatMs: 60 },
  },
} as const satisfies Record<string, Scenario>

export type ScenarioName = keyof typeof scenarios

/** @throws UnumError `CONFIGURATION_INVALID`, with a list of those that there are */
export function scenarioNamed(name: string): NamedScenario {
  if (Object.hasOwn(scenarios, name)) return { ...scenarios[name as ScenarioName], name }
  const known = Object.entries(scenarios).map(([known, { description }]) => `  ${known}: ${description}`)
  throw new UnumError('CONFIGURATION_INVALID', [`Cannot run scenario "${name}": there are`, ...known].join('\n'))
}
