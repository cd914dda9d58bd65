import type { Random } from '#kernel/base/host.ts'
import type { DiskTiming } from '../core/image-disk.ts'
import type { Wire } from '../core/wire.ts'
import type { DiskOptions, Latency, NetworkOptions } from './options.ts'

/** Microseconds, whole; no transcendental functions, which engines may round differently. */
export function drawUs(random: Random, latency: Latency, factor = 1): number {
  let ms = latency.baseMs + random.float() * latency.jitterMs
  if (latency.spikeChance > 0 && random.float() < latency.spikeChance) ms += random.float() * latency.spikeMs
  return Math.round(ms * 1000 * factor)
}

export function diskTiming(random: Random, options: DiskOptions): DiskTiming {
  const transferUs = (bytes: number) => Math.round((bytes * 1000) / options.bytesPerMs)
  return {
    parallel: options.parallel,
    readUs: (bytes) => drawUs(random, options.read) + transferUs(bytes),
    writeUs: (bytes) => drawUs(random, options.write) + transferUs(bytes),
    syncUs: () => drawUs(random, options.sync),
    directoryUs: () => drawUs(random, options.directory),
  }
}

export function simulatedWire(random: Random, options: NetworkOptions): Wire {
  return {
    windowBytes: options.windowBytes,
    connectionSpread: () => 1 + random.float() * options.delaySpread,
    delayUs(spread) {
      const lost = options.lossChance > 0 && random.float() < options.lossChance
      return drawUs(random, options.delay, spread) + (lost ? Math.round(options.retransmitMs * 1000) : 0)
    },
    transferUs: (bytes) => Math.round((bytes * 1000) / options.bytesPerMs),
    segmentBytes(available) {
      const length = Math.min(available, options.segmentBytes)
      return options.splitChance > 0 && random.float() < options.splitChance ? 1 + random.below(length) : length
    },
    connectTimeoutUs: () => Math.round(options.connectTimeoutMs * 1000),
    stallTimeoutUs: () => Math.round(options.stallTimeoutMs * 1000 * (1 + random.float())),
    retransmitUs(stalledUs) {
      const first = options.retransmitMs * 1000
      const longest = Math.min(Math.max(first, stalledUs), options.retransmitMaxMs * 1000)
      return Math.round(random.float() * longest) + 1
    },
    resetsAfterStall: () => random.float() < options.resetAfterStallChance,
  }
}
