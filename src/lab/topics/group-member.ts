import { utf8Bytes, utf8Text } from '#kernel/base/bytes.ts'
import type { Address } from '#kernel/base/host.ts'
import { apis } from '#messaging/kafka/protocol/apis.ts'
import { errorCode } from '#messaging/kafka/protocol/error-codes.ts'
import type { BrokerConnection } from './broker-connection.ts'
import { committedOffsets, coordinatorOf } from './group-requests.ts'
import type { ReaderOptions, TopicPartition } from './reader.ts'
import { Reader } from './reader.ts'
import { isRetriable } from './retriable.ts'
import { partitionName } from './topic-history.ts'

export interface GroupMemberOptions extends ReaderOptions {
  readonly group: string
  readonly partitions: readonly TopicPartition[]
  readonly thinkMs: number
}

interface Membership {
  readonly coordinator: Address
  readonly member: string
  readonly generation: number
  readonly owned: readonly TopicPartition[]
}

const protocolType = 'lab'
const protocolName = 'in turn'
const retryMs = 30
/** The least that brokers take. */
const sessionTimeoutMs = 6_000
const rebalanceTimeoutMs = 1_000
/** In one round of so many a member leaves, and comes back under another id. */
const leavesEvery = 40
const commitsEvery = 3

/** What makes a member join again, as itself or as a new one. */
const rejoins: ReadonlySet<number> = new Set([
  ...[errorCode.REBALANCE_IN_PROGRESS, errorCode.ILLEGAL_GENERATION, errorCode.UNKNOWN_MEMBER_ID],
])

/** A consumer in a group: joins, reads what it is given, commits, leaves and comes again. */
export class GroupMember {
  readonly #options: GroupMemberOptions
  #memberId = ''
  #isFinishing = false
  isFinished = false

  constructor(options: GroupMemberOptions) {
    this.#options = options
  }

  start(): void {
    void this.#run()
  }

  finish(): void {
    this.#isFinishing = true
  }

