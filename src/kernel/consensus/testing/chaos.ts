import assert from 'node:assert/strict'
import { utf8Bytes } from '#kernel/base/bytes.ts'
import type { Random } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import { type Configuration, membersOf, type ReplicaId, simpleConfiguration } from '../configuration.ts'
import type { Message } from '../messages.ts'
import { encodeConfiguration, entryKinds, type RaftSettings } from '../raft.ts'
import { Oracle } from './oracle.ts'
import { TestReplica, type ToyState } from './replica.ts'

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

/**
 * One group under a network that loses, doubles, reorders and cuts, disks that answer late, clocks that drift apart,
 * crashes that keep only what was durable, changes of members, and snapshots. A seed decides everything, the configuration
 * too. `step` does something at random, which `Oracle` judges; `heal` ends all faults and demands progress.
 */
export class Chaos {
  readonly name: string
  readonly settings: RaftSettings
  readonly replicas: readonly TestReplica[]
  readonly oracle: Oracle
  readonly #random: Random
  /** True time. A replica's clock is off by a constant and runs faster or slower by up to `clockDriftMax`. */
  #nowMs = 0
  readonly #rates: readonly number[]
  readonly #offsets: number[]
  #network: Message[] = []
  #transfers: Transfer[] = []
  #reads: Read[] = []
  /** `from>to` of links that lose everything. */
  readonly #cuts = new Set<string>()
  readonly #lossiness: number
  readonly #actions: readonly { readonly share: number; readonly run: () => void }[]
  readonly #shares: number
  #proposals = 0
  /** Messages that were sent, by kind; reads that were answered; snapshots that were taken in. */
  readonly counts = { messages: 0, reads: 0, snapshots: 0, configurations: 0 }

