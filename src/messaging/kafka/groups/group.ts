import { errorCode } from '../protocol/error-codes.ts'

export interface Protocol {
  readonly name: string
  readonly metadata: Uint8Array
}

export interface JoinRequest {
  readonly memberId: string
  readonly instanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly Protocol[]
  /** Whether it understands that it leads without having to divide the work (JoinGroup from version 9 on). */
  readonly canSkipAssignment?: boolean
}

export interface JoinAnswer {
  readonly errorCode: number
  readonly generation: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly leader: string
  readonly memberId: string
  /** The leader need not divide the work: it is divided. */
  readonly skipAssignment: boolean
  readonly members: readonly {
    readonly memberId: string
    readonly instanceId: string | null
    readonly metadata: Uint8Array
  }[]
}

export interface SyncAnswer {
  readonly errorCode: number
  readonly protocolType: string | null
  readonly protocolName: string | null
  readonly assignment: Uint8Array
}

/** As Kafka names them to administrators. */
export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

export interface Member extends JoinRequest {
  readonly memberId: string
  lastSeenMs: number
  assignment: Uint8Array
  /** Whether its answer is awaited: a member that waits is alive. */
  joining: ((answer: JoinAnswer) => void) | undefined
  syncing: ((answer: SyncAnswer) => void) | undefined
}

/** What a group needs of its coordinator. */
export interface GroupHost {
  nowMs(): number
  newMemberId(prefix: string): string
  /** Writes a new generation down. @returns false where another coordinator has begun one, or it is not known */
  begin(expected: number, generation: number, protocolType: string): Promise<boolean>
}

const noBytes = new Uint8Array(0)

/**
 * A consumer group of the classic protocol, at its coordinator. Members are known here only: when the coordinator dies they join
 * again. Its generations are written down before anybody is told of them, so that of two that think they coordinate a group only one
 * goes on.
 *
 * Joining: members arrive until all that are known have come, or the time for it is over; then a generation begins, the
 * first member is told of all others, divides the work, and its answer (sync) is handed on.
 */
export class ConsumerGroup {
  readonly name: string
  readonly members = new Map<string, Member>()
  state: GroupState = 'Empty'
  generation: number
  protocolType: string
  protocolName: string | null = null
  leader = ''
  readonly #host: GroupHost
  /** Ids that were given out and have not come back yet, until when. */
  readonly #promised = new Map<string, number>()
  readonly #instances = new Map<string, string>()
  #joinEndsMs = 0
  #syncEndsMs = 0
  #isBeginning = false

  constructor(name: string, host: GroupHost, generation: number, protocolType: string) {
    this.name = name
    this.#host = host
    this.generation = generation
    this.protocolType = protocolType
  }

  // ---- joining ----

  /** `mustAskTwice`: a member without an id is given one, and asked to come again with it (KIP-394). */
  join(request: JoinRequest, mustAskTwice: boolean, answer: (answer: JoinAnswer) => void): void {
    const refuse = (code: number, memberId = request.memberId) => answer(refusedJoin(code, memberId))
    if (!this.#fits(request)) {
      refuse(errorCode.INCONSISTENT_GROUP_PROTOCOL)
      return
    }
    const { instanceId } = request
    const known = instanceId === null ? undefined : this.#instances.get(instanceId)
    if (request.memberId === '') {
      const memberId = this.#host.newMemberId(instanceId ?? request.clientId)
      if (known !== undefined) this.#replace(known, { ...request, memberId }, answer)
      else if (instanceId === null && mustAskTwice) {
        this.#promised.set(memberId, this.#host.nowMs() + request.sessionTimeoutMs)
        refuse(errorCode.MEMBER_ID_REQUIRED, memberId)
      } else this.#add({ ...request, memberId }, answer)
      return
    }
    if (instanceId !== null && known !== undefined && known !== request.memberId) {
      refuse(errorCode.FENCED_INSTANCE_ID)
      return
    }
    const member = this.members.get(request.memberId)
    if (member) this.#rejoin(member, request, answer)
    else if (this.#promised.delete(request.memberId)) this.#add(request, answer)
    else refuse(errorCode.UNKNOWN_MEMBER_ID)
  }

  /** Members speak one protocol, and have at least one way of dividing work in common. */
  #fits({ protocolType, protocols, memberId }: JoinRequest): boolean {
    if (protocolType === '' || protocols.length === 0) return false
    const others = [...this.members.values()].filter((member) => member.memberId !== memberId)
    if (others.length === 0) return true
    if (others.some((member) => member.protocolType !== protocolType)) return false
    return protocols.some(({ name }) => others.every((member) => member.protocols.some((each) => each.name === name)))
  }

