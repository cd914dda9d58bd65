import { assert } from '#kernel/base/errors.ts'
import type { LogBoundary, LogEntry } from '#kernel/storage/log/node-log-types.ts'

/**
 * A group's log in memory: the entries above the boundary. What lies at or below it is in flushed tables, and a follower that
 * needs it gets a snapshot.
 *
 * Invariants:
 * L1. Entries are consecutive: entry i has index `boundary.index + 1 + i`; terms never fall.
 * L2. `boundary.index <= committed`: only what is committed is forgotten (the owner flushes nothing else).
 */
export class RaftLog {
  boundary: LogBoundary
  #entries: LogEntry[]
  /** Bytes of data of all entries. */
  bytes = 0

  constructor(boundary: LogBoundary, entries: readonly LogEntry[]) {
    this.boundary = boundary
    this.#entries = [...entries]
    for (const entry of entries) this.bytes += entry.data.length
  }

  get firstIndex(): number {
    return this.boundary.index + 1
  }

  get lastIndex(): number {
    return this.boundary.index + this.#entries.length
  }

  get lastTerm(): number {
    const last = this.#entries.at(-1)
    return last ? last.term : this.boundary.term
  }

  /** Term of the entry at `index`; -1 where it is not known: below the boundary, above the end. */
  termAt(index: number): number {
    if (index === this.boundary.index) return this.boundary.term
    return this.entryAt(index)?.term ?? -1
  }

  entryAt(index: number): LogEntry | undefined {
    return this.#entries[index - this.boundary.index - 1]
  }

  /** Raft §5.4.1: is a log that ends with (`index`, `term`) at least as new as this one? */
  isUpToDate(index: number, term: number): boolean {
    return term > this.lastTerm || (term === this.lastTerm && index >= this.lastIndex)
  }

  /** Entries from `from` up to `to`, at least one, further ones while their data fits in `bytesMax`. */
  slice(from: number, to: number, bytesMax: number): LogEntry[] {
    assert(from > this.boundary.index && from <= to && to <= this.lastIndex, 'a slice lies within the log')
    const start = from - this.boundary.index - 1
    const limit = to - this.boundary.index
    let end = start + 1
    let bytes = this.#entries[start]!.data.length
    while (end < limit) {
      bytes += this.#entries[end]!.data.length
      if (bytes > bytesMax) break
      end++
    }
    return this.#entries.slice(start, end)
  }

  append(entry: LogEntry): void {
    assert(entry.index === this.lastIndex + 1 && entry.term >= this.lastTerm, 'an entry follows the last one')
    this.#entries.push(entry)
    this.bytes += entry.data.length
  }

  /** Forgets the entries from `index` on. */
  truncateFrom(index: number): void {
    assert(index > this.boundary.index, 'only entries above the boundary are truncated')
    const keep = index - this.boundary.index - 1
    for (let i = keep; i < this.#entries.length; i++) this.bytes -= this.#entries[i]!.data.length
    this.#entries.length = Math.min(this.#entries.length, keep)
  }

  /** Forgets the entries up to `index`, which must be in the log. */
  compactTo(index: number): void {
    if (index <= this.boundary.index) return
    const term = this.termAt(index)
    assert(term >= 0, 'a new boundary lies within the log')
    const count = index - this.boundary.index
    for (let i = 0; i < count; i++) this.bytes -= this.#entries[i]!.data.length
    this.#entries.splice(0, count)
    this.boundary = { index, term }
  }

  /** Takes a snapshot's end as the boundary; what follows it is kept only where it continues the same history. */
  resetTo(boundary: LogBoundary): void {
    if (this.termAt(boundary.index) === boundary.term && boundary.index >= this.boundary.index) {
      this.compactTo(boundary.index)
      return
    }
    this.boundary = boundary
    this.#entries = []
    this.bytes = 0
  }

  /**
   * The highest index at or below `index` whose term is at most `term`: where the logs of a leader and a follower may
   * still agree. Skips whole terms, so that a probe takes one round per term instead of one per entry. Below the boundary
   * where even that is of a later term: then they part somewhere in what is forgotten.
   */
  lastIndexWithTermAtMost(index: number, term: number): number {
    let at = Math.min(index, this.lastIndex)
    while (at >= this.boundary.index && this.termAt(at) > term) at--
    return at
  }
}
