import { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { Random } from '#kernel/base/host.ts'
import type { Group } from '#kernel/consensus/group.ts'
import type { Session } from '#kernel/handles/service.ts'
import type { EvaluatorSpec } from '../evaluation.ts'
import { ShardGateway } from '../gateway.ts'
import { type LeaderLimits, ShardLeader } from '../leader.ts'
import type { Shard } from '../shard.ts'
import { ShardState } from '../shard-state.ts'
import { createColdTree } from './cold-tree.ts'
import { FakeConsensus } from './fake-consensus.ts'
import { listEvaluators } from './list-evaluators.ts'

const channels = { calls: 2, answers: 3 }

/**
 * Two nodes: node 1 has the replica that leads, when it leads; node 2 sends it calls over a connection that breaks when a test says
 * so. What is in flight then is lost.
 */
export class TwoGateways {
  readonly consensus = new FakeConsensus(1)
  readonly tree = createColdTree()
  readonly state = new ShardState(this.tree, 60_000_000)
  readonly leader: ShardLeader
  readonly here: ShardGateway
  readonly away: ShardGateway
  isConnected = true
  /** While they are not connected: whether what node 2 sends arrives all the same. */
  isHalfOpen = false
  /** Whether node 1's queue takes answers, beside notices. */
  hasRoom = true
  /** In flight, oldest first, by receiver. */
  readonly messages: { readonly to: number; readonly channel: number; readonly bytes: Uint8Array }[] = []
  /** What node 2 knows of the leadership. */
  readonly #known = { term: 0, leader: 0, role: 'follower' }

  constructor(limits: LeaderLimits, random: Random, requestHoldMs: number) {
    const { clock, group } = this.consensus
    this.leader = new ShardLeader({
      state: this.state,
      clock,
      limits,
      log: { info() {}, warn() {}, error() {} },
      damaged() {},
    })
    this.consensus.attach(this.state, this.leader)
    const open = (self: number, leader: unknown, asSeen: unknown) => {
      const gateway = new ShardGateway({
        ...{ clock, random: random.child(`node ${self}`), self, channels, requestHoldMs },
        transport: this.#transport(self),
      })
      gateway.evaluators.add(Object.values(listEvaluators))
      gateway.addShard('space', [0, 9], { leader } as Shard, asSeen as Group)
      return gateway
    }
    this.here = open(1, this.leader, group)
    this.away = open(2, { isServing: false, tryRead: () => false }, { id: group.id, raft: this.#known })
  }

  #transport(self: number) {
    const writer = new ByteWriter()
    let channel = 0
    const beginNotice = (_to: number, wanted: number) => {
      if (!this.isConnected && !(self === 2 && this.isHalfOpen)) return undefined
      channel = wanted
      writer.clear()
      return writer
    }
    return {
      connected: () => this.isConnected,
      begin: (to: number, wanted: number) => (self === 2 || this.hasRoom ? beginNotice(to, wanted) : undefined),
      beginNotice,
      finish: (to: number) => void this.messages.push({ to, channel, bytes: writer.copy() }),
    }
  }

  /** Delivers the oldest message to a node. */
  deliver(to: number): boolean {
    const at = this.messages.findIndex((message) => message.to === to)
    if (at < 0) return false
    const [{ channel, bytes }] = this.messages.splice(at, 1) as [(typeof this.messages)[0]]
    const gateway = to === 1 ? this.here : this.away
    if (channel === channels.calls) gateway.receiveCall(3 - to, bytes)
    else gateway.receiveAnswer(bytes)
    return true
  }

  setConnected(isConnected: boolean): void {
    if (isConnected === this.isConnected) return
    this.isConnected = isConnected
    if (!isConnected) this.messages.length = 0
    this.here.connectedChanged(2, isConnected)
    this.away.connectedChanged(1, isConnected)
  }

  /** Node 2 hears who leads. */
  learn(): void {
    const { term, isLeader } = this.consensus
    Object.assign(this.#known, { term, leader: isLeader ? 1 : 0 })
    this.away.groupChanged(this.consensus.group)
  }

  /** Node 1's own gateway hears it, as it does from the shard. */
  changed(): void {
    this.here.groupChanged(this.consensus.group)
  }

  /** Everything in a good way for a while: what is under way comes to its end. */
  async settle(): Promise<void> {
    this.setConnected(true)
    this.hasRoom = true
    this.consensus.endTransfer()
    for (let i = 0; i < 60; i++) {
      this.consensus.clock.advance(20)
      this.changed()
      this.learn()
      for (let more = true; more; ) more = this.deliver(1) || this.deliver(2)
      this.consensus.turn()
      this.consensus.commit()
      this.consensus.confirm()
      while (this.tree.loadOne()) await twoMicrotasks()
    }
  }
}

export async function twoMicrotasks(): Promise<void> {
  await Promise.resolve()
  await Promise.resolve()
}

/** Submits and tells what came of it: `told` gets one line. */
export function submitTo(
  session: Session,
  evaluator: EvaluatorSpec,
  words: readonly string[],
  told: (line: string) => void,
): void {
  const reply = new ByteWriter()
  const args = Arguments.of(...words.map(latin1Bytes))
  const isAnswered = session.submit(
    { space: 'space', slot: 0, evaluator: evaluator.name.replace(/@\d+$/, ''), args },
    reply,
    {
      replied: (bytes) => told(latin1Text(bytes)),
      failed: told,
    },
  )
  if (isAnswered) told(latin1Text(reply.view()))
}
