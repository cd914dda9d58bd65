import { utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { Disk } from '#kernel/base/host.ts'

/**
 * Who the data on a disk belongs to: file `identity`, JSON. Written once, before anything else; renamed into place, so that it is
 * there whole or not at all.
 */
export interface Identity {
  readonly format: number
  readonly clusterId: string
  readonly node: string
  readonly nodeId: number
}

export const dataFormat = 1
const fileName = 'identity'

/** @throws UnumError `FORMAT_UNKNOWN`, `DATA_DAMAGED`, `DISK_FAILED` */
export async function readIdentity(disk: Disk): Promise<Identity | undefined> {
  if (!(await disk.list('')).includes(fileName)) return undefined
  const file = await disk.open(fileName, { create: false })
  const text = utf8Text(await file.read(0, file.size))
  await file.close()
  return parseIdentity(text)
}

/** @throws UnumError `FORMAT_UNKNOWN`, `DATA_DAMAGED` */
export function parseIdentity(text: string): Identity {
  let value: (Partial<Identity> & { readonly checksum?: number }) | null
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new UnumError('DATA_DAMAGED', `Cannot read the file "${fileName}": it is not JSON`, { cause })
  }
  const { format, clusterId, node, nodeId, checksum } = value ?? {}
  const isWhole = typeof clusterId === 'string' && typeof node === 'string' && Number.isInteger(nodeId)
  if (!Number.isInteger(format) || format! < 1 || (format === dataFormat && !isWhole)) {
    throw new UnumError(
      'DATA_DAMAGED',
      `Cannot read the file "${fileName}": it describes no node of format ${dataFormat}`,
    )
  }
  // A newer format says so under a checksum of its own; a number that fits to the rest once it is ours has rotted.
  if (format! > dataFormat && checksum === checksumOf({ format: dataFormat, clusterId, node, nodeId } as Identity)) {
    throw new UnumError('DATA_DAMAGED', `Cannot read the file "${fileName}": its format has become ${format}`)
  }
  if (format! > dataFormat) {
    throw new UnumError(
      'FORMAT_UNKNOWN',
      `Cannot open data of format ${format}: this version of Unum knows format ${dataFormat}; use a newer version`,
    )
  }
  const identity = { format, clusterId, node, nodeId } as Identity
  if (format === dataFormat && checksum !== checksumOf(identity)) {
    throw new UnumError('DATA_DAMAGED', `Cannot read the file "${fileName}": its checksum is wrong`)
  }
  return identity
}

/** Of the fields in the order of `Identity`, as JSON. */
function checksumOf({ format, clusterId, node, nodeId }: Identity): number {
  return crc32c(utf8Bytes(JSON.stringify([format, clusterId, node, nodeId])))
}

/** Of the file. */
export function identityText(identity: Identity): string {
  return `${JSON.stringify({ ...identity, checksum: checksumOf(identity) })}\n`
}

export async function writeIdentity(disk: Disk, identity: Identity): Promise<void> {
  const temporary = `${fileName}.new`
  const file = await disk.open(temporary, { create: true })
  await file.truncate(0)
  await file.write(0, utf8Bytes(identityText(identity)))
  await file.sync()
  await file.close()
  await disk.rename(temporary, fileName)
  await disk.syncDirectory('')
}

/** Refuses data of another cluster or node. @throws UnumError `CLUSTER_MISMATCH`, `DATA_DAMAGED` */
export function checkIdentity(
  found: Identity,
  wanted: { readonly clusterId: string | undefined; readonly node: string; readonly nodeId: number },
): void {
  if (wanted.clusterId !== undefined && found.clusterId !== wanted.clusterId) {
    throw new UnumError(
      'CLUSTER_MISMATCH',
      `Cannot use this data: it belongs to cluster ${found.clusterId}, wanted is ${wanted.clusterId}`,
    )
  }
  if (found.node !== wanted.node) {
    throw new UnumError(
      'CLUSTER_MISMATCH',
      `Cannot use this data: it belongs to node ${found.node}, this is ${wanted.node}`,
    )
  }
  if (found.nodeId !== wanted.nodeId) {
    throw new UnumError(
      'DATA_DAMAGED',
      `Cannot use this data: it says that ${found.node} is node ${found.nodeId} of the cluster, and it is node ${wanted.nodeId}`,
    )
  }
}