  constructor(seed: number) {
    this.name = `seed ${seed}`
    const random = createRandom(seed)
    this.#random = random
    const clockDriftMax = pick(random, [0, 0.05, 0.3])
    this.settings = {
      electionTimeoutMs: 100,
      heartbeatMs: 20,
      clockDriftMax,
      appendsInFlightMax: 1 + random.below(6),
      appendBytesMax: pick(random, [1, 20, 1000]),
    }
    const size = pick(random, [1, 2, 3, 3, 3, 4, 5, 5, 6])
    const ids = Array.from({ length: size }, (_, i) => i + 1)
    this.#rates = ids.map(() => 1 + clockDriftMax * pick(random, [-1, 0, 1]))
    this.#offsets = ids.map(() => random.below(1_000_000))
    const configuration = simpleConfiguration(ids.slice(0, pick(random, [1, 3, 3, 5, 5])))
    this.replicas = ids.map((id) => {
      const options = { id, settings: this.settings, configuration, random: random.child(`replica ${id}`) }
      return new TestReplica({ ...options, nowMs: this.#offsets[id - 1]! })
    })
    this.oracle = new Oracle(this.name, this.replicas, (replica) => this.#clock(replica))
    this.#lossiness = pick(random, [0, 0.05, 0.25])
    const rare = () => pick(random, [0, 2, 8]) / 1000
    this.#actions = [
      { share: 0.5, run: () => this.#deliver() },
      { share: pick(random, [0.1, 0.4]), run: () => this.#finishWrite(this.#anyWriter()) },
      { share: 0.1, run: () => this.#propose() },
      { share: pick(random, [0.02, 0.06, 0.2]), run: () => this.#pass(random.below(10)) },
      { share: rare(), run: () => this.#pass(random.below(150)) },
      { share: rare(), run: () => this.#crash() },
      { share: 0.01, run: () => this.#restart(this.#any()) },
      { share: rare(), run: () => this.#reconnect() },
      { share: rare(), run: () => this.#cut() },
      { share: 0.005, run: () => this.#cuts.clear() },
      { share: rare(), run: () => this.#transfer() },
      { share: rare(), run: () => this.#campaign() },
      { share: rare(), run: () => this.#flush() },
      { share: rare(), run: () => this.#configure() },
      { share: 0.01, run: () => this.#finishTransfer(random.float() < 0.6) },
      { share: 0.02, run: () => this.#read() },
    ]
    this.#shares = this.#actions.reduce((sum, { share }) => sum + share, 0)
  }

  #clock(replica: TestReplica): number {
    return this.#offsets[replica.id - 1]! + this.#nowMs * this.#rates[replica.id - 1]!
  }

  step(): void {
    this.#nowMs += 0.001 // no two events at the same time
    let at = this.#random.float() * this.#shares
    this.#actions.find(({ share }) => (at -= share) < 0)?.run()
  }

  // ---- effects ----

  #endTurn(replica: TestReplica): void {
    const { now, snapshots, write } = replica.endTurn(this.#clock(replica))
    if (write) this.oracle.appended(replica, write.entries)
    this.#send(now)
    for (const to of snapshots) this.#sendSnapshot(replica, to)
    this.oracle.check(replica)
    if (this.#reads.length > 0) this.#answerReads(replica)
  }

  #send(messages: readonly Message[]): void {
    this.counts.messages += messages.length
    for (const message of messages) if (!this.#cuts.has(`${message.from}>${message.to}`)) this.#network.push(message)
  }

  #sendSnapshot(from: TestReplica, to: ReplicaId): void {
    const { incarnation, raft, disk } = from
    this.#transfers.push({ from, incarnation, to: this.replicas[to - 1]!, term: raft.term, flushed: disk.flushed })
  }

  #finishTransfer(arrives: boolean): void {
    const transfer = this.#transfers.splice(this.#random.below(this.#transfers.length), 1)[0]
    if (!transfer) return
    const { from, incarnation, to, term, flushed } = transfer
    let isOver = false
    if (arrives && to.isUp && term >= to.raft.term) {
      isOver = true // also where it is of no use any more
      if (to.install(flushed, term)) this.counts.snapshots++
      this.#endTurn(to)
    }
    if (!from.isUp || from.incarnation !== incarnation || from.raft.term !== term) return
    from.raft.nowMs = this.#clock(from)
    from.raft.snapshotFinished(to.id, flushed.index, isOver)
    this.#endTurn(from)
  }

  // ---- what may happen ----

  #any(): TestReplica {
    return pick(this.#random, this.replicas)
  }

  /** One that leads, or thinks so, if there is any. */
  #anyLeader(): TestReplica | undefined {
    const leaders = this.replicas.filter(({ isUp, raft }) => isUp && raft.role === 'leader')
    return leaders.length === 0 ? undefined : pick(this.#random, leaders)
  }

  #leader(): TestReplica | undefined {
    return this.replicas.filter(({ isUp, raft }) => isUp && raft.role === 'leader').sort(byTerm)[0]
  }

  #deliver(): void {
    if (this.#network.length === 0) {
      this.#pass(this.#random.below(10))
      return
    }
    // Mostly in the order of sending, as connections do; never certainly.
    const at = this.#random.float() < 0.7 ? 0 : this.#random.below(this.#network.length)
    const message = this.#network[at]!
    if (this.#random.float() >= 0.03) this.#network.splice(at, 1)
    if (this.#random.float() >= this.#lossiness) this.#receive(message)
  }

  #receive(message: Message): void {
    const receiver = this.replicas[message.to - 1]!
    if (!receiver.isUp) return
    receiver.raft.receive(message, this.#clock(receiver))
    this.#endTurn(receiver)
  }

  #anyWriter(): TestReplica {
    const busy = this.replicas.filter(({ writes }) => writes.length > 0)
    return pick(this.#random, busy.length > 0 ? busy : this.replicas)
  }

  #finishWrite(replica: TestReplica): void {
    const write = replica.finishWrite(this.#clock(replica))
    if (!write) return
    this.#send(write.messages)
    this.#endTurn(replica)
  }

  #propose(): void {
    const leader = this.#anyLeader()
    if (!leader) return
    leader.raft.propose(entryKinds.command, utf8Bytes(`p${++this.#proposals}`))
    this.#endTurn(leader)
  }

  #pass(ms: number): void {
    this.#nowMs += ms
    for (const replica of this.replicas) {
      if (!replica.isUp) continue
      replica.raft.tick(this.#clock(replica))
      this.#endTurn(replica)
    }
  }

  #crash(): void {
    const replica = this.#any()
    if (!replica.isUp) return
    replica.crash(this.#random.below(replica.writes.length + 1))
    if (this.#random.float() < 0.5) this.#restart(replica)
  }

  #restart(replica: TestReplica): void {
    if (replica.isUp) return
    this.#offsets[replica.id - 1] = this.#random.below(1_000_000) // a machine's clock begins anew
    replica.restart(this.#clock(replica))
    this.#endTurn(replica)
  }

  #reconnect(): void {
    const replica = this.#any()
    this.#network = this.#network.filter(() => this.#random.float() < 0.5)
    const to = this.#any().id
    if (this.#random.float() < 0.5) replica.raft.disconnected(to, this.#clock(replica))
    replica.raft.reconnected(to)
  }

  #cut(): void {
    const from = (this.#anyLeader() ?? this.#any()).id
    const others = this.#random.float() < 0.6 ? [this.#any()] : this.replicas
    for (const { id } of others) {
      this.#cuts.add(`${from}>${id}`)
      if (this.#random.float() < 0.6) this.#cuts.add(`${id}>${from}`)
    }
  }

  #transfer(): void {
    const leader = this.#anyLeader()
    if (!leader) return
    leader.raft.transferTo(this.#any().id, this.#clock(leader))
    this.#endTurn(leader)
  }

  #campaign(): void {
    const replica = this.#any()
    if (!replica.isUp) return
    replica.raft.campaign(this.#clock(replica))
    this.#endTurn(replica)
  }

  #flush(): void {
    const replica = this.#any()
    if (!replica.isUp) return
    const previous = replica.disk.flushed.index
    replica.flush(this.#random.float() < 0.5 ? previous : replica.state.index)
    this.#endTurn(replica)
  }

  /** Into a joint configuration of any other members, or out of it: mostly forward. */
  #configure(): void {
    const leader = this.#anyLeader()
    if (!leader) return
    const { voters, outgoing, learners } = leader.raft.configuration
    const staying = this.#random.float() < 0.1 ? outgoing : voters
    const next: Configuration =
      outgoing.length === 0
        ? { ...this.#anyMembers(), outgoing: voters }
        : { voters: staying, outgoing: [], learners: learners.filter((id) => !staying.includes(id)) }
    if (leader.raft.propose(entryKinds.configuration, encodeConfiguration(next)) > 0) this.counts.configurations++
    this.#endTurn(leader)
  }

  #anyMembers(): Pick<Configuration, 'voters' | 'learners'> {
    const ids = this.replicas.map(({ id }) => id)
    const roles = ids.map(() => this.#random.below(4))
    const voters = ids.filter((_, i) => roles[i]! < 2)
    if (voters.length === 0) return { voters: [this.#any().id], learners: [] }
    return { voters, learners: ids.filter((_, i) => roles[i] === 2) }
  }

  #read(): void {
    const at = this.#anyLeader()
    if (!at?.raft.isReady) return
    const sinceMs = this.#clock(at)
    const { incarnation, raft } = at
    this.#reads.push({ at, incarnation, term: raft.term, sinceMs, decided: this.oracle.decided.length })
    raft.confirm(sinceMs)
    this.#endTurn(at)
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

  // ---- after the faults ----

  /**
   * Everything works again, in turns of 5 ms. @returns the election timeouts that pass until one leader has led the group out
   * of a joint configuration and every member has applied a new command.
   */
  heal(): number {
    this.#cuts.clear()
    for (const replica of this.replicas) this.#restart(replica)
    const beganMs = this.#nowMs
    let marked: { readonly term: number; readonly index: number } | undefined
    for (;;) {
      const passedMs = this.#nowMs - beganMs
      assert.ok(passedMs < 40 * this.settings.electionTimeoutMs, `${this.name}: no progress\n${this.describe()}`)
      this.#calmTurn()
      const leader = this.#leader()
      if (!leader) continue
      const { raft } = leader
      if (raft.configuration.outgoing.length > 0) this.#leaveJoint(leader)
      else if (marked?.term !== raft.term) {
        const index = raft.propose(entryKinds.command, utf8Bytes('healed'))
        if (index > 0) marked = { term: raft.term, index }
      } else if (this.#members(leader).every(({ state }) => state.index >= marked!.index)) {
        return (this.#nowMs - beganMs) / this.settings.electionTimeoutMs
      }
    }
  }

  /** Nothing is asked for `timeouts` election timeouts: leader and term stay, the lease holds, only heartbeats are sent. */
  rest(timeouts: number): void {
    const leader = this.#leader()!
    const { term } = leader.raft
    const untilMs = this.#nowMs + timeouts * this.settings.electionTimeoutMs
    const messages = this.counts.messages
    while (this.#nowMs < untilMs) {
      this.#calmTurn()
      assert.equal(this.#leader(), leader, `${this.name}: the leader changed in quiet times\n${this.describe()}`)
      assert.equal(leader.raft.term, term, `${this.name}: the term changed in quiet times`)
    }
    const isLeased = leader.raft.holdsLease(this.#clock(leader))
    assert.equal(isLeased, !leader.raft.leaseGivenUp, `${this.name}: a lease in quiet times`)
    const beats = (timeouts * this.settings.electionTimeoutMs) / this.settings.heartbeatMs
    // Rounds and their answers, by a clock that may be fast; and those that left the group ask now and then for votes.
    const messagesMax = this.replicas.length * beats * 2 * 1.3 + this.replicas.length ** 2 * timeouts * 2
    const sent = this.counts.messages - messages
    assert.ok(sent <= messagesMax, `${this.name}: ${sent} messages in quiet times, ${messagesMax} are enough`)
  }

  #members(leader: TestReplica): TestReplica[] {
    return membersOf(leader.raft.configuration).map((id) => this.replicas[id - 1]!)
  }

  #leaveJoint(leader: TestReplica): void {
    const { configuration } = leader.raft
    leader.raft.propose(entryKinds.configuration, encodeConfiguration({ ...configuration, outgoing: [] }))
    this.#endTurn(leader)
  }

  /** 5 ms pass; all that is on its way arrives, in order, and all disks finish. */
  #calmTurn(): void {
    this.#pass(5)
    let left = 20_000
    const isBusy = () => this.#network.length > 0 || this.replicas.some(({ writes }) => writes.length > 0)
    while (isBusy()) {
      assert.ok(left-- > 0, `${this.name}: messages without end\n${this.describe()}`)
      this.#nowMs += 0.001
      for (const replica of this.replicas) this.#finishWrite(replica)
      const message = this.#network.shift()
      if (message) this.#receive(message)
    }
    while (this.#transfers.length > 0) this.#finishTransfer(true)
  }

  describe(): string {
    const lines = this.replicas.map(({ id, raft, state }) => {
      const { role, term, leader, committed, log, configuration } = raft
      const progress = [...raft.progress].map(([to, p]) => `${to}: ${p.state} ${p.matchIndex} ${p.nextIndex}`)
      const place = `log ${log.firstIndex}–${log.lastIndex}@${log.lastTerm}, committed ${committed}, applied ${state.index}`
      return `${id} ${role} term ${term} follows ${leader}; ${place}; ${JSON.stringify(configuration)}; ${progress.join(', ')}`
    })
    return lines.join('\n')
  }
}

function byTerm(a: TestReplica, b: TestReplica): number {
  return b.raft.term - a.raft.term
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)]!
}
