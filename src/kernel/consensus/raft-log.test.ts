import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import type { LogEntry } from '#kernel/storage/log/node-log-types.ts'
import { RaftLog } from './raft-log.ts'
import { entries } from './testing/alone.ts'

/** Entries by their index, and what lies before them. */
class Twin {
  boundary = { index: 0, term: 0 }
  readonly entries = new Map<number, LogEntry>()

  get lastIndex(): number {
    return Math.max(this.boundary.index, ...this.entries.keys())
  }

  termAt(index: number): number {
    return index === this.boundary.index ? this.boundary.term : (this.entries.get(index)?.term ?? -1)
  }

  keep(isKept: (index: number) => boolean): void {
    for (const index of [...this.entries.keys()]) if (!isKept(index)) this.entries.delete(index)
  }
}

function assertSame(log: RaftLog, twin: Twin): void {
  const { lastIndex } = twin
  assert.deepEqual(log.boundary, twin.boundary)
  assert.deepEqual([log.firstIndex, log.lastIndex], [twin.boundary.index + 1, lastIndex])
  assert.equal(log.lastTerm, twin.termAt(lastIndex))
  for (let index = 0; index <= lastIndex + 2; index++) assert.equal(log.termAt(index), twin.termAt(index))
  const bytes = [...twin.entries.values()].reduce((sum, { data }) => sum + data.length, 0)
  assert.equal(log.bytes, bytes)
  for (let index = twin.boundary.index; index <= lastIndex + 1; index++) {
    for (let term = 0; term <= log.lastTerm + 1; term++) {
      const known = Array.from({ length: Math.min(index, lastIndex) + 1 }, (_, at) => at).reverse()
      const expected = known.find((at) => twin.termAt(at) <= term) ?? -1
      assert.equal(log.lastIndexWithTermAtMost(index, term), expected, `${term} from ${index} on`)
      const isNewer = term > log.lastTerm || (term === log.lastTerm && index >= lastIndex)
      assert.equal(log.isUpToDate(index, term), isNewer)
    }
  }
}

test('a log is its boundary and the entries above it, whatever is appended, cut off and forgotten', () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = createRandom(seed)
    const log = new RaftLog({ index: 0, term: 0 }, [])
    const twin = new Twin()
    for (let step = 0; step < 60; step++) {
      const { lastIndex, boundary } = twin
      const above = boundary.index + 1 + random.below(lastIndex - boundary.index + 1)
      const choice = random.below(10)
      if (choice < 6) {
        const [entry] = entries([log.lastTerm + (random.below(4) === 0 ? 1 : 0)], lastIndex + 1)
        log.append(entry!)
        twin.entries.set(lastIndex + 1, entry!)
      } else if (choice === 6) {
        log.truncateFrom(above)
        twin.keep((index) => index < above)
      } else if (choice < 9) {
        const index = Math.min(above, lastIndex)
        const term = twin.termAt(index)
        log.compactTo(index)
        twin.boundary = { index, term }
        twin.keep((at) => at > index)
      } else {
        const index = boundary.index + random.below(lastIndex - boundary.index + 3)
        const term = random.below(2) === 0 ? Math.max(0, twin.termAt(index)) : log.lastTerm + 1
        const isSame = twin.termAt(index) === term
        log.resetTo({ index, term })
        twin.boundary = { index, term }
        twin.keep((at) => isSame && at > index)
      }
      assertSame(log, twin)
    }
  }
})

test('a slice has at least one entry, and as many as fit', () => {
  const log = new RaftLog({ index: 4, term: 1 }, entries([1, 1, 1, 1], 5))
  const indexes = (from: number, to: number, bytesMax: number) =>
    log.slice(from, to, bytesMax).map(({ index }) => index)
  assert.deepEqual(indexes(5, 8, 0), [5])
  assert.deepEqual(indexes(5, 8, 6), [5, 6])
  assert.deepEqual(indexes(5, 8, 8), [5, 6])
  assert.deepEqual(indexes(6, 7, 1000), [6, 7])
  for (const [from, to] of [
    [4, 8],
    [7, 6],
    [8, 9],
  ] as const) {
    assert.throws(() => log.slice(from, to, 1), /a slice lies within the log/)
  }
})

test('what would break the log is impossible', () => {
  const log = new RaftLog({ index: 4, term: 2 }, entries([2], 5))
  assert.throws(() => log.append(entries([2], 7)[0]!), /an entry follows the last one/)
  assert.throws(() => log.append(entries([1], 6)[0]!), /an entry follows the last one/)
  assert.throws(() => log.truncateFrom(4), /only entries above the boundary/)
  assert.throws(() => log.compactTo(6), /a new boundary lies within the log/)
})
