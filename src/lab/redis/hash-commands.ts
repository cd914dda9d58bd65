import type { CommandTable } from './command.ts'
import { bulk, elementsOf, integer, list, read as readRow, spaced, wordsIn, write as writeRow } from './command.ts'
import { incremented } from './integers.ts'

/** Fields and values; never empty: a hash without fields is no key. */
export type HashState = ReadonlyMap<string, string> | undefined

const read = readRow<HashState>
const write = writeRow<HashState>

/** Redis's hash commands, as its documentation has them. Fields and values hold no spaces here. */
export const hashCommands = {
  hget: { words: spaced('HGET'), ...read((hash, field) => bulk(hash?.get(field))) },
  hexists: { words: spaced('HEXISTS'), ...read((hash, field) => integer(hash?.has(field) ? 1 : 0)) },
  hlen: { words: spaced('HLEN'), ...read((hash) => integer(hash?.size ?? 0)) },
  hstrlen: { words: spaced('HSTRLEN'), ...read((hash, field) => integer(hash?.get(field)?.length ?? 0)) },
  hmget: {
    words: spaced('HMGET'),
    ...read((hash, fields) => list(wordsIn(fields).map((field) => bulk(hash?.get(field))))),
  },
  hkeys: {
    words: spaced('HKEYS'),
    ...read((hash) => list([...(hash?.keys() ?? [])].sort().map(bulk))),
    canonical: (reply) => list(elementsOf(reply).sort()),
  },
  hgetall: {
    words: spaced('HGETALL'),
    ...read((hash) => list(sortedPairs([...(hash ?? [])]).flatMap((pair) => pair.map(bulk)))),
    canonical: (reply) => list(sortedPairs(pairsOf(elementsOf(reply))).flat()),
  },

  hset: {
    words: spaced('HSET'),
    ...write((hash, argument) => {
      const state = new Map(hash)
      for (const [field, value] of pairsOf(wordsIn(argument))) state.set(field, value)
      return { state, reply: integer(state.size - (hash?.size ?? 0)) }
    }),
  },
  hsetnx: {
    words: spaced('HSETNX'),
    ...write((hash, argument) => {
      const [field, value] = pairsOf(wordsIn(argument))[0]!
      if (hash?.has(field)) return { state: hash, reply: ':0' }
      return { state: new Map(hash).set(field, value), reply: ':1' }
    }, ':0'),
  },
  hdel: {
    words: spaced('HDEL'),
    ...write((hash, fields) => {
      const state = new Map(hash)
      for (const field of wordsIn(fields)) state.delete(field)
      return { state: state.size === 0 ? undefined : state, reply: integer((hash?.size ?? 0) - state.size) }
    }, ':0'),
  },
  hincrby: {
    words: spaced('HINCRBY'),
    ...write((hash, argument) => {
      const [field, amount] = pairsOf(wordsIn(argument))[0]!
      const outcome = incremented(hash?.get(field), amount, 1, '-ERR hash value is not an integer')
      if (outcome.reply.startsWith('-')) return { state: hash, reply: outcome.reply }
      return { state: new Map(hash).set(field, outcome.state!), reply: outcome.reply }
    }),
  },
} as const satisfies CommandTable<HashState>

function pairsOf(words: readonly string[]): [string, string][] {
  return Array.from({ length: words.length >> 1 }, (_, i) => [words[2 * i]!, words[2 * i + 1]!])
}

function sortedPairs(pairs: readonly (readonly [string, string])[]): (readonly [string, string])[] {
  return [...pairs].sort(([a], [b]) => (a < b ? -1 : 1))
}
