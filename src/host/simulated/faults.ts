import type { DiskFaultCounts } from '../core/disk-faults.ts'

/** How often each fault has happened in a run. */
export interface FaultCounts extends DiskFaultCounts {
  pauses: number
  kills: number
  powerLosses: number
  /** Unsynced sectors that a power loss took back. */
  sectorsLost: number
  /** Unsynced creations, renames and removals that a power loss took back. */
  namesLost: number
  /** Directions of links that were cut. */
  cuts: number
  /** Connections broken by `resetConnections`. */
  resets: number
  slowDisks: number
  slowNetworks: number
  suspensions: number
  clockJumps: number
  /** Bytes or sectors at rest that were damaged. */
  rotten: number
}

export function noFaults(): FaultCounts {
  return {
    pauses: 0,
    kills: 0,
    powerLosses: 0,
    sectorsLost: 0,
    namesLost: 0,
    cuts: 0,
    resets: 0,
    slowDisks: 0,
    slowNetworks: 0,
    suspensions: 0,
    clockJumps: 0,
    rotten: 0,
    readErrors: 0,
    writeErrors: 0,
    syncErrors: 0,
    directoryErrors: 0,
    fullWrites: 0,
  }
}
