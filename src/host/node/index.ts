export type { NodeHost, NodeHostOptions } from './node-host.ts'
export { createNodeHost } from './node-host.ts'
