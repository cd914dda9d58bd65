export { InProcessNetwork, memoryPrefix } from './in-process-network.ts'
export type { MemoryHost } from './memory-host.ts'
export { createMemoryHost, MemoryDisk } from './memory-host.ts'
