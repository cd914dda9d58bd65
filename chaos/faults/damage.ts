import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Random } from '#kernel/base/host.ts'

/** What of a node's disk is damaged. */
export type DamageKind = 'log' | 'table'

export interface FlippedByte {
  readonly path: string
  readonly at: number
}

const isOfKind: Readonly<Record<DamageKind, (path: string) => boolean>> = {
  log: (path) => /^log\/.*\.log$/.test(path),
  table: (path) => /^groups\/\d+\/.*\.table$/.test(path),
}

/**
 * A byte in the first half of what is written in a file: what is at the very end of a log cannot be told from a torn write, and
 * is cut (docs/fault-model.md).
 * @param folder a stopped node's  @returns undefined where there is no such file yet
 */
export function findByteToFlip(folder: string, kind: DamageKind, random: Random): FlippedByte | undefined {
  const data = join(folder, 'data')
  const paths = (readdirSync(data, { recursive: true }) as string[]).filter(isOfKind[kind]).sort()
  const files = paths
    .map((path) => ({ path: join(data, path), bytes: writtenBytes(join(data, path)) }))
    .filter(({ bytes }) => bytes > 0)
  // The newest log segment is the one that every start reads from.
  const file = kind === 'log' ? files.at(-1) : files[random.below(files.length)]
  return file && { path: file.path, at: Math.floor(file.bytes * (0.05 + 0.4 * random.float())) }
}

/** Without the zeros that a log segment is filled with beforehand. */
function writtenBytes(path: string): number {
  if (statSync(path).size === 0) return 0
  const bytes = readFileSync(path)
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0) end--
  return end
}

/** Changes one bit; doing it again puts it right. */
export function flipByte({ path, at }: FlippedByte): void {
  const file = openSync(path, 'r+')
  try {
    const byte = new Uint8Array(1)
    readSync(file, byte, 0, 1, at)
    byte[0]! ^= 0x10
    writeSync(file, byte, 0, 1, at)
  } finally {
    closeSync(file)
  }
}
