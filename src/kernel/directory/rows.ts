import { utf8Bytes } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { EvaluatorVersions } from '#kernel/shards/evaluators.ts'

/** What rows of the directory have in common: JSON, read with care. */

export interface NodeRow {
  readonly name: string
  readonly id: number
  readonly zone: string
  /** By protocol: `127.0.0.1:6379`. As the node last announced them. */
  readonly endpoints: Readonly<Record<string, string>>
  /** What it can evaluate. */
  readonly evaluators: EvaluatorVersions
}

export const nodePrefix = 'node/'

/** @throws UnumError `DATA_DAMAGED` where it is no JSON, or says something else. */
export function parseJson<T>(text: string, isIt: (value: Partial<T>) => boolean): T {
  let value: T | null
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new UnumError('DATA_DAMAGED', 'Cannot read the catalogue: what it holds is not JSON', { cause })
  }
  if (typeof value !== 'object' || value === null || !isIt(value)) {
    throw new UnumError('DATA_DAMAGED', `Cannot read the catalogue: ${text.slice(0, 80)} is nothing that it holds`)
  }
  return value
}

export const isRecord = (value: unknown, isValue: (value: unknown) => boolean) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isValue)

export type Announcement = Pick<NodeRow, 'name' | 'endpoints' | 'evaluators'>

export const isAnnouncement = ({ name, endpoints, evaluators }: Partial<Announcement>) =>
  typeof name === 'string' &&
  isRecord(endpoints, (endpoint) => typeof endpoint === 'string') &&
  isRecord(evaluators, (versions) => Array.isArray(versions) && versions.length === 2 && versions.every(isId))

export const isNodeRow = (row: Partial<NodeRow>) => isAnnouncement(row) && isId(row.id) && typeof row.zone === 'string'

export const isId = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0

export function jsonBytes(value: unknown): Uint8Array {
  return utf8Bytes(JSON.stringify(value))
}
