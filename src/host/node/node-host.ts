import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Host } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import { never } from '#kernel/base/rarely.ts'
import { installNativeChecksum } from './native-checksum.ts'
import { NodeClock } from './node-clock.ts'
import { NodeDisk, syncDirectoryNow } from './node-disk.ts'
import { NodeNetwork } from './node-network.ts'
import { processUsage } from './process-usage.ts'
import { lockRoot } from './root-lock.ts'
import { diskError } from './system-errors.ts'
import { turn } from './turn.ts'

export interface NodeHostOptions {
  /** Directory of this host's disk, made if it is missing. One live process at a time may use it. */
  readonly root: string
}

export interface NodeHost extends Host {
  /** Closes what is still open on the network and lets others use the root. Idempotent. */
  close(): Promise<void>
}

/**
 * The operating system as a host.
 * @throws UnumError `CONFIGURATION_INVALID` where another process uses the root; `DISK_FAILED`, `DISK_FULL` where it cannot be made
 */
export function createNodeHost(options: NodeHostOptions): NodeHost {
  installNativeChecksum()
  const root = makeRoot(options.root)
  const lock = lockRoot(root)
  const network = new NodeNetwork(turn)
  return {
    clock: new NodeClock(turn),
    network,
    disk: new NodeDisk(root, turn),
    random: createRandom(randomBytes(16).toString('hex')),
    rarely: never,
    usage: processUsage,
    async close() {
      await network.close()
      lock.release()
    },
  }
}

function makeRoot(root: string): string {
  try {
    const made = resolve(root)
    const first = fs.mkdirSync(made, { recursive: true, mode: 0o700 })
    // A new root must not go with the power while what is in it stays.
    if (first !== undefined) {
      for (let at = made; at.length >= first.length; at = dirname(at)) syncDirectoryNow(dirname(at))
    }
    return fs.realpathSync(made)
  } catch (error) {
    throw diskError(`Cannot make the directory "${root}"`, error)
  }
}
