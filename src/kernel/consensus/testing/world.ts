import type { Random } from '#kernel/base/host.ts'
import { type ReplicaId, simpleConfiguration } from '../configuration.ts'
import type { Message } from '../messages.ts'
import type { RaftSettings } from '../raft.ts'
import { Oracle } from './oracle.ts'
import { TestReplica, type ToyState } from './replica.ts'

export interface WorldOptions {
  readonly name: string
  readonly random: Random
  readonly settings: RaftSettings
  /** Ids are 1 to `size`; the first `voters` of them are the group's. */
  readonly size: number
  readonly voters: number
}

/** A snapshot under way. */
interface Transfer {
  readonly from: TestReplica
  readonly incarnation: number
  readonly to: TestReplica
  readonly term: number
  readonly flushed: ToyState
}

/** A read that waits for a round to a majority. */
interface Read {
  readonly at: TestReplica
  readonly incarnation: number
  readonly term: number
  readonly sinceMs: number
  readonly decided: number
}

/** One group with its network, disks and clocks. Things happen where a method is called; after each of them `Oracle` judges. */
export class World {
  readonly name: string
  readonly settings: RaftSettings
  readonly replicas: readonly TestReplica[]
  readonly oracle: Oracle
  /** True time. A replica's clock is off by a constant and runs faster or slower by up to `clockDriftMax`. */
  nowMs = 0
  readonly #random: Random
  readonly #rates: readonly number[]
  readonly #offsets: number[]
  /** On their way, in the order of sending. */
  network: Message[] = []
  readonly transfers: Transfer[] = []
  #reads: Read[] = []
  /** `from>to` of links that lose everything. */
  readonly cuts = new Set<string>()
  readonly counts = { messages: 0, reads: 0, snapshots: 0, configurations: 0 }

  constructor({ name, random, settings, size, voters }: WorldOptions) {
    this.name = name
    this.settings = settings
    this.#random = random
    const ids = Array.from({ length: size }, (_, i) => i + 1)
    this.#rates = ids.map(() => 1 + settings.clockDriftMax * (random.below(3) - 1))
    this.#offsets = ids.map(() => random.below(1_000_000))
    const configuration = simpleConfiguration(ids.slice(0, voters))
    this.replicas = ids.map((id) => {
      const options = { id, settings, configuration, random: random.child(`replica ${id}`) }
      return new TestReplica({ ...options, nowMs: this.#offsets[id - 1]! })
    })
    this.oracle = new Oracle(name, this.replicas, (replica) => this.clock(replica))
  }

  clock(replica: TestReplica): number {
    return this.#offsets[replica.id - 1]! + this.nowMs * this.#rates[replica.id - 1]!
  }

  /** The leader of the newest term. */
  get leader(): TestReplica | undefined {
    return this.leaders.sort((a, b) => b.raft.term - a.raft.term)[0]
  }

  /** All that lead, or think so. */
  get leaders(): TestReplica[] {
    return this.replicas.filter(({ isUp, raft }) => isUp && raft.role === 'leader')
  }

  /** To be called after each input to a replica. */
  endTurn(replica: TestReplica): void {
    const { now, snapshots, write } = replica.endTurn(this.clock(replica))
    if (write) this.oracle.appended(replica, write.entries)
    this.#send(now)
    for (const to of snapshots) this.#sendSnapshot(replica, to)
    this.oracle.check(replica)
    if (this.#reads.length > 0) this.#answerReads(replica)
  }

  #send(messages: readonly Message[]): void {
    this.counts.messages += messages.length
    for (const message of messages) if (!this.cuts.has(`${message.from}>${message.to}`)) this.network.push(message)
  }

  #sendSnapshot(from: TestReplica, to: ReplicaId): void {
    const { incarnation, raft, disk } = from
    this.transfers.push({ from, incarnation, to: this.replicas[to - 1]!, term: raft.term, flushed: disk.flushed })
  }

  receive(message: Message): void {
    const receiver = this.replicas[message.to - 1]!
    if (!receiver.isUp) return
    receiver.raft.receive(message, this.clock(receiver))
    this.endTurn(receiver)
  }

  finishWrite(replica: TestReplica): void {
    const write = replica.finishWrite(this.clock(replica))
    if (!write) return
    this.#send(write.messages)
    this.endTurn(replica)
  }

  /** Time passes, and all look at their clocks. */
  pass(ms: number): void {
    this.nowMs += ms
    for (const replica of this.replicas) {
      if (!replica.isUp) continue
      replica.raft.tick(this.clock(replica))
      this.endTurn(replica)
    }
  }

  restart(replica: TestReplica): void {
    if (replica.isUp) return
    this.#offsets[replica.id - 1] = this.#random.below(1_000_000) // a machine's clock begins anew
    replica.restart(this.clock(replica))
    this.endTurn(replica)
  }

  /** One of the snapshots under way is over. */
  finishTransfer(arrives: boolean): void {
    const transfer = this.transfers.splice(this.#random.below(this.transfers.length), 1)[0]
    if (!transfer) return
    const { from, incarnation, to, term, flushed } = transfer
    let isOver = false
    if (arrives && to.isUp && term >= to.raft.term) {
      isOver = true // also where it is of no use any more
      if (to.install(flushed, term)) this.counts.snapshots++
      this.endTurn(to)
    }
    if (!from.isUp || from.incarnation !== incarnation || from.raft.term !== term) return
    from.raft.nowMs = this.clock(from)
    from.raft.snapshotFinished(to.id, flushed.index, isOver)
    this.endTurn(from)
  }

  /** A read arrives at one that leads, and waits for a round. */
  read(at: TestReplica): void {
    if (!at.raft.isReady) return
    const sinceMs = this.clock(at)
    const { incarnation, raft } = at
    this.#reads.push({ at, incarnation, term: raft.term, sinceMs, decided: this.oracle.decided.length })
    raft.confirm(sinceMs)
    this.endTurn(at)
  }

  #answerReads(replica: TestReplica): void {
    const { raft, incarnation } = replica
    this.#reads = this.#reads.filter((read) => {
      if (read.at !== replica) return true
      if (read.incarnation !== incarnation || raft.role !== 'leader' || raft.term !== read.term) return false
      if (raft.confirmedMs() < read.sinceMs) return true
      this.oracle.serves(replica, read.decided, 'round')
      this.counts.reads++
      return false
    })
  }

  describe(): string {
    const lines = this.replicas.map(({ id, raft, state }) => {
      const { role, term, leader, committed, log, configuration } = raft
      const progress = [...raft.progress].map(([to, p]) => `${to}: ${p.state} ${p.matchIndex} ${p.nextIndex}`)
      const place = `log ${log.firstIndex}–${log.lastIndex}@${log.lastTerm}, committed ${committed}, applied ${state.index}`
      const members = JSON.stringify(configuration)
      return `${id} ${role} term ${term} follows ${leader}; ${place}; ${members}; ${progress.join(', ')}`
    })
    return lines.join('\n')
  }
}
