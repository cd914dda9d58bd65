import assert from 'node:assert/strict'
import test from 'node:test'
import { utf8Bytes } from '#kernel/base/bytes.ts'
import type { Random } from '#kernel/base/host.ts'
import { createRandom } from '#kernel/base/random.ts'
import type { HardState, LogEntry } from '#kernel/storage/log/node-log-types.ts'
import { simpleConfiguration } from './configuration.ts'
import type { Message } from './messages.ts'
import { entryKinds, Raft, type RaftSettings } from './raft.ts'
import { RaftLog } from './raft-log.ts'

/**
 * Replicas of one group under a network that loses, doubles and reorders, disks that answer late, and restarts that keep only what
 * was durable. Checked after each step, by what the paper promises (Raft figure 3), not by what the code intends.
 */
const settings: RaftSettings = {
  electionTimeoutMs: 100,
  heartbeatMs: 20,
  clockDriftMax: 0,
  appendsInFlightMax: 4,
  appendBytesMax: 40,
}

class Replica {
  readonly id: number
  raft: Raft
  durable: { hardState: HardState; entries: LogEntry[] } = { hardState: { term: 0, vote: 0 }, entries: [] }
  writes: { hardState: HardState | undefined; entries: readonly LogEntry[]; messages: readonly Message[] }[] = []
  applied: string[] = []

  constructor(id: number, voters: readonly number[], random: Random, nowMs: number) {
    this.id = id
    this.raft = this.open(voters, random, nowMs)
  }

  open(voters: readonly number[], random: Random, nowMs: number): Raft {
    this.writes = []
    this.applied = []
    this.raft = new Raft({
      self: this.id,
      settings,
      hardState: this.durable.hardState,
      log: new RaftLog({ index: 0, term: 0 }, this.durable.entries),
      configuration: simpleConfiguration(voters),
      committed: 0,
      random,
      nowMs,
      startedMs: nowMs,
    })
    return this.raft
  }

  /** The oldest write becomes durable. */
  completeWrite(nowMs: number): readonly Message[] {
    const write = this.writes.shift()
    if (!write) return []
    if (write.hardState) this.durable.hardState = write.hardState
    const first = write.entries[0]
    if (first) {
      this.durable.entries.length = first.index - 1
      this.durable.entries.push(...write.entries)
    }
    const last = write.entries.at(-1)
    this.raft.nowMs = nowMs
    this.raft.persisted(last?.index ?? 0, last?.term ?? 0, write.hardState)
    return write.messages
  }
}

function run(seed: number, steps: number): { committed: number; leaders: number } {
  const random = createRandom(seed)
  const size = [1, 3, 5][random.below(3)]!
  const voters = Array.from({ length: size }, (_, i) => i + 1)
  const lossiness = random.float() * 0.2
  let nowMs = 0
  const replicas = voters.map((id) => new Replica(id, voters, random.child(`${id}`), nowMs))
  let network: Message[] = []
  const leaderOfTerm = new Map<number, number>()
  const decided: string[] = []
  let proposals = 0

  const collect = (replica: Replica) => {
    const { hardState, entries, now, afterPersist } = replica.raft.ready(nowMs)
    network.push(...now)
    const isEmpty = !hardState && entries.length === 0
    if (isEmpty && replica.writes.length === 0) network.push(...afterPersist)
    else if (!isEmpty || afterPersist.length > 0) replica.writes.push({ hardState, entries, messages: afterPersist })
    check(replica)
  }
  const check = (replica: Replica) => {
    const { raft } = replica
    if (raft.role === 'leader') {
      const known = leaderOfTerm.get(raft.term)
      assert.ok(known === undefined || known === raft.self, `seed ${seed}: term ${raft.term} has two leaders`)
      leaderOfTerm.set(raft.term, raft.self)
      for (let i = 1; i <= decided.length; i++) {
        const entry = raft.log.entryAt(i)
        assert.equal(entry && describe(entry), decided[i - 1], `seed ${seed}: leader of ${raft.term} lacks a decision`)
      }
    }
    for (let i = replica.applied.length + 1; i <= raft.committed; i++) {
      const entry = describe(raft.log.entryAt(i)!)
      replica.applied.push(entry)
      if (i <= decided.length) assert.equal(entry, decided[i - 1], `seed ${seed}: two decisions at ${i}`)
      else decided.push(entry)
    }
    if (raft.holdsLease(nowMs)) {
      for (const other of replicas) {
        const isNewer = other.raft.role === 'leader' && other.raft.term > raft.term
        assert.ok(!isNewer, `seed ${seed}: a lease overlaps with a later leader`)
      }
    }
  }

  for (let step = 0; step < steps; step++) {
    const replica = replicas[random.below(size)]!
    const choice = random.float()
    if (choice < 0.5 && network.length > 0) {
      const at = random.below(network.length)
      const message = network[at]!
      const isDoubled = random.float() < 0.05
      if (!isDoubled) network.splice(at, 1)
      if (random.float() >= lossiness) {
        const receiver = replicas[message.to - 1]!
        receiver.raft.receive(message, nowMs)
        collect(receiver)
      }
    } else if (choice < 0.7) {
      network.push(...replica.completeWrite(nowMs))
      collect(replica)
    } else if (choice < 0.8) {
      const leader = replicas.find(({ raft }) => raft.role === 'leader')
      if (leader) {
        leader.raft.propose(entryKinds.command, utf8Bytes(`p${++proposals}`))
        collect(leader)
      }
    } else if (choice < 0.99) {
      nowMs += random.below(choice < 0.804 ? 150 : 12)
      for (const each of replicas) {
        each.raft.tick(nowMs)
        collect(each)
      }
    } else if (choice < 0.993) {
      replica.open(voters, random.child(`again ${step}`), nowMs)
    } else if (choice < 0.996) {
      replica.raft.transferTo(1 + random.below(size), nowMs)
      collect(replica)
    } else {
      network = network.filter(() => random.float() < 0.5)
      replica.raft.reconnected(1 + random.below(size))
    }
  }
  return { committed: decided.length, leaders: leaderOfTerm.size }
}

function describe(entry: LogEntry): string {
  return `${entry.term}/${entry.kind}/${String.fromCharCode(...entry.data)}`
}

test('whatever the network, the disks and restarts do, one history is decided', () => {
  let committed = 0
  let leaders = 0
  for (let seed = 1; seed <= 120; seed++) {
    const result = run(seed, 3000)
    committed += result.committed
    leaders += result.leaders
  }
  assert.ok(committed > 3000, `only ${committed} decisions`)
  assert.ok(leaders > 600, `only ${leaders} terms with a leader`)
})
