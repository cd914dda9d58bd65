import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Configuration, mayFollow, type ReplicaId } from './configuration.ts'
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

test('two sets that decide share a voter, be it by one configuration or by any two that may follow it', () => {
  const ids = [1, 2, 3, 4]
  const sets = subsets(ids).map((set) => new Set(set))
  const all = configurations(ids).filter(({ voters }) => voters.length > 0)
  const deciding = new Map(
    all.map((configuration) => [configuration, sets.filter((set) => decides(configuration, set))]),
  )
  const areSafe = (a: Configuration, b: Configuration) =>
    deciding.get(a)!.every((one) => deciding.get(b)!.every((other) => one.intersection(other).size > 0))
  let pairs = 0
  for (const current of all) {
    const possible = all.filter((next) => next === current || mayFollow(current, next))
    for (const a of possible) {
      for (const b of possible) {
        pairs++
        assert.ok(areSafe(a, b), `after ${JSON.stringify([current, a, b])}`)
      }
    }
  }
  assert.ok(pairs > 4000, `only ${pairs} pairs`)
})

test('back to the outgoing voters is not safe where another leader may have gone forward', () => {
  const joint = { voters: [4, 5, 6], outgoing: [1, 2, 3], learners: [] }
  const forward = { voters: [4, 5, 6], outgoing: [], learners: [] }
  const back = { voters: [1, 2, 3], outgoing: [], learners: [] }
  assert.ok(decides(forward, new Set([4, 5])) && decides(back, new Set([1, 2])))
  assert.deepEqual(
    [forward, back].map((next) => mayFollow(joint, next)),
    [true, false],
  )
})

test('other voters never follow at once, nor a joint configuration another one; learners may', () => {
  const simple = { voters: [1, 2, 3], outgoing: [], learners: [] }
  const joint = { voters: [1, 2, 4], outgoing: [1, 2, 3], learners: [] }
  for (const [current, next, expected] of [
    [simple, { ...simple, voters: [1, 2, 4] }, false],
    [simple, { ...simple, voters: [1, 2] }, false],
    [simple, { ...simple, learners: [4] }, true],
    [simple, joint, true],
    [simple, { ...joint, outgoing: [1, 2] }, false],
    [joint, { ...joint, voters: [1, 2, 5] }, false],
    [joint, { ...joint, learners: [5] }, true],
    [joint, { voters: [4, 2, 1], outgoing: [], learners: [3] }, true],
  ] as const) {
    assert.equal(mayFollow(current, next), expected, JSON.stringify([current, next]))
  }
})
