import type { Address } from '#kernel/base/host.ts'

/** A node by its name, or `clients`, where all clients stand. */
export type Place = string

export const clientsPlace = 'clients'

/** One direction: what `from` sends to `to`. */
export type Link = readonly [from: Place, to: Place]

/** Slow: late, or with little bandwidth, whatever the system can make. Cut: nothing arrives, and nobody is told. */
export type LinkState = 'whole' | 'slow' | 'cut'

/** What a node listens for. */
export type Endpoint = 'redis' | 'admin' | 'peer'

/** Where nodes and clients find each other, and what can happen on the way. */
export interface ChaosNetwork {
  /** How it is made, for people. */
  readonly description: string
  /** Where a node listens itself. */
  listenAt(node: string, endpoint: Endpoint): Address
  /** Where a node is found by others. The admin endpoint may be reached past all faults. */
  reach(from: Place, node: string, endpoint: Endpoint): Address
  /** The command that a node's own command is appended to. */
  launcher(node: string): readonly string[]
  setLink(link: Link, state: LinkState): void
  close(): Promise<void>
}

/** All links between two groups, both directions. */
export function linksBetween(a: readonly Place[], b: readonly Place[]): Link[] {
  return a.flatMap((one) =>
    b.flatMap((other): Link[] => [
      [one, other],
      [other, one],
    ]),
  )
}
