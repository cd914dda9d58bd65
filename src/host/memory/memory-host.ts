import { randomBytes } from 'node:crypto'
import type { Host } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import { never } from '#kernel/base/rarely.ts'
import { DiskImage } from '../core/disk-image.ts'
import { type DiskTiming, ImageDisk } from '../core/image-disk.ts'
import type { Process } from '../core/scheduler.ts'
import { NodeClock } from '../node/node-clock.ts'
import { NodeNetwork } from '../node/node-network.ts'
import { processUsage } from '../node/process-usage.ts'
import { turn } from '../node/turn.ts'
import { loopScheduler } from './loop-scheduler.ts'

const immediate: DiskTiming = {
  parallel: Number.POSITIVE_INFINITY,
  readUs: () => 0,
  writeUs: () => 0,
  syncUs: () => 0,
  directoryUs: () => 0,
}

/** A disk in memory: survives the hosts that use it, one at a time, and ends with the program. */
export class MemoryDisk {
  readonly #image = new DiskImage(false)

  /** Bytes of all files. */
  get bytes(): number {
    return this.#image.bytes
  }

  /** For hosts. */
  get image(): DiskImage {
    return this.#image
  }
}

export interface MemoryHost extends Host {
  /** Closes what is still open on the network; the disk may be given to another host. Idempotent. */
  close(): Promise<void>
}

/** The operating system's clock and network with a disk in memory. Nothing outlives the program. */
export function createMemoryHost(options: { readonly disk: MemoryDisk }): MemoryHost {
  const network = new NodeNetwork(turn)
  const process: Process & { alive: boolean } = { machine: 0, alive: true }
  const disk = new ImageDisk(options.disk.image, immediate, loopScheduler, process)
  return {
    clock: new NodeClock(turn),
    network,
    disk,
    random: createRandom(randomBytes(16).toString('hex')),
    rarely: never,
    usage: processUsage,
    async close() {
      if (!process.alive) return
      process.alive = false
      disk.abandon()
      options.disk.image.abandonWrites()
      await network.close()
    },
  }
}