  /**
   * A static member that was started anew takes the place of its earlier life, and its work: the others are not bothered, unless it
   * comes while the group is being divided anew, or with other ways of dividing.
   */
  #replace(known: string, request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const before = this.members.get(known)!
    const member: Member = {
      ...request,
      lastSeenMs: this.#host.nowMs(),
      assignment: before.assignment,
      joining: undefined,
      syncing: undefined,
    }
    // In its place also in the order of the members.
    const members = [...this.members].map(([id, each]) => (id === known ? member : each))
    this.members.clear()
    for (const each of members) this.members.set(each.memberId, each)
    this.#instances.set(member.instanceId!, member.memberId)
    const leader = this.leader
    if (leader === known) this.leader = member.memberId
    before.joining?.(refusedJoin(errorCode.FENCED_INSTANCE_ID, known))
    before.syncing?.(refusedSync(errorCode.FENCED_INSTANCE_ID))
    if (this.state !== 'Stable' || this.#choose() !== this.protocolName) {
      member.joining = answer
      this.#rebalance()
      return
    }
    const joined = this.#joined(member)
    const leads = member.memberId === this.leader
    // Who does not know of skipping is told the old leader's id, so that it does not take itself for the leader.
    if (request.canSkipAssignment) answer({ ...joined, skipAssignment: leads })
    else answer({ ...joined, leader, members: [] })
  }

  #add(request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const member: Member = {
      ...request,
      lastSeenMs: this.#host.nowMs(),
      assignment: noBytes,
      joining: answer,
      syncing: undefined,
    }
    this.members.set(member.memberId, member)
    if (member.instanceId !== null) this.#instances.set(member.instanceId, member.memberId)
    this.#rebalance()
  }

  #rejoin(member: Member, request: JoinRequest, answer: (answer: JoinAnswer) => void): void {
    const isSame = sameProtocols(member.protocols, request.protocols)
    member.joining?.(refusedJoin(errorCode.REBALANCE_IN_PROGRESS, member.memberId))
    // Who asks again what it has been told already is told again.
    const hasNews = this.state === 'PreparingRebalance' || this.#isBeginning || !isSame
    const leads = member.memberId === this.leader
    Object.assign(member, request, { lastSeenMs: this.#host.nowMs() })
    if (!hasNews && (this.state === 'CompletingRebalance' || (this.state === 'Stable' && !leads))) {
      answer(this.#joined(member))
      return
    }
    member.joining = answer
    this.#rebalance()
  }

  #rebalance(): void {
    if (this.state !== 'PreparingRebalance') {
      this.state = 'PreparingRebalance'
      this.#joinEndsMs = this.#host.nowMs() + Math.max(...[...this.members.values()].map((m) => m.rebalanceTimeoutMs))
      for (const member of this.members.values()) {
        member.syncing?.(refusedSync(errorCode.REBALANCE_IN_PROGRESS))
        member.syncing = undefined
      }
    }
    this.#tryToBegin()
  }

  #tryToBegin(): void {
    if (this.state !== 'PreparingRebalance' || this.#isBeginning) return
    const isOver = this.#host.nowMs() >= this.#joinEndsMs
    if (!isOver && [...this.members.values()].some(({ joining }) => joining === undefined)) return
    for (const member of [...this.members.values()]) {
      // A static member may be on its way back, and keeps its place until its session is over.
      if (member.joining === undefined && member.instanceId === null) this.#forget(member)
    }
    if ([...this.members.values()].every(({ joining }) => joining === undefined)) {
      if (this.members.size > 0) return
      this.state = 'Empty'
      return
    }
    this.#isBeginning = true
    const first = [...this.members.values()][0]!
    const { protocolType } = first
    const next = this.generation + 1
    void this.#host.begin(this.generation, next, protocolType).then((isDone) => {
      this.#isBeginning = false
      if (this.state === 'Dead') return
      if (!isDone) {
        this.end(errorCode.NOT_COORDINATOR)
        return
      }
      this.generation = next
      this.protocolType = protocolType
      // Somebody may have come or gone meanwhile: those that are still there begin, the others have begun another rebalance.
      this.#tell()
    })
  }

  #tell(): void {
    const waiting = [...this.members.values()].filter(({ joining }) => joining !== undefined)
    if (waiting.length === 0) {
      this.state = this.members.size === 0 ? 'Empty' : 'PreparingRebalance'
      return
    }
    this.state = 'CompletingRebalance'
    if (this.members.get(this.leader)?.joining === undefined) this.leader = waiting[0]!.memberId
    this.protocolName = this.#choose()
    const nowMs = this.#host.nowMs()
    this.#syncEndsMs = nowMs + Math.max(...waiting.map(({ rebalanceTimeoutMs }) => rebalanceTimeoutMs))
    for (const member of waiting) {
      const { joining } = member
      member.joining = undefined
      member.lastSeenMs = nowMs
      joining!(this.#joined(member))
    }
  }

  /** The way of dividing work that all know, and that most would choose first. */
  #choose(): string | null {
    const members = [...this.members.values()]
    const common = members[0]!.protocols
      .map(({ name }) => name)
      .filter((name) => members.every(({ protocols }) => protocols.some((each) => each.name === name)))
    const votes = new Map<string, number>()
    for (const { protocols } of members) {
      const choice = protocols.find(({ name }) => common.includes(name))
      if (choice) votes.set(choice.name, (votes.get(choice.name) ?? 0) + 1)
    }
    return [...votes].sort(([, a], [, b]) => b - a)[0]?.[0] ?? null
  }

  #joined(member: Member): JoinAnswer {
    const leads = member.memberId === this.leader
    const metadataOf = ({ protocols }: Member) =>
      protocols.find(({ name }) => name === this.protocolName)?.metadata ?? noBytes
    return {
      errorCode: errorCode.NONE,
      generation: this.generation,
      protocolType: this.protocolType,
      protocolName: this.protocolName,
      leader: this.leader,
      memberId: member.memberId,
      skipAssignment: false,
      members: leads
        ? [...this.members.values()].map((each) => ({
            memberId: each.memberId,
            instanceId: each.instanceId,
            metadata: metadataOf(each),
          }))
        : [],
    }
  }

  // ---- working ----

  sync(
    memberId: string,
    generation: number,
    instanceId: string | null,
    assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[],
    answer: (answer: SyncAnswer) => void,
  ): void {
    const problem = this.problemOf(memberId, generation, instanceId)
    const member = this.members.get(memberId)
    if (problem !== errorCode.NONE || !member) {
      answer(refusedSync(problem || errorCode.UNKNOWN_MEMBER_ID))
      return
    }
    member.lastSeenMs = this.#host.nowMs()
    if (this.state === 'PreparingRebalance') answer(refusedSync(errorCode.REBALANCE_IN_PROGRESS))
    else if (this.state === 'Stable') answer(this.#synced(member))
    else {
      member.syncing = answer
      if (memberId === this.leader) this.#divide(assignments)
    }
  }

  #divide(assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[]): void {
    const of = new Map(assignments.map(({ memberId, assignment }) => [memberId, assignment]))
    this.state = 'Stable'
    for (const member of this.members.values()) {
      member.assignment = of.get(member.memberId) ?? noBytes
      const { syncing } = member
      member.syncing = undefined
      syncing?.(this.#synced(member))
    }
  }

  #synced({ assignment }: Member): SyncAnswer {
    return { errorCode: errorCode.NONE, protocolType: this.protocolType, protocolName: this.protocolName, assignment }
  }

  heartbeat(memberId: string, generation: number, instanceId: string | null): number {
    const problem = this.problemOf(memberId, generation, instanceId)
    if (problem !== errorCode.NONE) return problem
    this.members.get(memberId)!.lastSeenMs = this.#host.nowMs()
    return this.state === 'PreparingRebalance' ? errorCode.REBALANCE_IN_PROGRESS : errorCode.NONE
  }

  /** What is wrong with a request that says to come from a member of a generation; 0: nothing. */
  problemOf(memberId: string, generation: number, instanceId: string | null): number {
    if (instanceId !== null) {
      const known = this.#instances.get(instanceId)
      if (known === undefined) return errorCode.UNKNOWN_MEMBER_ID
      if (known !== memberId) return errorCode.FENCED_INSTANCE_ID
    }
    if (!this.members.has(memberId)) return errorCode.UNKNOWN_MEMBER_ID
    return generation === this.generation ? errorCode.NONE : errorCode.ILLEGAL_GENERATION
  }

  /** Between two generations: what is committed for the earlier one comes too late. */
  get isBetweenGenerations(): boolean {
    return this.#isBeginning || this.state === 'CompletingRebalance'
  }

  leave(memberId: string, instanceId: string | null): number {
    const id = memberId === '' && instanceId !== null ? this.#instances.get(instanceId) : memberId
    const member = id === undefined ? undefined : this.members.get(id)
    if (!member) return this.#promised.delete(memberId) ? errorCode.NONE : errorCode.UNKNOWN_MEMBER_ID
    if (instanceId !== null && member.instanceId !== instanceId) return errorCode.FENCED_INSTANCE_ID
    this.#remove(member)
    return errorCode.NONE
  }

  #remove(member: Member): void {
    this.#forget(member)
    if (this.members.size > 0) this.#rebalance()
    else if (!this.#isBeginning) this.state = 'Empty'
  }

  #forget(member: Member): void {
    this.members.delete(member.memberId)
    if (member.instanceId !== null && this.#instances.get(member.instanceId) === member.memberId) {
      this.#instances.delete(member.instanceId)
    }
    if (this.leader === member.memberId) this.leader = ''
    member.joining?.(refusedJoin(errorCode.UNKNOWN_MEMBER_ID, member.memberId))
    member.syncing?.(refusedSync(errorCode.UNKNOWN_MEMBER_ID))
  }

  /** Called every now and then: who has not been heard of is out, and who has not come in time is not waited for. */
  look(): void {
    const nowMs = this.#host.nowMs()
    for (const [memberId, untilMs] of this.#promised) if (nowMs >= untilMs) this.#promised.delete(memberId)
    for (const member of [...this.members.values()]) {
      const isWaiting = member.joining !== undefined || member.syncing !== undefined
      if (!isWaiting && nowMs >= member.lastSeenMs + member.sessionTimeoutMs) this.#remove(member)
    }
    // Who is alive and does not ask for its work holds up the others, above all the leader.
    if (this.state === 'CompletingRebalance' && nowMs >= this.#syncEndsMs) {
      for (const member of [...this.members.values()]) if (member.syncing === undefined) this.#forget(member)
      if (this.members.size > 0) this.#rebalance()
      else this.state = 'Empty'
    }
    if (this.state === 'PreparingRebalance') this.#tryToBegin()
  }

  /** Nothing is known here that is not written down. */
  get isIdle(): boolean {
    return this.state === 'Empty' && this.members.size === 0 && this.#promised.size === 0
  }

  /** This node does not coordinate it any more. */
  end(code: number): void {
    this.state = 'Dead'
    for (const { joining, syncing, memberId } of this.members.values()) {
      joining?.(refusedJoin(code, memberId))
      syncing?.(refusedSync(code))
    }
    this.members.clear()
  }
}

export function refusedJoin(code: number, memberId: string): JoinAnswer {
  return {
    ...{ errorCode: code, generation: -1, protocolType: null, protocolName: null, leader: '', memberId, members: [] },
    skipAssignment: false,
  }
}

export function refusedSync(code: number): SyncAnswer {
  return { errorCode: code, protocolType: null, protocolName: null, assignment: noBytes }
}

function sameProtocols(a: readonly Protocol[], b: readonly Protocol[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ name, metadata }, i) => name === b[i]!.name && sameBytes(metadata, b[i]!.metadata))
  )
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
