/** A system that is measured, running. Disposing of it stops it and removes its data. */
export interface Side extends AsyncDisposable {
  readonly name: SideName
  readonly version: string
  /** Process ids of its servers, in the order of the nodes. */
  readonly servers: readonly number[]
}

export type SideName = 'unum' | 'etcd' | 'redis-always' | 'redis-memory'

export const sideLabels: Readonly<Record<SideName, string>> = {
  unum: 'Unum, 3 nodes, synced on a majority',
  etcd: 'etcd, 3 nodes, synced on a majority',
  'redis-always': 'Redis, 1 node, synced (appendfsync always)',
  'redis-memory': 'Redis, 1 node, not durable',
}

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** One that speaks the Redis protocol. */
export interface RedisSide extends Side {
  readonly endpoints: readonly Endpoint[]
}

export function parseEndpoint(text: string): Endpoint {
  const at = text.lastIndexOf(':')
  return { host: text.slice(0, at).replace(/^[a-z]+:\/\//, ''), port: Number(text.slice(at + 1)) }
}
