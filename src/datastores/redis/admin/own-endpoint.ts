import type { RedisServer } from '../connection/server.ts'

/** Where this node serves Redis, as `host:port`; empty if it is not known yet. */
export function ownEndpoint({ context: { cluster } }: RedisServer): string {
  return cluster.nodes().find(({ name }) => name === cluster.nodeName)?.endpoints.redis ?? ''
}
