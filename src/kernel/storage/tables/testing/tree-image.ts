import type { Disk } from '#kernel/base/host.ts'

/** Reads a whole file. */
export async function readFile(disk: Disk, path: string): Promise<Uint8Array> {
  const file = await disk.open(path, { create: false })
  const bytes = await file.read(0, file.size)
  await file.close()
  return bytes
}

/** Makes a file of exactly these bytes. */
export async function writeFile(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const file = await disk.open(path, { create: true })
  await file.truncate(0)
  await file.write(0, bytes)
  await file.sync()
  await file.close()
}
