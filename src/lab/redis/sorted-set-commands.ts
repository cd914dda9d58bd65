import type { CommandTable } from './command.ts'
import { bulk, elementsOf, integer, list, nil, read as readRow, spaced, wordsIn, write as writeRow } from './command.ts'

/** Members and their scores, which are integers here; never empty: a set without members is no key. */
export type SortedSetState = ReadonlyMap<string, number> | undefined

const read = readRow<SortedSetState>
const write = writeRow<SortedSetState>

/** RESP3 has scores as doubles, and members with their scores as lists of two. */
const canonicalScore = (reply: string): string => (reply.startsWith(',') ? `$${reply.slice(1)}` : reply)
const canonicalScores = (reply: string): string => {
  if (reply === nil) return reply
  const flat = elementsOf(reply).flatMap((element) => (element.startsWith('*') ? elementsOf(element) : [element]))
  return list(flat.map(canonicalScore))
}

/** Redis's sorted set commands, as its documentation has them. Members hold no spaces here. */
export const sortedSetCommands = {
  zcard: { words: spaced('ZCARD'), ...read((members) => integer(members?.size ?? 0)) },
  zscore: {
    words: spaced('ZSCORE'),
    ...read((members, member) => bulk(members?.get(member)?.toString())),
    canonical: canonicalScore,
  },
  zrank: {
    words: spaced('ZRANK'),
    ...read((members, member) => {
      const rank = inOrder(members).findIndex(([name]) => name === member)
      return rank < 0 ? nil : integer(rank)
    }),
  },
  zrangeAll: {
    words: (key) => ['ZRANGE', key, '0', '-1', 'WITHSCORES'],
    ...read((members) => list(inOrder(members).flatMap(([member, score]) => [bulk(member), bulk(String(score))]))),
    canonical: canonicalScores,
  },
  zadd: {
    words: spaced('ZADD'),
    ...write((members, argument) => {
      const [score, member] = wordsIn(argument) as [string, string]
      const state = new Map(members).set(member, Number(score))
      return { state, reply: integer(state.size - (members?.size ?? 0)) }
    }),
  },
  zincrby: {
    words: spaced('ZINCRBY'),
    ...write((members, argument) => {
      const [amount, member] = wordsIn(argument) as [string, string]
      const score = (members?.get(member) ?? 0) + Number(amount)
      return { state: new Map(members).set(member, score), reply: bulk(String(score)) }
    }),
    canonical: canonicalScore,
  },
  zrem: {
    words: spaced('ZREM'),
    ...write((members, member) => {
      const state = new Map(members)
      const removed = state.delete(member)
      return { state: kept(state), reply: integer(removed ? 1 : 0) }
    }, ':0'),
  },
  zpopmin: {
    words: spaced('ZPOPMIN'),
    ...write((members) => {
      const lowest = inOrder(members)[0]
      if (lowest === undefined) return { state: members, reply: list([]) }
      const state = new Map(members)
      state.delete(lowest[0])
      return { state: kept(state), reply: list([bulk(lowest[0]), bulk(String(lowest[1]))]) }
    }, '*[]'),
    canonical: canonicalScores,
  },
} as const satisfies CommandTable<SortedSetState>

function kept(members: ReadonlyMap<string, number>): SortedSetState {
  return members.size === 0 ? undefined : members
}

/** By score, equal ones by member. */
function inOrder(members: SortedSetState): (readonly [string, number])[] {
  return [...(members ?? [])].sort(([a, scoreA], [b, scoreB]) => scoreA - scoreB || (a < b ? -1 : 1))
}
