import type { Clock, Disk } from '#kernel/base/host.ts'
import { FilesReceiver, newGeneration, openGeneration, type SnapshotReceiver } from '#kernel/storage/generations.ts'
import { type Checkpoint, decodeCheckpoint } from './checkpoint.ts'
import { checkpointName, PartitionLog, readWhole } from './partition-log.ts'
import { checkpointReceivedName } from './partition-snapshot.ts'
import { baseOffsetOf, Segment } from './segment.ts'
import { readBatches } from './stored-batches.ts'

export interface PartitionStoreOptions {
  readonly disk: Disk
  readonly clock: Clock
  readonly segmentBytes: () => number
  readonly full: (isFull: boolean) => void
  readonly failed: (error: Error) => void
}

/** Opens the records of the partition at `home`, none where there are none, and removes what is left over. @throws as `PartitionLog.open` */
export async function openPartitionLog(home: string, options: PartitionStoreOptions): Promise<PartitionLog> {
  return PartitionLog.open({ ...options, directory: await openGeneration(options.disk, home, checkpointName) })
}

/** Where the files of a snapshot are put, beside those in use: `openPartitionLog` finds them once all are there and checked. */
export async function receivePartitionLog(home: string, disk: Disk): Promise<SnapshotReceiver> {
  const directory = await newGeneration(disk, home, checkpointName)
  const isName = (name: string) => name === checkpointReceivedName || baseOffsetOf(name) !== undefined
  return new FilesReceiver(disk, directory, isName, async () => {
    const received = `${directory}/${checkpointReceivedName}`
    const checkpoint = decodeCheckpoint(await readWhole(disk, received))
    await verifySegments(disk, directory, checkpoint)
    const file = await disk.open(received, { create: false })
    await file.sync()
    await file.close()
    await disk.syncDirectory(directory)
    await disk.rename(received, `${directory}/${checkpointName}`)
    await disk.syncDirectory(directory)
  })
}

/** Syncs the segments that a checkpoint names, and checks every byte. @throws UnumError `DATA_DAMAGED` */
async function verifySegments(disk: Disk, directory: string, { segments }: Checkpoint): Promise<void> {
  for (const row of segments) {
    const segment = new Segment(disk, directory, row)
    try {
      await segment.sync()
      await readBatches(segment, row.bytes)
    } finally {
      await segment.close()
    }
  }
}
