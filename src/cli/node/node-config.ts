import type { Address } from '#kernel/base/host.ts'
import type { Member } from '#node/node-types.ts'

/** What `unum up` tells a node that it starts, as JSON in the environment variable `UNUM_NODE`. */
export interface NodeConfig {
  readonly name: string
  readonly members: readonly Member[]
  readonly clusterId: string
  /** Into how many shards the cluster is cut. Only until it has been formed: an empty disk is refused afterwards. */
  readonly shards?: number
  /** Every endpoint of the node for clients and people, by protocol: `redis`, `admin`. */
  readonly listen: Readonly<Record<string, Address>> & { readonly admin: Address }
  /** The node's own folder, absolute: `data/`, `node.log`, `node.pid`. */
  readonly folder: string
}

/** What a node tells the process that started it. */
export type NodeMessage =
  | { readonly kind: 'ready'; readonly endpoints: Readonly<Record<string, string>> }
  /** Followed by its end. `final`: starting it again would end the same way. */
  | { readonly kind: 'failed'; readonly message: string; readonly final: boolean }

export const configVariable = 'UNUM_NODE'
