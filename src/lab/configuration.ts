import type { DiskOptions, Latency, NetworkOptions, SimulationOptions } from '#host/simulated/index.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Random } from '#kernel/base/host.ts'
import type { NodeSettings } from '#node/node-types.ts'
import { defaultSettings } from '#node/settings.ts'
import type { LastingCut } from './faults/lasting-cut.ts'
import type { ClusterShape, Scenario } from './faults/scenarios.ts'
import type { TopicProfile } from './topics/topic-profile.ts'
import { drawTopicProfile } from './topics/topic-profile.ts'
import type { WorkloadProfile } from './workload/profile.ts'
import { drawProfile } from './workload/profile.ts'

/** Everything about a run that its seed draws besides the faults. */
export interface LabConfiguration extends ClusterShape {
  readonly simulation: Omit<SimulationOptions, 'seed'>
  readonly settings: NodeSettings
  readonly profile: WorkloadProfile
  /** Nodes listen for Kafka's clients too, and these ask for what `topics` says. */
  readonly hasTopics: boolean
  readonly topics: TopicProfile
  /** Within so long after the last fault every node must have answered for every key. */
  readonly progressMs: number
}

interface NetworkTier {
  readonly delay: Latency
  readonly electionTimeoutMs: readonly number[]
  readonly retransmitMs: number
}

/** One way. Election timeouts are many round trips, as an operator would choose them. */
const networkTiers: readonly NetworkTier[] = [
  {
    delay: { baseMs: 0.05, jitterMs: 0.1, spikeChance: 0.002, spikeMs: 5 },
    electionTimeoutMs: [120, 300, 1000],
    retransmitMs: 50,
  },
  {
    delay: { baseMs: 0.5, jitterMs: 1.5, spikeChance: 0.01, spikeMs: 30 },
    electionTimeoutMs: [150, 300, 1000],
    retransmitMs: 200,
  },
  {
    delay: { baseMs: 8, jitterMs: 8, spikeChance: 0.01, spikeMs: 100 },
    electionTimeoutMs: [600, 1500],
    retransmitMs: 200,
  },
]

const syncTiers: readonly Latency[] = [
  { baseMs: 0.05, jitterMs: 0.1, spikeChance: 0.01, spikeMs: 5 },
  { baseMs: 1, jitterMs: 3, spikeChance: 0.01, spikeMs: 30 },
  { baseMs: 4, jitterMs: 12, spikeChance: 0.02, spikeMs: 50 },
  { baseMs: 0.1, jitterMs: 0.1, spikeChance: 0.03, spikeMs: 150 },
]

/** About so many operations are asked in one run, faults permitting. */
const operationsWanted = 3_000
const clientsMax = 12
/** One run in so many has topics beside what else it has. */
const topicsEvery = 6
/** What a connection between two nodes that fell silent may need until it is made anew. */
const reconnectAllowanceMs = 15_000
const electionsAllowed = 20

export function drawConfiguration(random: Random): LabConfiguration {
  const pick = <Value>(...values: readonly Value[]): Value => values[random.below(values.length)]!
  const nodeCount = pick(1, 3, 3, 3, 3, 3, 5, 5)
  const tier = pick(...networkTiers)
  const electionTimeoutMs = pick(...tier.electionTimeoutMs)
  const settings = drawSettings(random.child('settings'), electionTimeoutMs)
  const faultMs = Math.min(10_000, electionTimeoutMs * pick(12, 20, 30))
  return {
    nodeCount,
    shards: pick(1, 1, 2, 4),
    simulation: {
      faultPointChance: [0, 0.25, 0.5][random.child('fault points').below(3)]!,
      network: drawNetwork(random.child('network'), tier),
      disk: drawDisk(random.child('disk')),
      clock: {
        wallOffsetMs: pick(0, 50, 200),
        timerLateMs: pick(0.1, 0.5, 5),
        driftMax: settings.clockDriftMax * random.child('drift').below(2),
      },
    },
    settings,
    profile: drawProfile(random.child('workload'), { nodeCount, clientsMax, durationMs: faultMs, operationsWanted }),
    hasTopics: random.child('with topics').below(topicsEvery) === 0,
    topics: drawTopicProfile(random.child('topics'), faultMs),
    faultMs,
    mixed: random.child('releases').below(3) === 0,
    progressMs: reconnectAllowanceMs + electionsAllowed * electionTimeoutMs,
    ending: pick('none', 'none', 'none', 'stop', 'kill', 'powerLoss'),
    lastingCut: nodeCount < 3 ? 'none' : drawLastingCut(random.child('lasting cut')),
  }
}

