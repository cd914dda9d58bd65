import type { TopicOutcome } from '#kernel/handles/topics.ts'
import { type Broker, uuidOfHex } from '../broker.ts'
import { configSource } from '../protocol/enumerations.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { zeroUuid } from '../protocol/uuid.ts'
import { settingProblem, topicSettings } from '../topic-settings.ts'
import type { HandlerOf } from './index.ts'

/** As Kafka has it: `org.apache.kafka.common.internals.Topic`. */
const nameLengthMax = 249
const replicationFactorDefault = 3
const partitionsMax = 10_000

/** @returns what is wrong with a topic's name; undefined: nothing */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') return 'a topic has a name'
  if (name === '.' || name === '..') return `a topic cannot be named "${name}"`
  if (name.length > nameLengthMax) return `a name of ${name.length} characters: at most ${nameLengthMax}`
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) return `"${name}" has other characters than a-z, A-Z, 0-9, ".", "_" and "-"`
  return undefined
}

/** Makes a topic that a client asked about. @returns whether there is one now */
export async function autoCreate(broker: Broker, name: string): Promise<boolean> {
  const outcome = await broker.context.topics.create({
    name,
    id: broker.newTopicId(),
    partitions: 1,
    replicationFactor: Math.min(replicationFactorDefault, broker.nodeCount),
    settings: {},
  })
  return outcome === 'done' || outcome === 'exists'
}

const outcomeCodes: Readonly<Record<TopicOutcome, number>> = {
  done: errorCode.NONE,
  exists: errorCode.TOPIC_ALREADY_EXISTS,
  unknown: errorCode.UNKNOWN_TOPIC_OR_PARTITION,
  'too few nodes': errorCode.INVALID_REPLICATION_FACTOR,
  fewer: errorCode.INVALID_PARTITIONS,
  unavailable: errorCode.REQUEST_TIMED_OUT,
}

interface Problem {
  readonly code: number
  readonly message: string
}

export const createTopics: HandlerOf<'CreateTopics'> = async ({ topics, validateOnly }, { broker }) => {
  const names = topics.map(({ name }) => name)
  const answers = await Promise.all(
    topics.map(async ({ name, numPartitions, replicationFactor, assignments, configs }) => {
      const partitions = numPartitions === -1 ? 1 : numPartitions
      const factor = replicationFactor === -1 ? Math.min(replicationFactorDefault, broker.nodeCount) : replicationFactor
      const id = broker.newTopicId()
      const refused = ({ code, message }: Problem) => ({
        name,
        topicId: zeroUuid,
        errorCode: code,
        errorMessage: message,
      })
      const problem = problemOf(broker, name, partitions, factor)
      if (names.indexOf(name) !== names.lastIndexOf(name)) {
        return refused({ code: errorCode.INVALID_REQUEST, message: `Topic "${name}" is asked for more than once` })
      }
      if (problem) return refused(problem)
      const wrong = configs
        .map(({ name, value }) => (value === null ? `${name} needs a value` : settingProblem(name, value)))
        .find(Boolean)
      if (wrong) return refused({ code: errorCode.INVALID_CONFIG, message: wrong })
      if (assignments.length > 0) {
        return refused({ code: errorCode.INVALID_REQUEST, message: 'Replicas cannot be assigned by hand yet' })
      }
      const settings = Object.fromEntries(configs.map(({ name, value }) => [name, value!]))
      const outcome = validateOnly
        ? ('done' as const)
        : await broker.context.topics.create({ name, id, partitions, replicationFactor: factor, settings })
      if (outcome !== 'done') return refused({ code: outcomeCodes[outcome], message: outcomeText(outcome, name) })
      const errorMessage = null
      return {
        name,
        topicId: uuidOfHex(id),
        errorCode: 0,
        errorMessage,
        numPartitions: partitions,
        replicationFactor: factor,
        configs: [...topicSettings].map(([name, { default: value }]) => ({
          ...{ name, value: settings[name] ?? value, readOnly: false, isSensitive: false },
          configSource: name in settings ? configSource.topic : configSource.default,
        })),
      }
    }),
  )
  return { topics: answers }
}

function problemOf(broker: Broker, name: string, partitions: number, factor: number): Problem | undefined {
  const wrong = topicNameProblem(name)
  if (wrong) return { code: errorCode.INVALID_TOPIC_EXCEPTION, message: wrong }
  if (broker.topic(name)) return { code: errorCode.TOPIC_ALREADY_EXISTS, message: `Topic "${name}" exists already` }
  if (partitions < 1 || partitions > partitionsMax) {
    return { code: errorCode.INVALID_PARTITIONS, message: `${partitions} partitions: want 1 to ${partitionsMax}` }
  }
  if (factor < 1 || factor > broker.nodeCount) {
    const message = `${factor} replicas: there are ${broker.nodeCount} brokers`
    return { code: errorCode.INVALID_REPLICATION_FACTOR, message }
  }
  return undefined
}

function outcomeText(outcome: TopicOutcome, name: string): string {
  if (outcome === 'exists') return `Topic "${name}" exists already`
  if (outcome === 'unknown') return `There is no topic "${name}"`
  if (outcome === 'fewer') return `Topic "${name}" has more partitions already`
  if (outcome === 'too few nodes') return 'There are not so many brokers'
  return 'The directory cannot be changed now'
}

export const deleteTopics: HandlerOf<'DeleteTopics'> = async ({ topics, topicNames }, { broker }) => {
  const wanted = [...topics, ...topicNames.map((name) => ({ name, topicId: zeroUuid }))]
  const responses = await Promise.all(
    wanted.map(async ({ name, topicId }) => {
      const found = broker.topic(name ?? '', topicId)
      if (!found) {
        const code = topicId === zeroUuid ? errorCode.UNKNOWN_TOPIC_OR_PARTITION : errorCode.UNKNOWN_TOPIC_ID
        return { name, topicId, errorCode: code, errorMessage: 'There is no such topic' }
      }
      const outcome = await broker.context.topics.remove(found.name)
      const errorMessage = outcome === 'done' ? null : outcomeText(outcome, found.name)
      return { name: found.name, topicId: uuidOfHex(found.id), errorCode: outcomeCodes[outcome], errorMessage }
    }),
  )
  return { responses }
}

export const createPartitions: HandlerOf<'CreatePartitions'> = async ({ topics, validateOnly }, { broker }) => {
  const results = await Promise.all(
    topics.map(async ({ name, count, assignments }) => {
      const found = broker.topic(name)
      const answer = (code: number, errorMessage: string | null) => ({ name, errorCode: code, errorMessage })
      if (!found) return answer(errorCode.UNKNOWN_TOPIC_OR_PARTITION, outcomeText('unknown', name))
      if (count <= found.partitions.length || count > partitionsMax) {
        return answer(
          errorCode.INVALID_PARTITIONS,
          `Topic "${name}" has ${found.partitions.length} partitions, not ${count}`,
        )
      }
      if (assignments !== null) return answer(errorCode.INVALID_REQUEST, 'Replicas cannot be assigned by hand yet')
      const outcome = validateOnly ? 'done' : await broker.context.topics.change({ name, partitions: count })
      return answer(outcomeCodes[outcome], outcome === 'done' ? null : outcomeText(outcome, name))
    }),
  )
  return { results }
}
