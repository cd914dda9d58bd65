import { Arguments } from '#kernel/base/arguments.ts'
import { utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import type { Evaluation, EvaluatorSpec } from '#kernel/shards/evaluation.ts'
import { isId, isNodeRow, isRecord, jsonBytes, nodePrefix, parseJson } from './rows.ts'

/** A topic: a set of partitions, each a consensus group of its own. */
export interface TopicRow {
  readonly name: string
  /** 32 hex digits, never used again. */
  readonly id: string
  readonly partitions: readonly PartitionRow[]
  /** As they were set, by Kafka's names; what is not set has its default. */
  readonly settings: Readonly<Record<string, string>>
}

export interface PartitionRow {
  /** Its consensus group. */
  readonly group: number
  /** Ids of the nodes that hold it; the first is asked to lead at the start. */
  readonly replicas: readonly number[]
}

export const topicPrefix = 'topic/'
const topicRange = { from: utf8Bytes(topicPrefix), to: utf8Bytes('topic0') }
const nodeRange = { from: utf8Bytes(nodePrefix), to: utf8Bytes('node0') }
/** Groups are numbered from here on by the row of this name; below are those that a cluster is formed with. */
export const nextGroupKey = utf8Bytes('next-group')

export const isTopicRow = ({ name, id, partitions, settings }: Partial<TopicRow>) =>
  typeof name === 'string' &&
  typeof id === 'string' &&
  Array.isArray(partitions) &&
  partitions.every(
    (row: Partial<PartitionRow> | null) =>
      row !== null && isId(row.group) && Array.isArray(row.replicas) && row.replicas.every(isId),
  ) &&
  isRecord(settings, (value) => typeof value === 'string')

export interface TopicRequest {
  readonly name: string
  readonly id: string
  readonly partitions: number
  readonly replicationFactor: number
  readonly settings: Readonly<Record<string, string>>
}

const isTopicRequest = ({ name, id, partitions, replicationFactor, settings }: Partial<TopicRequest>) =>
  typeof name === 'string' &&
  typeof id === 'string' &&
  isId(partitions) &&
  isId(replicationFactor) &&
  isRecord(settings, (value) => typeof value === 'string')

export const createTopicEvaluator = 'directory.create-topic'
export const deleteTopicEvaluator = 'directory.delete-topic'
export const changeTopicEvaluator = 'directory.change-topic'

export const topicArguments = (request: TopicRequest): Arguments => Arguments.of(jsonBytes(request))

/** What is to be different: more partitions, settings (null: no longer set). */
export interface TopicChange {
  readonly name: string
  readonly partitions?: number
  readonly settings?: Readonly<Record<string, string | null>>
}

export const topicChangeArguments = (change: TopicChange): Arguments => Arguments.of(jsonBytes(change))
export const topicNameArguments = (name: string): Arguments => Arguments.of(jsonBytes({ name }))

const isTopicChange = ({ name, partitions, settings }: Partial<TopicChange>) =>
  typeof name === 'string' &&
  (partitions === undefined || isId(partitions)) &&
  (settings === undefined || isRecord(settings, (value) => value === null || typeof value === 'string'))

/** Replies: `done`, or why not. */
export const topicEvaluators: readonly EvaluatorSpec[] = [
  {
    name: `${createTopicEvaluator}@1`,
    kind: 'write',
    run(evaluation, args, reply) {
      const request = parseJson(args.utf8(0), isTopicRequest)
      const key = utf8Bytes(topicPrefix + request.name)
      const nodes = nodeIds(evaluation)
      if (evaluation.get(key)) reply.ascii('exists')
      else if (request.replicationFactor > nodes.length) reply.ascii('too few nodes')
      else {
        const { name, id, settings } = request
        const partitions = place(evaluation, nodes, request.partitions, request.replicationFactor)
        evaluation.put(key, jsonBytes({ name, id, partitions, settings }))
        reply.ascii('done')
      }
    },
  },
  {
    name: `${deleteTopicEvaluator}@1`,
    kind: 'write',
    run(evaluation, args, reply) {
      const { name } = parseJson(args.utf8(0), isTopicChange)
      const key = utf8Bytes(topicPrefix + name)
      if (!evaluation.get(key)) {
        reply.ascii('unknown')
        return
      }
      evaluation.delete(key)
      reply.ascii('done')
    },
  },
  {
    name: `${changeTopicEvaluator}@1`,
    kind: 'write',
    run(evaluation, args, reply) {
      const change = parseJson(args.utf8(0), isTopicChange)
      const key = utf8Bytes(topicPrefix + change.name)
      const found = evaluation.get(key)
      if (!found) {
        reply.ascii('unknown')
        return
      }
      const row = parseJson(utf8Text(found), isTopicRow)
      const more = (change.partitions ?? row.partitions.length) - row.partitions.length
      if (more < 0) {
        reply.ascii('fewer')
        return
      }
      const added = place(evaluation, nodeIds(evaluation), more, row.partitions[0]?.replicas.length ?? 1)
      const settings = Object.entries({ ...row.settings, ...change.settings }).filter(([, value]) => value !== null)
      evaluation.put(
        key,
        jsonBytes({ ...row, partitions: [...row.partitions, ...added], settings: Object.fromEntries(settings) }),
      )
      reply.ascii('done')
    },
  },
]

function nodeIds(evaluation: Evaluation): number[] {
  const ids: number[] = []
  const rows = evaluation.scan(nodeRange)
  while (rows.next()) ids.push(parseJson(utf8Text(rows.value), isNodeRow).id!)
  return ids.sort((a, b) => a - b)
}

/** Gives partitions their groups and replicas, which go round the nodes. */
function place(evaluation: Evaluation, nodes: readonly number[], count: number, factor: number): PartitionRow[] {
  const found = evaluation.get(nextGroupKey)
  const next = found ? (JSON.parse(utf8Text(found)) as number) : firstTopicGroup
  evaluation.put(nextGroupKey, jsonBytes(next + count))
  return Array.from({ length: count }, (_, i) => ({
    group: next + i,
    replicas: Array.from({ length: factor }, (_, j) => nodes[(next + i + j) % nodes.length]!),
  }))
}

/** Above all that a cluster is formed with. */
const firstTopicGroup = 1 << 16

export { topicRange }
