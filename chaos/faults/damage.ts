import { closeSync, openSync, readdirSync, readFileSync, readSync, writeSync } from 'node:fs'
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
 * A byte that a checksum must guard. In the log: of a batch that a later one proves to have been synced, for the very last one
 * cannot be told from a torn write, and is cut (docs/fault-model.md).
 * @param folder a stopped node's  @returns undefined where there is no such byte yet
 */
export function findByteToFlip(folder: string, kind: DamageKind, random: Random): FlippedByte | undefined {
  const data = join(folder, 'data')
  const paths = (readdirSync(data, { recursive: true }) as string[]).filter(isOfKind[kind]).sort()
  const files = paths.map((path) => ({ path: join(data, path), bytes: guardedBytes(join(data, path), kind) }))
  const usable = files.filter(({ bytes }) => bytes > 0)
  const file = usable[random.below(usable.length)]
  return file && { path: file.path, at: random.below(file.bytes) }
}

function guardedBytes(path: string, kind: DamageKind): number {
  const bytes = readFileSync(path)
  return kind === 'table' ? bytes.length : lastBatchAt(bytes)
}

const sectorBytes = 512
const batchHeaderBytes = 40

/** Where the last batch of a log segment begins (docs/formats/node-log.md); 0 where there is none. What is behind it means nothing. */
function lastBatchAt(bytes: Buffer): number {
  let last = 0
  let number: bigint | undefined
  for (let at = sectorBytes; at + batchHeaderBytes <= bytes.length; ) {
    if (bytes.toString('latin1', at, at + 4) !== 'UBTC') break
    const found = bytes.readBigUInt64LE(at + 16)
    if (number !== undefined && found !== number + 1n) break // of the file's former life
    number = found
    last = at
    at = Math.ceil((at + batchHeaderBytes + bytes.readUInt32LE(at + 32)) / sectorBytes) * sectorBytes
  }
  return last
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

/** How often a node has found damaged tables while it ran: each time it fetched its data from another, or stopped. */
export function damageFound(folder: string): number {
  return readFileSync(join(folder, 'node.log'), 'utf8').split('"Rows are damaged"').length - 1
}
