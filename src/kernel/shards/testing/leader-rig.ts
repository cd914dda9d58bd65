import assert from 'node:assert/strict'
import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'
import type { EvaluatorSpec } from '../evaluation.ts'
import { type LeaderLimits, ShardLeader } from '../leader.ts'
import type { ShardCall } from '../shard-call.ts'
import { ShardState } from '../shard-state.ts'
import { createColdTree } from './cold-tree.ts'
import { FakeConsensus } from './fake-consensus.ts'
import { TestCall } from './test-call.ts'

const limits: LeaderLimits = {
  proposalsInFlightMax: 2,
  proposalPaceMs: 0,
  gatherMsMax: 0,
  transactionBytesMax: 1000,
  inFlightBytesMax: 1500,
  unflushedBytesMax: 1 << 20,
  replyBytesMax: 100,
  missesMax: 3,
  clockJumpMaxMs: 10,
  reads: 'lease',
}

/** A leader that serves, over a tree and a consensus that do what a test says. */
export class LeaderRig {
  readonly tree = createColdTree()
  readonly state = new ShardState(this.tree, 60_000_000)
  readonly consensus = new FakeConsensus(1)
  readonly damages: Error[] = []
  readonly leader: ShardLeader
  #sequence = 0

  constructor(changes: Partial<LeaderLimits> = {}) {
    const { state, consensus } = this
    this.leader = new ShardLeader({
      state,
      clock: consensus.clock,
      limits: { ...limits, ...changes },
      log: { info() {}, warn() {}, error() {} },
      damaged: (error) => this.damages.push(error),
    })
    consensus.attach(state, this.leader)
    consensus.win(1)
    consensus.becomeReady()
    consensus.confirm()
    consensus.clock.advance(1)
  }

  readonly call = (evaluator: EvaluatorSpec, words: string[] = [], how: Partial<ShardCall> = {}): TestCall => {
    const made = new TestCall(evaluator, words, { sequence: ++this.#sequence, ...how })
    this.leader.submit(made)
    return made
  }

  readonly retry = (of: TestCall): TestCall => {
    const { evaluator, sequence, session, followsOwn, low } = of
    const made = new TestCall(evaluator, [], { sequence, session, followsOwn, low, isRetry: true })
    made.args.reset(of.args.bytes)
    for (let i = 0; i < of.args.count; i++) made.args.push(of.args.start(i), of.args.end(i))
    this.leader.submit(made)
    return made
  }

  readonly turnAndCommit = (): void => {
    this.consensus.turn()
    this.consensus.commit()
  }

  readonly loadOne = async (error?: Error): Promise<void> => {
    assert.ok(this.tree.loadOne(error), 'a block is being loaded')
    await Promise.resolve()
    await Promise.resolve()
  }

  readonly letters = (): string => latin1Text(this.tree.get(latin1Bytes('list')) ?? new Uint8Array(0))
}
