import type { Configuration, ReplicaId } from './configuration.ts'

/**
 * Arithmetic of majorities, without any state: the part of consensus that safety rests on. A joint configuration decides
 * by both halves (Raft §6).
 */

/** More than half of `size` voters; 0 for an empty list, which agrees to everything. */
export function majorityOf(size: number): number {
  return size === 0 ? 0 : Math.floor(size / 2) + 1
}

/**
 * The highest value that a majority has reached: with `reachedOf` the matched indexes, the index that is replicated on a
 * majority; with the times of acknowledged rounds, the time at which a majority was still following.
 */
export function reachedByMajority(configuration: Configuration, reachedOf: (replica: ReplicaId) => number): number {
  const current = reachedBy(configuration.voters, reachedOf)
  if (configuration.outgoing.length === 0) return current
  return Math.min(current, reachedBy(configuration.outgoing, reachedOf))
}

function reachedBy(voters: readonly ReplicaId[], reachedOf: (replica: ReplicaId) => number): number {
  if (voters.length === 1) return reachedOf(voters[0]!)
  if (voters.length === 3) return median(reachedOf(voters[0]!), reachedOf(voters[1]!), reachedOf(voters[2]!))
  const values = voters.map(reachedOf).sort((a, b) => b - a)
  return values.length === 0 ? Number.POSITIVE_INFINITY : values[majorityOf(values.length) - 1]!
}

function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
}

/** `won`: a majority said yes. `lost`: no majority can any more. */
export type VoteResult = 'won' | 'lost' | 'pending'

export function countVotes(
  configuration: Configuration,
  voteOf: (replica: ReplicaId) => boolean | undefined,
): VoteResult {
  const results = [countHalf(configuration.voters, voteOf), countHalf(configuration.outgoing, voteOf)]
  if (results.includes('lost')) return 'lost'
  return results.includes('pending') ? 'pending' : 'won'
}

function countHalf(voters: readonly ReplicaId[], voteOf: (replica: ReplicaId) => boolean | undefined): VoteResult {
  const needed = majorityOf(voters.length)
  let yes = 0
  let open = 0
  for (const voter of voters) {
    const vote = voteOf(voter)
    if (vote === undefined) open++
    else if (vote) yes++
  }
  if (yes >= needed) return 'won'
  return yes + open >= needed ? 'pending' : 'lost'
}
