import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Configuration, ReplicaId } from './configuration.ts'
import { countVotes, majorityOf, reachedByMajority, type VoteResult } from './quorum.ts'

/** Everything that there is, in small; the twins count without any cleverness. */

function subsets(ids: readonly ReplicaId[]): ReplicaId[][] {
  return Array.from({ length: 2 ** ids.length }, (_, bits) => ids.filter((_, i) => bits & (1 << i)))
}

/** All assignments of one of `values` to each of `count` places. */
function assignments<T>(count: number, values: readonly T[]): T[][] {
  if (count === 0) return [[]]
  return assignments(count - 1, values).flatMap((rest) => values.map((value) => [...rest, value]))
}

const configurations = (ids: readonly ReplicaId[]): Configuration[] =>
  subsets(ids).flatMap((voters) => subsets(ids).map((outgoing) => ({ voters, outgoing, learners: [] })))

/** Is `set` a majority of both halves? An empty half agrees to everything. */
function decides({ voters, outgoing }: Configuration, set: ReadonlySet<ReplicaId>): boolean {
  return [voters, outgoing].every((half) => {
    const inside = half.filter((id) => set.has(id)).length
    return half.length === 0 || inside > half.length - inside
  })
}

test('a majority is more than half', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6, 7].map(majorityOf), [0, 1, 2, 2, 3, 3, 4, 4])
})

test('what a majority of both halves has reached is the highest value that a deciding set has reached', () => {
  const ids = [1, 2, 3, 4]
  let cases = 0
  for (const reached of assignments(ids.length, [0, 1, 2])) {
    const reachedOf = (id: ReplicaId) => reached[id - 1]!
    for (const configuration of configurations(ids)) {
      if (configuration.voters.length === 0 && configuration.outgoing.length === 0) continue
      const isReached = (value: number) => decides(configuration, new Set(ids.filter((id) => reachedOf(id) >= value)))
      const highest = [2, 1, 0].find(isReached)
      assert.equal(reachedByMajority(configuration, reachedOf), highest)
      cases++
    }
  }
  assert.equal(cases, 3 ** 4 * (256 - 1))
})

test('so it is for all sizes, where each has reached another value', () => {
  for (let size = 1; size <= 7; size++) {
    const voters = Array.from({ length: size }, (_, i) => i + 1)
    for (const outgoing of [[], voters.slice(1), [9, 8, 7]]) {
      const configuration = { voters, outgoing, learners: [] }
      const reachedOf = (id: ReplicaId) => (id * 7) % 11
      const values = [...new Set([...voters, ...outgoing])].map(reachedOf).sort((a, b) => b - a)
      const highest = values.find((value) => {
        return decides(configuration, new Set([...voters, ...outgoing].filter((id) => reachedOf(id) >= value)))
      })
      assert.equal(reachedByMajority(configuration, reachedOf), highest)
    }
  }
})

test('no voters at all have reached everything', () => {
  assert.equal(
    reachedByMajority({ voters: [], outgoing: [], learners: [1] }, () => 3),
    Number.POSITIVE_INFINITY,
  )
})

test('an election is won when the yeses decide, lost when they cannot any more, whoever answers yet', () => {
  const ids = [1, 2, 3, 4]
  let cases = 0
  for (const votes of assignments<boolean | undefined>(ids.length, [true, false, undefined])) {
    const voteOf = (id: ReplicaId) => votes[id - 1]
    const yes = new Set(ids.filter((id) => voteOf(id) === true))
    const notNo = new Set(ids.filter((id) => voteOf(id) !== false))
    for (const configuration of configurations(ids)) {
      const expected: VoteResult = decides(configuration, yes)
        ? 'won'
        : decides(configuration, notNo)
          ? 'pending'
          : 'lost'
      assert.equal(countVotes(configuration, voteOf), expected)
      cases++
    }
  }
  assert.equal(cases, 3 ** 4 * 256)
})

test('two sets that decide share a voter, within a configuration and from it to the joint one, and out of that', () => {
  const ids = [1, 2, 3, 4]
  const sets = subsets(ids).map((set) => new Set(set))
  const shares = (a: ReadonlySet<ReplicaId>, b: ReadonlySet<ReplicaId>) => a.intersection(b).size > 0
  for (const from of subsets(ids)) {
    for (const to of subsets(ids)) {
      if (from.length === 0 || to.length === 0) continue
      const simple = { voters: from, outgoing: [], learners: [] }
      const joint = { voters: to, outgoing: from, learners: [] }
      const next = { voters: to, outgoing: [], learners: [] }
      for (const [a, b] of [
        [simple, simple],
        [simple, joint],
        [joint, joint],
        [joint, next],
      ] as const) {
        const decidingB = sets.filter((set) => decides(b, set))
        for (const set of sets) if (decides(a, set)) assert.ok(decidingB.every((other) => shares(set, other)))
      }
    }
  }
})
