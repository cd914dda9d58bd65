import type { DiskFile } from '#kernel/base/host.ts'

/** `DiskFile.writeDurably` where there is time to wait: at opening. */
export function writeDurably(file: DiskFile, position: number, chunks: readonly Uint8Array[]): Promise<void> {
  return new Promise((resolve, reject) => {
    file.writeDurably(position, chunks, (error) => (error ? reject(error) : resolve()))
  })
}
