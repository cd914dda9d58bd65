import { Arguments } from '#kernel/base/arguments.ts'
import { utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import { UnumError } from '#kernel/base/errors.ts'
import type { EvaluatorSpec } from '#kernel/shards/evaluation.ts'
import type { EvaluatorVersions } from '#kernel/shards/evaluators.ts'

/**
 * What the directory's rows say. A row is `kind/name` → JSON: there are few of them, they change rarely, and a person reads them
 * when something is wrong.
 */
export interface Catalogue {
  readonly clusterId: string
  readonly nodes: readonly NodeRow[]
  readonly shards: readonly ShardRow[]
}

export interface NodeRow {
  readonly name: string
  readonly id: number
  readonly zone: string
  /** By protocol: `127.0.0.1:6379`. As the node last announced them. */
  readonly endpoints: Readonly<Record<string, string>>
  /** What it can evaluate. */
  readonly evaluators: EvaluatorVersions
}

export interface ShardRow {
  /** Its consensus group. */
  readonly group: number
  readonly space: string
  readonly firstSlot: number
  readonly lastSlot: number
  /** Ids of the nodes that hold it; the first is asked to lead at the start. */
  readonly replicas: readonly number[]
}

export const directorySpace = 'directory'
/** The directory's own consensus group, known to all. */
export const directoryGroup = 1

const clusterKey = utf8Bytes('cluster')
const nodePrefix = 'node/'
const shardPrefix = 'shard/'
/** All rows. */
export const catalogueRange = { from: new Uint8Array(0), to: undefined }

/** Collects rows as they are read. */
export class CatalogueReader {
  #clusterId: string | undefined
  readonly #nodes: NodeRow[] = []
  readonly #shards: ShardRow[] = []

  /** @throws UnumError `DATA_DAMAGED` */
  row(key: Uint8Array, value: Uint8Array): void {
    const name = utf8Text(key)
    if (name === 'cluster') this.#clusterId = parseJson(utf8Text(value), isClusterRow).id
    else if (name.startsWith(nodePrefix)) this.#nodes.push(parseJson(utf8Text(value), isNodeRow))
    else if (name.startsWith(shardPrefix)) this.#shards.push(parseJson(utf8Text(value), isShardRow))
  }

  /** Undefined while the cluster has not been formed. */
  finish(): Catalogue | undefined {
    if (this.#clusterId === undefined) return undefined
    return {
      clusterId: this.#clusterId,
      nodes: this.#nodes.sort((a, b) => a.id - b.id),
      shards: this.#shards.sort((a, b) => a.group - b.group),
    }
  }
}

/** @throws UnumError `DATA_DAMAGED` where it is no JSON, or says something else. */
function parseJson<T>(text: string, isIt: (value: Partial<T>) => boolean): T {
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

const isClusterRow = ({ id }: Partial<{ id: string }>) => typeof id === 'string'

type Announcement = Pick<NodeRow, 'name' | 'endpoints' | 'evaluators'>

const isAnnouncement = ({ name, endpoints, evaluators }: Partial<Announcement>) =>
  typeof name === 'string' &&
  isRecord(endpoints, (endpoint) => typeof endpoint === 'string') &&
  isRecord(evaluators, (versions) => Array.isArray(versions) && versions.length === 2 && versions.every(isId))

const isRecord = (value: unknown, isValue: (value: unknown) => boolean) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isValue)

const isNodeRow = (row: Partial<NodeRow>) => isAnnouncement(row) && isId(row.id) && typeof row.zone === 'string'

const isShardRow = ({ group, space, firstSlot, lastSlot, replicas }: Partial<ShardRow>) =>
  isId(group) &&
  typeof space === 'string' &&
  Number.isSafeInteger(firstSlot) &&
  Number.isSafeInteger(lastSlot) &&
  firstSlot! >= 0 &&
  lastSlot! >= firstSlot! &&
  Array.isArray(replicas) &&
  replicas.every(isId)

const isCatalogue = ({ clusterId, nodes, shards }: Partial<Catalogue>) =>
  typeof clusterId === 'string' &&
  Array.isArray(nodes) &&
  Array.isArray(shards) &&
  nodes.every((node) => node !== null && isNodeRow(node)) &&
  shards.every((shard) => shard !== null && isShardRow(shard))

const isId = (value: unknown) => Number.isSafeInteger(value) && (value as number) > 0

function jsonBytes(value: unknown): Uint8Array {
  return utf8Bytes(JSON.stringify(value))
}

export const formEvaluator = 'directory.form'
export const announceEvaluator = 'directory.announce'

export function formArguments(catalogue: Catalogue): Arguments {
  return Arguments.of(jsonBytes(catalogue))
}

export function announceArguments(announcement: Announcement): Arguments {
  return Arguments.of(jsonBytes(announcement))
}

/** Changes of the directory. Their replies are empty: what came of them is seen in the rows. */
export const directoryEvaluators: readonly EvaluatorSpec[] = [
  {
    // Writes the first rows, unless there are some: the cluster is formed once.
    name: `${formEvaluator}@1`,
    kind: 'write',
    run(evaluation, args) {
      if (evaluation.get(clusterKey)) return
      const { clusterId, nodes, shards } = parseJson(args.utf8(0), isCatalogue)
      evaluation.put(clusterKey, jsonBytes({ id: clusterId }))
      for (const node of nodes) evaluation.put(utf8Bytes(nodePrefix + node.name), jsonBytes(node))
      for (const shard of shards) evaluation.put(utf8Bytes(shardPrefix + shard.group), jsonBytes(shard))
    },
  },
  {
    // A node says where its protocols are reached, and what it can evaluate.
    name: `${announceEvaluator}@1`,
    kind: 'write',
    run(evaluation, args) {
      const { name, endpoints, evaluators } = parseJson(args.utf8(0), isAnnouncement)
      const key = utf8Bytes(nodePrefix + name)
      const row = evaluation.get(key)
      if (row) evaluation.put(key, jsonBytes({ ...parseJson(utf8Text(row), isNodeRow), endpoints, evaluators }))
    },
  },
]

/** Cuts the slots of a space into `count` parts of nearly equal size: first and last slot of each. */
export function cutSlots(slotCount: number, count: number): readonly (readonly [number, number])[] {
  return Array.from({ length: count }, (_, i) => [
    Math.floor((i * slotCount) / count),
    Math.floor(((i + 1) * slotCount) / count) - 1,
  ])
}
