import type { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Text } from '#kernel/base/bytes.ts'
import type { Clock } from '#kernel/base/host.ts'
import { directorySpace } from '#kernel/directory/catalogue.ts'
import type { Directory } from '#kernel/directory/directory.ts'
import {
  changeTopicEvaluator,
  createTopicEvaluator,
  deleteTopicEvaluator,
  type TopicRow,
  topicArguments,
  topicChangeArguments,
  topicNameArguments,
} from '#kernel/directory/topics.ts'
import type { Gateway } from '#kernel/handles/service.ts'
import type { TopicOutcome, Topics, TopicView } from '#kernel/handles/topics.ts'
import type { Partitions } from './partitions.ts'

/** How long a new topic may take to be led everywhere, before its creator is answered all the same. */
const settledMsMax = 1000
const lookMs = 5

export function createTopics(options: {
  readonly clock: Clock
  readonly gateway: Gateway
  readonly directory: Directory
  readonly partitions: Partitions
}): Topics {
  const { clock, gateway, directory, partitions } = options
  const session = gateway.openSession()
  const topics = () => directory.catalogue?.topics ?? new Map<string, TopicRow>()

  const view = ({ name, id, settings, partitions: rows }: TopicRow): TopicView => ({
    name,
    id,
    settings,
    partitions: rows.map(({ group, replicas }, index) => {
      const local = partitions.get(group)
      const raft = local?.group?.raft
      // One that has no replica does not hear who leads.
      return { index, replicas, local, leader: raft?.leader ?? replicas[0] ?? 0, leaderEpoch: raft?.term ?? -1 }
    }),
  })

  const ask = (evaluator: string, args: Arguments) =>
    new Promise<TopicOutcome>((resolve) => {
      const pending = {
        replied: (bytes: Uint8Array) => resolve(latin1Text(bytes) as TopicOutcome),
        failed: () => resolve('unavailable'),
      }
      const submission = { space: directorySpace, slot: 0, evaluator, args }
      if (session.submit(submission, new ByteWriter(64), pending)) resolve('unavailable')
    })

  const settled = async (isSettled: () => boolean) => {
    const endMs = clock.monotonicMs() + settledMsMax
    while (!isSettled() && clock.monotonicMs() < endMs) await clock.sleep(lookMs)
  }

  const isLed = (name: string, count: number) => {
    const row = topics().get(name)
    if (!row || row.partitions.length < count) return false
    return view(row).partitions.every(
      ({ local, replicas }) => local?.group?.raft.leader || !replicas.includes(partitions.self),
    )
  }

  return {
    get all() {
      return [...topics().values()].map(view)
    },
    find(name) {
      const row = topics().get(name)
      return row && view(row)
    },
    findById(id) {
      for (const row of topics().values()) if (row.id === id) return view(row)
      return undefined
    },
    async create(request) {
      const outcome = await ask(createTopicEvaluator, topicArguments(request))
      if (outcome === 'done') await settled(() => isLed(request.name, request.partitions))
      return outcome
    },
    async remove(name) {
      const outcome = await ask(deleteTopicEvaluator, topicNameArguments(name))
      if (outcome === 'done') await settled(() => !topics().has(name))
      return outcome
    },
    async change(change) {
      const outcome = await ask(changeTopicEvaluator, topicChangeArguments(change))
      if (outcome === 'done') await settled(() => isLed(change.name, change.partitions ?? 0))
      return outcome
    },
  }
}
