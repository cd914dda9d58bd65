import { UnumError } from '#kernel/base/errors.ts'
import type { Clock, Disk } from '#kernel/base/host.ts'
import { manifestName, manifestReceivedName, readManifest, renameManifest } from './manifest.ts'
import { Pace } from './pace.ts'
import type { TableContext } from './table-file.ts'
import { TableFile } from './table-file.ts'
import { tableName } from './table-format.ts'
import type { FlushMark } from './tree.ts'
import { verifyTable } from './verify-table.ts'

/**
 * Makes a directory that holds all `files` of one snapshot under their names a tree that `openTree` opens. Every byte is checked and synced first; the last step,
 * an atomic rename, gives the manifest its name. Before that step the directory is no tree, after it it is the whole one.
 * @throws UnumError `DATA_DAMAGED` (a file is wrong or missing), `FORMAT_UNKNOWN`, `DISK_FULL`, `DISK_FAILED`
 */
export async function installSnapshot(context: TableContext, clock: Clock): Promise<FlushMark> {
  const { disk, directory } = context
  // The replica can do nothing else until it has its rows.
  const pace = new Pace({ clock, use: { paidMs: 0 }, urgency: () => 1 })
  const names = new Set(await disk.list(directory))
  if (names.has(manifestName) || !names.has(manifestReceivedName)) {
    throw new UnumError(
      'DATA_DAMAGED',
      `${directory}: not a snapshot, as there is no ${manifestReceivedName}, or a tree`,
    )
  }
  const manifest = await readManifest(disk, directory, manifestReceivedName)
  for (const summary of manifest.levels.flat()) {
    if (!names.has(tableName(summary.number))) {
      throw new UnumError('DATA_DAMAGED', `${directory}: ${tableName(summary.number)} of the snapshot is missing`)
    }
    const table = await TableFile.open(context, summary)
    try {
      await verifyTable(table, pace)
    } finally {
      await table.release()
    }
    await syncFile(disk, `${directory}/${tableName(summary.number)}`)
  }
  await syncFile(disk, `${directory}/${manifestReceivedName}`)
  await disk.syncDirectory(directory)
  await renameManifest(disk, directory, manifestReceivedName)
  return manifest.mark
}

async function syncFile(disk: Disk, path: string): Promise<void> {
  const file = await disk.open(path, { create: false })
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
