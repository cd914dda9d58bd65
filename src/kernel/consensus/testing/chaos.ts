import { utf8Bytes } from '#kernel/base/bytes.ts'
import type { Random } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import type { Configuration } from '../configuration.ts'
import { encodeConfiguration, entryKinds } from '../raft.ts'
import type { TestReplica } from './replica.ts'
import { World } from './world.ts'

/**
 * A network that loses, doubles, reorders and cuts, disks that answer late, clocks that drift apart, crashes that keep only
 * what was durable, changes of members, and snapshots. A seed decides everything, also how much there is of each; `step`
 * does something at random.
 */
export class Chaos {
  readonly world: World
  readonly #random: Random
  readonly #lossiness: number
  readonly #actions: readonly { readonly share: number; readonly run: () => void }[]
  readonly #shares: number
  #proposals = 0

  constructor(seed: number) {
    const random = createRandom(seed)
    const pick = <T>(items: readonly T[]): T => items[random.below(items.length)]!
    const settings = {
      electionTimeoutMs: 100,
      restAfterMs: 0,
      heartbeatMs: 20,
      clockDriftMax: pick([0, 0.05, 0.3]),
      appendsInFlightMax: 1 + random.below(6),
      appendBytesMax: pick([1, 20, 1000]),
    }
    const size = pick([1, 2, 3, 3, 3, 4, 5, 5, 6])
    this.world = new World({ name: `seed ${seed}`, random, settings, size, voters: pick([1, 3, 3, 5, 5]) })
    this.#random = random
    this.#lossiness = pick([0, 0.05, 0.25])
    const rare = () => pick([0, 2, 8]) / 1000
    this.#actions = [
      { share: 0.5, run: () => this.#deliver() },
      { share: pick([0.1, 0.4]), run: () => this.#finishWrite() },
      { share: 0.1, run: () => this.#propose() },
      { share: pick([0.02, 0.06, 0.2]), run: () => this.world.pass(random.below(10)) },
      { share: rare(), run: () => this.world.pass(random.below(150)) },
      { share: rare(), run: () => this.#crash() },
      { share: 0.01, run: () => this.world.restart(this.#any()) },
      { share: rare(), run: () => this.#reconnect() },
      { share: rare(), run: () => this.#cut() },
      { share: 0.005, run: () => this.world.cuts.clear() },
      { share: rare(), run: () => this.#transfer() },
      { share: rare(), run: () => this.#campaign() },
      { share: rare(), run: () => this.#flush() },
      { share: rare(), run: () => this.#configure() },
      { share: 0.01, run: () => this.world.finishTransfer(random.float() < 0.6) },
      { share: 0.02, run: () => this.#read() },
    ]
    this.#shares = this.#actions.reduce((sum, { share }) => sum + share, 0)
  }

  step(): void {
    this.world.nowMs += 0.001 // no two events at the same time
    let at = this.#random.float() * this.#shares
    this.#actions.find(({ share }) => (at -= share) < 0)?.run()
  }

  #pick<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : items[this.#random.below(items.length)]
  }

  #any(): TestReplica {
    return this.#pick(this.world.replicas)!
  }

  /** One that leads, or thinks so, if there is any. */
  #anyLeader(): TestReplica | undefined {
    return this.#pick(this.world.leaders)
  }

  #deliver(): void {
    const { network } = this.world
    if (network.length === 0) {
      this.world.pass(this.#random.below(10))
      return
    }
    // Mostly in the order of sending, as connections do; never certainly.
    const at = this.#random.float() < 0.7 ? 0 : this.#random.below(network.length)
    const message = network[at]!
    if (this.#random.float() >= 0.03) network.splice(at, 1)
    if (this.#random.float() >= this.#lossiness) this.world.receive(message)
  }

  #finishWrite(): void {
    const replica = this.#pick(this.world.replicas.filter(({ writes }) => writes.length > 0))
    if (replica) this.world.finishWrite(replica)
  }

  #propose(): void {
    const leader = this.#anyLeader()
    if (!leader) return
    leader.raft.propose(entryKinds.command, utf8Bytes(`p${++this.#proposals}`))
    this.world.endTurn(leader)
  }

  #crash(): void {
    const replica = this.#any()
    if (!replica.isUp) return
    replica.crash(this.#random.below(replica.writes.length + 1))
    if (this.#random.float() < 0.5) this.world.restart(replica)
  }

  #reconnect(): void {
    const replica = this.#any()
    this.world.network = this.world.network.filter(() => this.#random.float() < 0.5)
    const to = this.#any().id
    if (this.#random.float() < 0.5) replica.raft.disconnected(to, this.world.clock(replica))
    replica.raft.reconnected(to, this.world.clock(replica))
  }

  #cut(): void {
    const from = (this.#anyLeader() ?? this.#any()).id
    const others = this.#random.float() < 0.6 ? [this.#any()] : this.world.replicas
    for (const { id } of others) {
      this.world.cuts.add(`${from}>${id}`)
      if (this.#random.float() < 0.6) this.world.cuts.add(`${id}>${from}`)
    }
  }

  #transfer(): void {
    const leader = this.#anyLeader()
    if (!leader) return
    leader.raft.transferTo(this.#any().id, this.world.clock(leader))
    this.world.endTurn(leader)
  }

  #campaign(): void {
    const replica = this.#any()
    if (!replica.isUp) return
    replica.raft.campaign(this.world.clock(replica))
    this.world.endTurn(replica)
  }

  #flush(): void {
    const replica = this.#any()
    if (!replica.isUp) return
    const previous = replica.disk.flushed.index
    replica.flush(this.#random.float() < 0.5 ? previous : replica.state.index)
    this.world.endTurn(replica)
  }

  /** Into a joint configuration with any other members, or out of it. */
  #configure(): void {
    const leader = this.#anyLeader()
    if (!leader) return
    const { voters, outgoing, learners } = leader.raft.configuration
    const isJoint = outgoing.length > 0
    const next = isJoint ? { voters, outgoing: [], learners } : { ...this.#anyMembers(), outgoing: voters }
    const index = leader.raft.propose(entryKinds.configuration, encodeConfiguration(next))
    if (index > 0) this.world.counts.configurations++
    this.world.endTurn(leader)
  }

  #anyMembers(): Pick<Configuration, 'voters' | 'learners'> {
    const ids = this.world.replicas.map(({ id }) => id)
    const roles = ids.map(() => this.#random.below(4))
    const voters = ids.filter((_, i) => roles[i]! < 2)
    if (voters.length === 0) return { voters: [this.#any().id], learners: [] }
    return { voters, learners: ids.filter((_, i) => roles[i] === 2) }
  }

  #read(): void {
    const leader = this.#anyLeader()
    if (leader) this.world.read(leader)
  }
}
