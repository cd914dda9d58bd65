import type { Group } from '#kernel/consensus/group.ts'
import { entryKinds } from '#kernel/consensus/raft.ts'
import type { LogEntry } from '#kernel/storage/log/node-log-types.ts'
import type { ShardLeader } from '../leader.ts'
import type { ShardState } from '../shard-state.ts'
import { ManualClock } from './manual-clock.ts'

/**
 * A replica's consensus that does what a test tells it: entries are committed and lost, rounds are confirmed, leadership comes and
 * goes. It stands where `Raft` and the driver stand, with the order of calls that the driver promises.
 */
export class FakeConsensus {
  readonly clock = new ManualClock()
  readonly #raft = {
    role: 'follower' as 'leader' | 'follower',
    term: 0,
    leader: 0,
    isReady: false,
    transfer: undefined as object | undefined,
    leaseGivenUp: false,
    leaseMs: 270,
    nowMs: 0,
    settings: { appendBytesMax: 1 << 20 },
    confirmedMs: () => this.#confirmedMs,
    confirm: (nowMs: number) => {
      this.roundMs = nowMs
    },
    propose: (_kind: number, data: Uint8Array) => {
      if (this.#raft.role !== 'leader' || this.#raft.transfer) return 0
      this.proposed.push({ index: ++this.#lastIndex, term: this.#raft.term, kind: entryKinds.command, data })
      return this.#lastIndex
    },
    transferTo: () => {
      if (this.#raft.transfer) return false
      this.#raft.transfer = {}
      this.#raft.leaseGivenUp = true
      return true
    },
  }
  readonly group: Group
  /** Proposed and not committed, oldest first. */
  readonly proposed: LogEntry[] = []
  /** Of the last round that was asked for. */
  roundMs = Number.NEGATIVE_INFINITY
  /** The group was touched since `turn`. */
  isTouched = false
  #lastIndex = 0
  #confirmedMs = Number.NEGATIVE_INFINITY
  readonly #self: number
  #state: ShardState | undefined
  #leader: ShardLeader | undefined

  constructor(self: number, groupId = 7) {
    this.#self = self
    this.group = { id: groupId, raft: this.#raft } as unknown as Group
  }

  attach(state: ShardState, leader: ShardLeader): void {
    this.#state = state
    this.#leader = leader
    leader.onWork = () => {
      this.isTouched = true
    }
  }

  get isLeader(): boolean {
    return this.#raft.role === 'leader'
  }

  get term(): number {
    return this.#raft.term
  }

  /** Wins an election; it serves when `becomeReady` was called. */
  win(term: number): void {
    Object.assign(this.#raft, { role: 'leader', term, leader: this.#self, isReady: false, leaseGivenUp: false })
    this.#raft.transfer = undefined
    this.changed()
  }

  /** What was proposed before is decided: the first `kept` entries are in the log of the new leader. */
  becomeReady(kept = 0): void {
    const entries = this.proposed.splice(0)
    for (const entry of entries.slice(0, kept)) this.#apply(entry)
    this.#lastIndex = (entries[kept - 1]?.index ?? this.#state!.index) + 1
    this.#apply({ index: this.#lastIndex, term: this.#raft.term, kind: entryKinds.noop, data: new Uint8Array(0) })
    this.#raft.isReady = true
    this.#leader!.deliver()
    this.changed()
  }

  /** Another leads, or nobody: 0. */
  follow(term: number, leader: number): void {
    Object.assign(this.#raft, { role: 'follower', term, leader, isReady: false })
    this.#raft.transfer = undefined
    this.changed()
  }

  endTransfer(): void {
    this.#raft.transfer = undefined
    this.changed()
  }

  /** The end of a turn. */
  turn(): void {
    this.isTouched = false
    this.#leader!.propose(this.group)
  }

  commit(count = this.proposed.length): void {
    for (const entry of this.proposed.splice(0, count)) this.#apply(entry)
    this.#leader!.deliver()
    this.changed()
  }

  /** A majority has answered a round that was sent at `ms`. */
  confirm(ms = this.clock.monotonicMs()): void {
    this.#confirmedMs = Math.max(this.#confirmedMs, ms)
    this.changed()
  }

  changed(): void {
    this.#leader?.changed(this.group)
  }

  #apply(entry: LogEntry): void {
    this.#state!.apply(entry, this.#leader!.listener(entry))
    this.#leader!.entryApplied(entry)
  }
}
