import assert from 'node:assert/strict'
import type { LogEntry } from '#kernel/storage/log/node-log-types.ts'
import { countVotes } from '../quorum.ts'
import type { TestReplica } from './replica.ts'

/**
 * Judges a group of replicas by what the paper promises (Raft figure 3) and by what this project adds to it (durability,
 * leases), not by what the code intends. Every message names the rule that was broken.
 */
export class Oracle {
  readonly #name: string
  readonly #replicas: readonly TestReplica[]
  readonly #clock: (replica: TestReplica) => number
  /** Which process led in a term: a restart that leads again in the same term is another leader. */
  readonly leaderOfTerm = new Map<number, string>()
  /** Every entry that ever was in a log, with what came before it. */
  readonly #entryAt = new Map<string, string>()
  /** Entries by their index, 1 at 0; in the order in which the first replica learnt that they are committed. */
  readonly decided: string[] = []
  readonly #digests: number[] = [0]

  constructor(name: string, replicas: readonly TestReplica[], clock: (replica: TestReplica) => number) {
    this.#name = name
    this.#replicas = replicas
    this.#clock = clock
  }

  /** After each input to `replica` and before its effects are known to others. */
  check(replica: TestReplica): void {
    this.#applies(replica)
    if (replica.raft.role !== 'leader') return
    this.#leads(replica)
    this.#leases(replica)
  }

  /** Log matching: an index and a term name one entry, and one that comes before it. */
  appended(replica: TestReplica, entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      const before = replica.raft.log.termAt(entry.index - 1)
      const name = `${entry.index}@${entry.term}`
      const text = `${textOf(entry)} after a term of ${before}`
      const known = this.#entryAt.get(name)
      if (known === undefined) this.#entryAt.set(name, text)
      else assert.equal(text, known, `${this.#name}: log matching: two entries ${name}`)
    }
  }

  #applies(replica: TestReplica): void {
    for (const entry of replica.apply()) {
      const text = `${entry.term}/${textOf(entry)}`
      if (entry.index <= this.decided.length) {
        assert.equal(text, this.decided[entry.index - 1], `${this.#name}: state machine safety at ${entry.index}`)
      } else {
        assert.equal(entry.index, this.decided.length + 1, `${this.#name}: nothing is skipped`)
        this.decided.push(text)
        this.#isDurable(replica, entry)
      }
    }
    const { index, digest } = replica.state
    this.#digests[index] ??= digest
    assert.equal(digest, this.#digests[index], `${this.#name}: replica ${replica.id} has another state at ${index}`)
  }

  /** Whoever learns of a commitment first is the leader, by whose configuration it is decided. */
  #isDurable({ raft }: TestReplica, { index, term }: LogEntry): void {
    const holds = (id: number) => {
      const { boundary, entries, flushed } = this.#replicas[id - 1]!.disk
      return flushed.index >= index || boundary.index >= index || entries[index - boundary.index - 1]?.term === term
    }
    assert.equal(countVotes(raft.configuration, holds), 'won', `${this.#name}: ${index} is decided and not durable`)
  }

  #leads(replica: TestReplica): void {
    const { raft, incarnation, id } = replica
    const name = `${id} (start ${incarnation})`
    const known = this.leaderOfTerm.get(raft.term)
    if (known === name) return
    assert.equal(known, undefined, `${this.#name}: election safety: ${known} and ${name} lead in term ${raft.term}`)
    this.leaderOfTerm.set(raft.term, name)
    for (let index = raft.log.firstIndex; index <= this.decided.length; index++) {
      const entry = raft.log.entryAt(index)
      const text = entry && `${entry.term}/${textOf(entry)}`
      assert.equal(text, this.decided[index - 1], `${this.#name}: leader completeness: term ${raft.term} at ${index}`)
    }
    for (const other of this.#replicas) {
      if (other === replica || !other.isUp || other.raft.term >= raft.term) continue
      const isLeased = other.raft.holdsLease(this.#clock(other))
      assert.ok(!isLeased, `${this.#name}: ${id} leads in term ${raft.term} while ${other.id} holds a lease`)
    }
  }

  #leases(replica: TestReplica): void {
    if (!replica.raft.holdsLease(this.#clock(replica))) return
    this.serves(replica, this.decided.length, 'lease')
    for (const other of this.#replicas) {
      const isNewer = other.isUp && other.raft.role === 'leader' && other.raft.term > replica.raft.term
      assert.ok(!isNewer, `${this.#name}: ${replica.id} holds a lease while ${other.id} leads in a later term`)
    }
  }

  /** A read that began when `decided` entries were committed is answered from this replica's state. */
  serves(replica: TestReplica, decided: number, by: 'lease' | 'round'): void {
    const { index } = replica.state
    assert.ok(index >= decided, `${this.#name}: a read by ${by} at ${replica.id} sees ${index} of ${decided} entries`)
  }
}

function textOf(entry: LogEntry): string {
  return `${entry.kind}/${String.fromCharCode(...entry.data)}`
}
