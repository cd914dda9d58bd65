import { UnumError } from '#kernel/base/errors.ts'
import type { DiskFile } from '#kernel/base/host.ts'

/**
 * Reads a part of an open file of a tree. One that the disk cannot read is as good as damaged: what it holds has to come from another
 * replica. (When a tree is opened it is not: a disk that fails for a moment must not cost all its rows.)
 * @throws UnumError `DATA_DAMAGED`
 */
export async function readPart(file: DiskFile, path: string, position: number, length: number): Promise<Uint8Array> {
  try {
    return await file.read(position, length)
  } catch (cause) {
    if (!(cause instanceof UnumError) || cause.code !== 'DISK_FAILED') throw cause
    throw new UnumError('DATA_DAMAGED', `${path} at ${position}: ${cause.message}`, { cause })
  }
}
