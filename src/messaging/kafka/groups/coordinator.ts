import type { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Text } from '#kernel/base/bytes.ts'
import type { FailureReason, ServiceContext, Session } from '#kernel/handles/service.ts'
import { errorCode } from '../protocol/error-codes.ts'
import { ConsumerGroup } from './group.ts'
import {
  beginArguments,
  type CommittedOffset,
  commitArguments,
  deleteOffsetsArguments,
  type GroupRow,
  groupArguments,
  groupEvaluators,
  groupsSpace,
  isGroupName,
  listArguments,
  parseGroup,
  parseGroups,
  parseOffsets,
  slotOfGroup,
} from './rows.ts'

const lookMs = 100

type Answer = { readonly bytes: Uint8Array; readonly failure?: undefined } | { readonly failure: FailureReason }

/** The consumer groups that this node coordinates: those of the shards that it leads. */
export class Coordinator {
  readonly #context: ServiceContext
  readonly #session: Session
  readonly #groups = new Map<string, ConsumerGroup>()
  /** Groups that are being read. */
  readonly #loading = new Map<string, Promise<ConsumerGroup | undefined>>()
  #isLooking = false

  constructor(context: ServiceContext) {
    this.#context = context
    this.#session = context.gateway.openSession()
  }

  /** The node that coordinates a group; undefined: its shard has no leader now. */
  coordinatorOf(group: string): string | undefined {
    const slot = slotOfGroup(group)
    return this.#context.cluster.shards(groupsSpace).find((shard) => slot >= shard.firstSlot && slot <= shard.lastSlot)
      ?.leader
  }

  isHere(group: string): boolean {
    return this.coordinatorOf(group) === this.#context.cluster.nodeName
  }

  /** @returns the group, also one that there was not; a number: why not */
  async group(name: string): Promise<ConsumerGroup | number> {
    if (!isGroupName(name)) return errorCode.INVALID_GROUP_ID
    if (!this.isHere(name)) {
      this.#groups.get(name)?.end(errorCode.NOT_COORDINATOR)
      this.#groups.delete(name)
      return errorCode.NOT_COORDINATOR
    }
    const known = this.#groups.get(name)
    if (known && known.state !== 'Dead') return known
    let loading = this.#loading.get(name)
    if (!loading) {
      loading = this.#load(name).finally(() => this.#loading.delete(name))
      this.#loading.set(name, loading)
    }
    return (await loading) ?? errorCode.COORDINATOR_NOT_AVAILABLE
  }

  async #load(name: string): Promise<ConsumerGroup | undefined> {
    const answer = await this.#ask(name, groupEvaluators.get, groupArguments(name))
    if (answer.failure) return undefined
    const row = parseGroup(answer.bytes)
    const { clock, random } = this.#context
    const host = {
      nowMs: () => clock.monotonicMs(),
      newMemberId: (prefix: string) => `${prefix}-${hex(random.bytes(16))}`,
      begin: (expected: number, generation: number, protocolType: string) =>
        this.#begin(name, expected, { generation, protocolType }),
    }
    const group = new ConsumerGroup(name, host, row?.generation ?? 0, row?.protocolType ?? '')
    this.#groups.set(name, group)
    this.#lookLater()
    return group
  }

  async #begin(name: string, expected: number, row: GroupRow): Promise<boolean> {
    const answer = await this.#ask(name, groupEvaluators.begin, beginArguments(name, expected, row))
    return !answer.failure && latin1Text(answer.bytes) === 'done'
  }

  /** While there are groups with members. */
  #lookLater(): void {
    if (this.#isLooking) return
    this.#isLooking = true
    this.#context.clock.timer(lookMs, () => {
      this.#isLooking = false
      for (const [name, group] of this.#groups) {
        if (!this.isHere(name)) group.end(errorCode.NOT_COORDINATOR)
        else group.look()
        if (group.state === 'Dead' || group.isIdle) this.#groups.delete(name)
      }
      if (this.#groups.size > 0) this.#lookLater()
    })
  }

  /** Those with members here. */
  active(name: string): ConsumerGroup | undefined {
    return this.#groups.get(name)
  }

  // ---- what is written down ----

  /** @returns an error code */
  async commit(name: string, generation: number, offsets: readonly CommittedOffset[]): Promise<number> {
    const answer = await this.#ask(name, groupEvaluators.commit, commitArguments(name, generation, offsets))
    if (answer.failure) return errorCode.COORDINATOR_NOT_AVAILABLE
    return latin1Text(answer.bytes) === 'done' ? errorCode.NONE : errorCode.ILLEGAL_GENERATION
  }

  async offsets(name: string): Promise<readonly CommittedOffset[] | undefined> {
    const answer = await this.#ask(name, groupEvaluators.offsets, groupArguments(name))
    return answer.failure ? undefined : parseOffsets(answer.bytes)
  }

  async deleteOffsets(
    name: string,
    partitions: readonly { readonly topic: string; readonly partition: number }[],
  ): Promise<number> {
    const args = deleteOffsetsArguments(name, partitions)
    const answer = await this.#ask(name, groupEvaluators.deleteOffsets, args)
    return answer.failure ? errorCode.COORDINATOR_NOT_AVAILABLE : errorCode.NONE
  }

  async row(name: string): Promise<GroupRow | undefined> {
    const answer = await this.#ask(name, groupEvaluators.get, groupArguments(name))
    return answer.failure ? undefined : parseGroup(answer.bytes)
  }

  async remove(name: string): Promise<number> {
    const answer = await this.#ask(name, groupEvaluators.remove, groupArguments(name))
    if (answer.failure) return errorCode.COORDINATOR_NOT_AVAILABLE
    this.#groups.delete(name)
    return latin1Text(answer.bytes) === 'done' ? errorCode.NONE : errorCode.GROUP_ID_NOT_FOUND
  }

  /** Of the shards that this node leads. */
  async list(): Promise<readonly { readonly group: string; readonly row: GroupRow }[]> {
    const { cluster } = this.#context
    const own = cluster.shards(groupsSpace).filter(({ leader }) => leader === cluster.nodeName)
    const answers = await Promise.all(
      own.map(({ firstSlot }) => this.#askSlot(firstSlot, groupEvaluators.list, listArguments())),
    )
    const groups = answers.flatMap((answer) => (answer.failure ? [] : parseGroups(answer.bytes)))
    return groups.filter(({ group }) => this.isHere(group))
  }

  #ask(group: string, evaluator: string, args: Arguments): Promise<Answer> {
    return this.#askSlot(slotOfGroup(group), evaluator, args)
  }

  #askSlot(slot: number, evaluator: string, args: Arguments): Promise<Answer> {
    return new Promise((resolve) => {
      const reply = new ByteWriter(256)
      const isAnswered = this.#session.submit({ space: groupsSpace, slot, evaluator, args }, reply, {
        replied: (bytes) => resolve({ bytes }),
        failed: (failure) => resolve({ failure }),
      })
      if (isAnswered) resolve({ bytes: reply.take() })
    })
  }
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
