import { Arguments } from '#kernel/base/arguments.ts'
import { utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import type { EvaluatorSpec } from '#kernel/shards/evaluation.ts'
import type { Announcement, NodeRow } from './rows.ts'
import { isAnnouncement, isId, isNodeRow, jsonBytes, nodePrefix, parseJson } from './rows.ts'
import { isTopicRow, type TopicRow, topicEvaluators, topicPrefix } from './topics.ts'

/**
 * What the directory's rows say. A row is `kind/name` → JSON: there are few of them, they change rarely, and a person reads them
 * when something is wrong.
 */
export interface Catalogue {
  readonly clusterId: string
  readonly nodes: readonly NodeRow[]
  readonly shards: readonly ShardRow[]
  /** By name. */
  readonly topics: ReadonlyMap<string, TopicRow>
}

/** As a cluster is formed: there are no topics yet. */
export type FirstCatalogue = Omit<Catalogue, 'topics'>

export interface ShardRow {
  /** Its consensus group. */
  readonly group: number
  readonly space: string
  readonly firstSlot: number
  readonly lastSlot: number
  /** Ids of the nodes that hold it; the first is asked to lead at the start. */
  readonly replicas: readonly number[]
}

export type { NodeRow } from './rows.ts'

export const directorySpace = 'directory'
/** The directory's own consensus group, known to all. */
export const directoryGroup = 1

const clusterKey = utf8Bytes('cluster')
const shardPrefix = 'shard/'
/** All rows. */
export const catalogueRange = { from: new Uint8Array(0), to: undefined }

/** Rows as they were read last, by key: what has not changed is not read anew, and stays the same object. */
export type KnownRows = ReadonlyMap<string, { readonly text: string; readonly row: object }>

/** Collects rows as they are read. */
export class CatalogueReader {
  readonly #known: KnownRows
  readonly #rows = new Map<string, { readonly text: string; readonly row: object }>()
  #clusterId: string | undefined
  readonly #nodes: NodeRow[] = []
  readonly #shards: ShardRow[] = []
  readonly #topics = new Map<string, TopicRow>()

  constructor(known: KnownRows = new Map()) {
    this.#known = known
  }

  /** For the next reader. */
  get rows(): KnownRows {
    return this.#rows
  }

  /** @throws UnumError `DATA_DAMAGED` */
  row(key: Uint8Array, value: Uint8Array): void {
    const name = utf8Text(key)
    const read = <T extends object>(isIt: (value: Partial<T>) => boolean): T => {
      const text = utf8Text(value)
      const known = this.#known.get(name)
      const row = known?.text === text ? (known.row as T) : parseJson(text, isIt)
      this.#rows.set(name, { text, row })
      return row
    }
    if (name === 'cluster') this.#clusterId = read(isClusterRow).id
    else if (name.startsWith(nodePrefix)) this.#nodes.push(read(isNodeRow))
    else if (name.startsWith(shardPrefix)) this.#shards.push(read(isShardRow))
    else if (name.startsWith(topicPrefix)) {
      const topic = read(isTopicRow)
      this.#topics.set(topic.name, topic)
    }
  }

  /** Undefined while the cluster has not been formed. */
  finish(): Catalogue | undefined {
    if (this.#clusterId === undefined) return undefined
    return {
      clusterId: this.#clusterId,
      nodes: this.#nodes.sort((a, b) => a.id - b.id),
      shards: this.#shards.sort((a, b) => a.group - b.group),
      topics: this.#topics,
    }
  }
}

const isClusterRow = ({ id }: Partial<{ id: string }>) => typeof id === 'string'

const isShardRow = ({ group, space, firstSlot, lastSlot, replicas }: Partial<ShardRow>) =>
  isId(group) &&
  typeof space === 'string' &&
  Number.isSafeInteger(firstSlot) &&
  Number.isSafeInteger(lastSlot) &&
  firstSlot! >= 0 &&
  lastSlot! >= firstSlot! &&
  Array.isArray(replicas) &&
  replicas.every(isId)

const isCatalogue = ({ clusterId, nodes, shards }: Partial<FirstCatalogue>) =>
  typeof clusterId === 'string' &&
  Array.isArray(nodes) &&
  Array.isArray(shards) &&
  nodes.every((node) => node !== null && isNodeRow(node)) &&
  shards.every((shard) => shard !== null && isShardRow(shard))

export const formEvaluator = 'directory.form'
export const announceEvaluator = 'directory.announce'

export function formArguments(catalogue: FirstCatalogue): Arguments {
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
  ...topicEvaluators,
]

/** Cuts the slots of a space into `count` parts of nearly equal size: first and last slot of each. */
export function cutSlots(slotCount: number, count: number): readonly (readonly [number, number])[] {
  return Array.from({ length: count }, (_, i) => [
    Math.floor((i * slotCount) / count),
    Math.floor(((i + 1) * slotCount) / count) - 1,
  ])
}