/** What was drawn, but for what the scenario says. @throws UnumError `CONFIGURATION_INVALID`: a field that is not known, or of another kind */
export function withOverrides(drawn: LabConfiguration, scenario: Scenario): LabConfiguration {
  const { nodeCount, shards, faultMs, mixed, ending, lastingCut, simulation } = drawn
  return {
    ...drawn,
    ...overridden('cluster', { nodeCount, shards, faultMs, mixed, ending, lastingCut }, scenario.cluster),
    simulation: { ...simulation, network: overridden('network', simulation.network ?? {}, scenario.network) },
    profile: overridden('workload', drawn.profile, scenario.workload),
    settings: overridden('settings', drawn.settings, scenario.settings),
  }
}

function overridden<Fields extends object>(where: string, drawn: Fields, said: Partial<Fields> = {}): Fields {
  for (const [field, value] of Object.entries(said)) {
    if (!Object.hasOwn(drawn, field)) {
      throw new UnumError(
        'CONFIGURATION_INVALID',
        `unknown field "${field}" in "${where}": there are ${Object.keys(drawn).join(', ')}`,
      )
    }
    const wanted = typeof drawn[field as keyof Fields]
    if (typeof value !== wanted) {
      throw new UnumError('CONFIGURATION_INVALID', `"${field}" in "${where}" must be of kind ${wanted}`)
    }
  }
  return { ...drawn, ...said }
}

function drawNetwork(random: Random, tier: NetworkTier): Partial<NetworkOptions> {
  const pick = <Value>(...values: readonly Value[]): Value => values[random.below(values.length)]!
  return {
    delay: tier.delay,
    retransmitMs: tier.retransmitMs,
    delaySpread: pick(0, 0.5, 2),
    windowBytes: pick(4_096, 262_144, 262_144),
    segmentBytes: pick(1_460, 65_536, 65_536),
    splitChance: pick(0, 0.1, 0.5),
    lossChance: pick(0, 0.0001, 0.002),
    resetAfterStallChance: pick(0, 0.3, 1),
  }
}

function drawDisk(random: Random): Partial<DiskOptions> {
  const pick = <Value>(...values: readonly Value[]): Value => values[random.below(values.length)]!
  return { sync: pick(...syncTiers), parallel: pick(1, 4) }
}

function drawLastingCut(random: Random): LastingCut {
  const cuts: readonly LastingCut[] = ['none', 'none', 'none', 'deaf', 'mute', 'alone']
  return cuts[random.below(cuts.length)]!
}

function drawSettings(random: Random, electionTimeoutMs: number): NodeSettings {
  const pick = <Value>(...values: readonly Value[]): Value => values[random.below(values.length)]!
  return {
    ...defaultSettings,
    heartbeatMs: electionTimeoutMs / pick(5, 10),
    electionTimeoutMs,
    clockDriftMax: pick(0.001, 0.05),
    reads: pick('lease', 'lease', 'read-index'),
    appendsInFlightMax: pick(1, 4, 64),
    appendBytesMax: pick(512, 16_384, 1_048_576),
    restAfterMs: [0, 30, 200, 1000][random.child('rest').below(4)]!,
    memoryTableBytes: pick(4_096, 32_768, 262_144, 4_194_304),
    blockCacheBytes: pick(16_384, 1_048_576, 8_388_608),
    logSegmentBytes: pick(16_384, 131_072, 8_388_608),
    scrubMs: random.child('scrub').below(2) * 2_000,
    requestHoldMs: pick(500, 2_000, 10_000),
    clientMemoryBytesMax: 16_777_216,
  }
}
