import assert from 'node:assert/strict'
import type { Random } from '#kernel/base/host.ts'
import type { HardState, LogBoundary, LogEntry } from '#kernel/storage/log/node-log-types.ts'
import type { Configuration, ReplicaId } from '../configuration.ts'
import type { Message } from '../messages.ts'
import { entryKinds, Raft, type RaftSettings, type Ready } from '../raft.ts'
import { RaftLog } from '../raft-log.ts'

/** What a toy machine has made of the entries up to `index`: how many commands, and a digest of them in their order. */
export interface ToyState {
  readonly index: number
  readonly term: number
  readonly configuration: Configuration
  readonly commands: number
  readonly digest: number
}

/** Waits for the disk: what it makes durable, and the messages that leave then. */
export interface Write {
  readonly hardState?: HardState | undefined
  readonly entries: readonly LogEntry[]
  readonly boundary?: LogBoundary
  /** The boundary's record takes everything above it away, as after a snapshot. */
  readonly anew?: boolean
  readonly messages: readonly Message[]
}

export interface TestReplicaOptions {
  readonly id: ReplicaId
  readonly settings: RaftSettings
  readonly configuration: Configuration
  readonly random: Random
  readonly nowMs: number
}

/**
 * A replica for tests, which stands where driver, node log and shard stand: its disk finishes a write when it is told to, a
 * restart keeps only what was durable, and the state flushed last can be sent to another.
 */
export class TestReplica {
  readonly id: ReplicaId
  readonly #options: TestReplicaOptions
  raft: Raft
  state: ToyState
  incarnation = 0
  isUp = true
  /** Oldest first. */
  writes: Write[] = []
  readonly disk: { hardState: HardState; boundary: LogBoundary; entries: LogEntry[]; flushed: ToyState }

  constructor(options: TestReplicaOptions) {
    this.id = options.id
    this.#options = options
    this.state = { index: 0, term: 0, configuration: options.configuration, commands: 0, digest: 0 }
    const boundary = { index: 0, term: 0 }
    this.disk = { hardState: { term: 0, vote: 0 }, boundary, entries: [], flushed: this.state }
    this.raft = this.#open(options.nowMs)
  }

  #open(nowMs: number): Raft {
    const { hardState, boundary, entries, flushed } = this.disk
    const log = new RaftLog(boundary, entries)
    // A snapshot was taken in just before the end, and the log knew nothing of it yet.
    const isBehind = log.termAt(flushed.index) !== flushed.term
    if (isBehind) log.resetTo({ index: flushed.index, term: flushed.term })
    const { id: self, settings, random } = this.#options
    const raft = new Raft({
      self,
      settings,
      hardState,
      log,
      configuration: flushed.configuration,
      committed: flushed.index,
      random: random.child(`${++this.incarnation}`),
      nowMs,
      startedMs: nowMs,
    })
    if (isBehind) this.#writeBoundary(raft)
    return raft
  }

  /** The process ends at once; the first `kept` of the writes that are under way were finished, but nobody hears of it. */
  crash(kept: number): void {
    for (const write of this.writes.slice(0, kept)) this.#makeDurable(write)
    this.writes = []
    this.isUp = false
  }

  restart(nowMs: number): void {
    this.isUp = true
    this.state = this.disk.flushed
    this.raft = this.#open(nowMs)
  }

  /** The end of a turn. Messages in `now` leave at once; those that wait for the disk come from `finishWrite`. */
  endTurn(nowMs: number): Pick<Ready, 'now' | 'snapshots'> & { readonly write: Write | undefined } {
    const { hardState, entries, now, afterPersist, snapshots } = this.raft.ready(nowMs)
    const isIdle = !hardState && entries.length === 0
    if (isIdle && this.writes.length === 0) return { now: [...now, ...afterPersist], snapshots, write: undefined }
    if (isIdle && afterPersist.length === 0) return { now, snapshots, write: undefined }
    const write = { hardState, entries, messages: afterPersist }
    this.writes.push(write)
    return { now, snapshots, write }
  }

  /** The oldest write is durable. */
  finishWrite(nowMs: number): Write | undefined {
    const write = this.writes.shift()
    if (!write) return undefined
    this.#makeDurable(write)
    const last = write.entries.at(-1)
    this.raft.nowMs = nowMs
    this.raft.persisted(last?.index ?? 0, last?.term ?? 0, write.hardState)
    return write
  }

  #makeDurable({ hardState, entries, boundary, anew }: Write): void {
    const { disk } = this
    if (boundary) {
      disk.entries = anew ? [] : disk.entries.filter(({ index }) => index > boundary.index)
      disk.boundary = boundary
    }
    if (hardState) disk.hardState = hardState
    const first = entries[0]
    if (!first) return
    const keep = first.index - 1 - disk.boundary.index
    assert.ok(keep >= 0 && keep <= disk.entries.length, 'entries follow what the disk has')
    disk.entries.length = keep
    disk.entries.push(...entries)
  }

  /** Gives what is committed to the machine. @returns the entries. */
  apply(): LogEntry[] {
    const entries: LogEntry[] = []
    while (this.state.index < this.raft.committed) {
      const entry = this.raft.log.entryAt(this.state.index + 1)!
      const { commands, digest } = this.state
      const { index, term, kind, data } = entry
      this.state = {
        index,
        term,
        configuration: this.raft.configurationAt(index),
        commands: kind === entryKinds.command ? commands + 1 : commands,
        digest:
          kind === entryKinds.command ? data.reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, digest) : digest,
      }
      entries.push(entry)
    }
    return entries
  }

  /** The state as it is becomes durable, and the log forgets what lies at and below `boundary`. */
  flush(boundary: number): void {
    this.disk.flushed = this.state
    if (boundary <= this.raft.log.boundary.index) return
    this.raft.compact(boundary)
    this.writes.push({ boundary: this.raft.log.boundary, entries: [], messages: [] })
  }

  /** Takes in what another has flushed. @returns whether it was of use. */
  install(flushed: ToyState, term: number): boolean {
    if (term < this.raft.term || flushed.index <= this.raft.committed) return false
    this.raft.installSnapshot({ index: flushed.index, term: flushed.term }, flushed.configuration)
    this.disk.flushed = flushed
    this.state = flushed
    this.#writeBoundary(this.raft)
    return true
  }

  /** What is above the boundary on disk is of another history, unless the log has kept it. */
  #writeBoundary({ log: { boundary, lastIndex } }: Raft): void {
    this.writes.push({ entries: [], boundary, anew: lastIndex === boundary.index, messages: [] })
  }
}
