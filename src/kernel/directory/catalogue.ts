import { Arguments } from '#kernel/base/arguments.ts'
import { utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import type { EvaluatorSpec } from '#kernel/shards/evaluation.ts'

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

  row(key: Uint8Array, value: Uint8Array): void {
    const name = utf8Text(key)
    if (name === 'cluster') this.#clusterId = (JSON.parse(utf8Text(value)) as { id: string }).id
    else if (name.startsWith(nodePrefix)) this.#nodes.push(JSON.parse(utf8Text(value)))
    else if (name.startsWith(shardPrefix)) this.#shards.push(JSON.parse(utf8Text(value)))
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

function jsonBytes(value: unknown): Uint8Array {
  return utf8Bytes(JSON.stringify(value))
}

export const formEvaluator = 'directory.form@1'
export const announceEvaluator = 'directory.announce@1'

export function formArguments(catalogue: Catalogue): Arguments {
  return Arguments.of(jsonBytes(catalogue))
}

export function announceArguments(name: string, endpoints: Readonly<Record<string, string>>): Arguments {
  return Arguments.of(jsonBytes({ name, endpoints }))
}

/** Changes of the directory. Their replies are empty: what came of them is seen in the rows. */
export const directoryEvaluators: readonly EvaluatorSpec[] = [
  {
    // Writes the first rows, unless there are some: the cluster is formed once.
    name: formEvaluator,
    kind: 'write',
    run(evaluation, args) {
      if (evaluation.get(clusterKey)) return
      const { clusterId, nodes, shards } = JSON.parse(args.utf8(0)) as Catalogue
      evaluation.put(clusterKey, jsonBytes({ id: clusterId }))
      for (const node of nodes) evaluation.put(utf8Bytes(nodePrefix + node.name), jsonBytes(node))
      for (const shard of shards) evaluation.put(utf8Bytes(shardPrefix + shard.group), jsonBytes(shard))
    },
  },
  {
    // A node says where its protocols are reached.
    name: announceEvaluator,
    kind: 'write',
    run(evaluation, args) {
      const { name, endpoints } = JSON.parse(args.utf8(0)) as Pick<NodeRow, 'name' | 'endpoints'>
      const key = utf8Bytes(nodePrefix + name)
      const row = evaluation.get(key)
      if (row) evaluation.put(key, jsonBytes({ ...(JSON.parse(utf8Text(row)) as NodeRow), endpoints }))
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
