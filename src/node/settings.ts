import type { NodeSettings } from './node-types.ts'

/** What a node does unless it is told otherwise. `docs/limits.md` explains each. */
export const defaultSettings: NodeSettings = {
  heartbeatMs: 75,
  electionTimeoutMs: 300,
  clockDriftMax: 0.05,
  reads: 'lease',
  appendsInFlightMax: 64,
  proposalsInFlightMax: 8,
  proposalPaceMs: 1,
  gatherMsMax: 0.5,
  appendBytesMax: 1 << 20,
  restAfterMs: 1000,
  memoryTableBytes: 32 << 20,
  blockCacheBytes: 64 << 20,
  logSegmentBytes: 64 << 20,
  scrubMs: 86_400_000,
  requestHoldMs: 10_000,
  clientsMax: 10_000,
  clientMemoryBytesMax: 64 << 20,
  valueBytesMax: 8 << 20,
}
