import type { TransportLimits } from '../limits.ts'
import type { Transport } from '../transport.ts'
import { openTransport } from '../transport.ts'
import type { NodeId, Peer, TransportOptions } from '../transport-types.ts'
import type { Process, World } from './world.ts'

export function peer(id: NodeId): Peer {
  return { id, name: `n${id}`, address: { host: `n${id}`, port: 7000 } }
}

export interface LogLine {
  readonly fields: Record<string, unknown>
  readonly message: string
}

interface NodeExtras {
  readonly nodes?: number
  readonly lines?: LogLine[]
  readonly process?: Process
}

/** Opens the transport of node `id` in a cluster of nodes 1 to `nodes`. */
export async function openNode(
  world: World,
  id: NodeId,
  options: Partial<TransportOptions> & NodeExtras = {},
): Promise<Transport> {
  const self = peer(id)
  const { nodes = 2, lines = [], process = world.process(self.name), ...rest } = options
  const write = (fields: Record<string, unknown>, message: string) => void lines.push({ fields, message })
  return openTransport({
    clock: process.clock,
    network: process.network,
    random: world.random,
    clusterId: 'c1',
    self,
    peers: Array.from({ length: nodes }, (_, i) => peer(i + 1)),
    listen: self.address,
    protocolVersions: { min: 1, max: 1 },
    log: { info: write, warn: write },
    ...rest,
  })
}

/** Two nodes that are connected. */
export async function openPair(world: World, limits: Partial<TransportLimits> = {}): Promise<[Transport, Transport]> {
  const first = await openNode(world, 1, { limits })
  const second = await openNode(world, 2, { limits })
  await world.until(() => first.connected(2) && second.connected(1))
  return [first, second]
}

export function send(transport: Transport, to: NodeId, channel: number, bytes: Uint8Array): boolean {
  const writer = transport.begin(to, channel)
  if (!writer) return false
  writer.raw(bytes)
  transport.finish(to)
  return true
}

/** What became of a request: `undefined` while it is open, the answer's first byte, or the error's code. */
export class Outcome {
  value: number | string | undefined
  calls = 0
  replied(bytes: Uint8Array): void {
    this.value = bytes[0]
    this.calls++
  }
  failed(error: { readonly code: string }): void {
    this.value = error.code
    this.calls++
  }
}