  async #run(): Promise<void> {
    const { client } = this.#options
    while (!this.#isFinishing) {
      const membership = await this.#join()
      if (membership) await this.#work(membership)
      await client.sleep(retryMs)
    }
    this.isFinished = true
    client.close()
  }

  /** @returns undefined: it did not come to that */
  async #join(): Promise<Membership | undefined> {
    const { client, group, history, nowMs, name } = this.#options
    const coordinator = await coordinatorOf(client, group)
    if (!coordinator) return undefined
    const connection = client.connection(coordinator)
    const protocols = [{ name: protocolName, metadata: utf8Bytes(name) }]
    const joined = await connection.ask(
      apis.JoinGroup,
      { groupId: group, sessionTimeoutMs, rebalanceTimeoutMs, memberId: this.#memberId, protocolType, protocols },
      { version: 7, waitMs: sessionTimeoutMs + rebalanceTimeoutMs },
    )
    if (!joined) return this.#forget()
    if (joined.errorCode === errorCode.MEMBER_ID_REQUIRED) {
      this.#memberId = joined.memberId
      return undefined
    }
    if (!this.#isFine(joined.errorCode, 'joined')) return undefined
    const { memberId: member, generationId: generation, leader, members } = joined
    this.#memberId = member
    const assignments = member === leader ? this.#divide(members.map(({ memberId }) => memberId)) : []
    const asked = {
      groupId: group,
      generationId: generation,
      memberId: member,
      protocolType,
      protocolName,
      assignments,
    }
    const synced = await connection.ask(apis.SyncGroup, asked, { version: 5, waitMs: sessionTimeoutMs })
    if (!synced) return this.#forget()
    if (!this.#isFine(synced.errorCode, 'synced')) return undefined
    const text = utf8Text(synced.assignment)
    const owned: TopicPartition[] = text === '' ? [] : JSON.parse(text)
    const partitions = owned.map(({ topic, partition }) => partitionName(topic, partition))
    history.assignments.push({ group, generation, member, partitions, toldMs: nowMs() })
    return { coordinator, member, generation, owned }
  }

  /** All partitions over all members, in turn. */
  #divide(members: readonly string[]) {
    const { partitions, client } = this.#options
    const first = client.options.random.below(members.length)
    return members.map((memberId, at) => {
      const own = partitions.filter((_, i) => (i + first) % members.length === at)
      return { memberId, assignment: utf8Bytes(JSON.stringify(own)) }
    })
  }

  /** Nothing of it is known any more to whoever it becomes next: what it asked last may be done or not. */
  #forget(): undefined {
    this.#options.history.lost++
    this.#memberId = ''
    return undefined
  }

  #isFine(code: number, what: string): boolean {
    if (code === errorCode.NONE) return true
    const { history, name } = this.#options
    history.refused++
    if (code === errorCode.UNKNOWN_MEMBER_ID) this.#memberId = ''
    if (!isRetriable(code) && !rejoins.has(code))
      history.anomalies.push(`${name} ${what} and was answered error ${code}`)
    return false
  }

  /** Until it must join again. */
  async #work(membership: Membership): Promise<void> {
    const { client, group, partitions, thinkMs } = this.#options
    const { random } = client.options
    const connection = client.connection(membership.coordinator)
    const committed = await committedOffsets(this.#options, group)
    if (!committed) return
    const reader = new Reader(this.#options)
    for (const owned of membership.owned) {
      reader.seek(owned, Math.max(0, committed.get(partitionName(owned.topic, owned.partition)) ?? 0))
    }
    const topics = [...new Set(partitions.map(({ topic }) => topic))]
    for (;;) {
      if (this.#isFinishing || random.below(leavesEvery) === 0) {
        await this.#leave(connection, membership)
        return
      }
      if (!(await reader.poll())) await client.refresh(topics)
      await client.sleep(thinkMs)
      if (random.below(commitsEvery) === 0 && !(await this.#commit(connection, membership, reader))) return
      if (!(await this.#beat(connection, membership))) return
    }
  }

  async #beat(connection: BrokerConnection, { generation, member }: Membership): Promise<boolean> {
    const request = { groupId: this.#options.group, generationId: generation, memberId: member }
    const answer = await connection.ask(apis.Heartbeat, request, { version: 4 })
    if (!answer) return this.#forget() ?? false
    return this.#isFine(answer.errorCode, 'sent a heartbeat')
  }

  async #commit(connection: BrokerConnection, { generation, member }: Membership, reader: Reader): Promise<boolean> {
    const { group, history, nowMs } = this.#options
    const positions = [...reader.positions]
    if (positions.length === 0) return true
    const topics = positions.map(([, { topic, partition, offset }]) => ({
      name: topic,
      partitions: [{ partitionIndex: partition, committedOffset: offset, committedMetadata: '' }],
    }))
    const commits = positions.map(([partition, { offset }]) => ({
      ...{ group, generation, member, partition, offset, calledMs: nowMs(), returnedMs: 0, outcome: 'lost' as const },
    }))
    const of = history.commits.length
    history.commits.push(...commits)
    const asked = { groupId: group, generationIdOrMemberEpoch: generation, memberId: member, topics }
    const answer = await connection.ask(apis.OffsetCommit, asked, { version: 8 })
    if (!answer) return this.#forget() ?? false
    const codes = answer.topics.map(({ partitions }) => partitions[0]!.errorCode)
    codes.forEach((code, i) => {
      const commit = history.commits[of + i]!
      commit.returnedMs = nowMs()
      if (code === errorCode.NONE) commit.outcome = 'done'
      // What could not be written for want of an answer may yet be.
      else if (code !== errorCode.COORDINATOR_NOT_AVAILABLE) commit.outcome = 'refused'
    })
    const failed = codes.find((code) => code !== errorCode.NONE)
    if (failed === errorCode.COORDINATOR_NOT_AVAILABLE) return this.#forget() ?? false
    return failed === undefined || this.#isFine(failed, 'committed')
  }

  async #leave(connection: BrokerConnection, { member }: Membership): Promise<void> {
    const { group } = this.#options
    this.#memberId = ''
    await connection.ask(apis.LeaveGroup, { groupId: group, members: [{ memberId: member }] }, { version: 5 })
  }
}
