import type { Random } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import type { Latency, SimulationOptions } from './options.ts'

/** A configuration that the seed decides as well: from machines in one rack to oceans between them, from memory-like to worn disks. */
export function drawSimulationOptions(seed: number | string): Required<SimulationOptions> {
  const random = createRandom(seed).child('simulation options')
  const delayMs = pick(random, [0.02, 0.1, 0.5, 2, 20])
  const syncMs = pick(random, [0.03, 0.1, 0.5, 2, 10])
  return {
    seed,
    network: {
      delay: drawLatency(random, delayMs),
      delaySpread: pick(random, [0, 0.5, 3]),
      bytesPerMs: pick(random, [12_500, 125_000, 1_250_000]),
      windowBytes: pick(random, [4_096, 65_536, 262_144, 4_194_304]),
      segmentBytes: pick(random, [500, 1_460, 16_384, 65_536]),
      splitChance: pick(random, [0, 0.02, 0.3]),
      lossChance: pick(random, [0, 0, 0.0002, 0.005]),
      retransmitMs: pick(random, [50, 200]),
      retransmitMaxMs: pick(random, [1_000, 4_000, 15_000]),
      resetAfterStallChance: random.float(),
      connectTimeoutMs: pick(random, [1_000, 10_000]),
      stallTimeoutMs: pick(random, [2_000, 15_000, 60_000]),
    },
    disk: {
      read: drawLatency(random, syncMs / 2),
      write: drawLatency(random, syncMs / 5),
      sync: drawLatency(random, syncMs),
      directory: drawLatency(random, syncMs / 2),
      bytesPerMs: pick(random, [100_000, 500_000, 1_500_000]),
      parallel: pick(random, [1, 2, 4, 16]),
    },
    clock: {
      wallStartMs: 1_600_000_000_000 + random.below(1_000_000_000) * 400,
      wallOffsetMs: pick(random, [0, 5, 50, 200]),
      timerLateMs: pick(random, [0, 0.5, 3]),
      turn: drawLatency(random, pick(random, [0.002, 0.01, 0.1])),
    },
  }
}

function drawLatency(random: Random, typicalMs: number): Latency {
  return {
    baseMs: typicalMs * random.float(),
    jitterMs: typicalMs * pick(random, [0.1, 1, 4]),
    spikeChance: pick(random, [0, 0.0005, 0.01]),
    spikeMs: typicalMs * pick(random, [10, 100]),
  }
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.below(values.length)]!
}
