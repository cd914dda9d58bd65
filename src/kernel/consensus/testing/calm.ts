import assert from 'node:assert/strict'
import { utf8Bytes } from '#kernel/base/bytes.ts'
import { membersOf } from '../configuration.ts'
import { encodeConfiguration, entryKinds } from '../raft.ts'
import type { TestReplica } from './replica.ts'
import type { World } from './world.ts'

/**
 * Everything works again: all are up and connected, messages arrive in order, disks finish. One leader must lead the group
 * out of a joint configuration, and every member must apply a new command.
 * @returns after how many election timeouts.
 */
export function heal(world: World): number {
  world.cuts.clear()
  for (const replica of world.replicas) world.restart(replica)
  const { electionTimeoutMs } = world.settings
  const beganMs = world.nowMs
  let marked: { readonly term: number; readonly index: number } | undefined
  for (;;) {
    const timeouts = (world.nowMs - beganMs) / electionTimeoutMs
    assert.ok(timeouts < 40, `${world.name}: no progress\n${world.describe()}`)
    turn(world)
    const { leader } = world
    if (!leader) continue
    const { raft } = leader
    if (raft.configuration.outgoing.length > 0) leaveJoint(world, leader)
    else if (marked?.term !== raft.term) {
      const index = raft.propose(entryKinds.command, utf8Bytes('healed'))
      if (index > 0) marked = { term: raft.term, index }
    } else if (haveApplied(world, leader, marked.index)) return timeouts
  }
}

function leaveJoint(world: World, leader: TestReplica): void {
  const { voters, learners } = leader.raft.configuration
  leader.raft.propose(entryKinds.configuration, encodeConfiguration({ voters, outgoing: [], learners }))
  world.endTurn(leader)
}

function haveApplied(world: World, leader: TestReplica, index: number): boolean {
  return membersOf(leader.raft.configuration).every((id) => world.replicas[id - 1]!.state.index >= index)
}

/** Nothing is asked for some election timeouts: leader and term stay, the lease holds, only heartbeats are sent. */
export function rest(world: World, timeouts: number): void {
  const { name, replicas } = world
  const { electionTimeoutMs, heartbeatMs } = world.settings
  const leader = world.leader!
  const { term } = leader.raft
  const { messages } = world.counts
  const untilMs = world.nowMs + timeouts * electionTimeoutMs
  while (world.nowMs < untilMs) {
    turn(world)
    assert.equal(world.leader, leader, `${name}: the leader changed in quiet times\n${world.describe()}`)
    assert.equal(leader.raft.term, term, `${name}: the term changed in quiet times`)
  }
  const isLeased = leader.raft.holdsLease(world.clock(leader))
  assert.equal(isLeased, !leader.raft.leaseGivenUp, `${name}: a lease in quiet times`)
  // Rounds and their answers, by a clock that may be fast; and those that left the group ask now and then for votes.
  const rounds = (timeouts * electionTimeoutMs) / heartbeatMs
  const messagesMax = replicas.length * rounds * 2 * 1.3 + replicas.length ** 2 * timeouts * 2
  const sent = world.counts.messages - messages
  assert.ok(sent <= messagesMax, `${name}: ${sent} messages in quiet times, ${messagesMax} are enough`)
}

/** 5 ms pass, and all that follows from it is done. */
function turn(world: World): void {
  world.pass(5)
  let left = 20_000
  while (world.network.length > 0 || world.replicas.some(({ writes }) => writes.length > 0)) {
    assert.ok(left-- > 0, `${world.name}: messages without end\n${world.describe()}`)
    world.nowMs += 0.001
    for (const replica of world.replicas) world.finishWrite(replica)
    const message = world.network.shift()
    if (message) world.receive(message)
  }
  while (world.transfers.length > 0) world.finishTransfer(true)
}
