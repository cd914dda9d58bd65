import type { CommandTable, Outcome } from './command.ts'
import { bulk, integer, list, nil, read as readRow, spaced, wordsIn, write as writeRow } from './command.ts'

/** From the left; never empty: a list without elements is no key. */
export type ListState = readonly string[] | undefined

const read = readRow<ListState>
const write = writeRow<ListState>

/** Redis's list commands, as its documentation has them. Elements hold no spaces here. */
export const listCommands = {
  llen: { words: spaced('LLEN'), ...read((items) => integer(items?.length ?? 0)) },
  lrange: {
    words: spaced('LRANGE'),
    ...read((items, argument) => list(range(items ?? [], argument).map(bulk))),
  },
  lindex: { words: spaced('LINDEX'), ...read((items, index) => bulk((items ?? []).at(Number(index)))) },

  rpush: {
    words: spaced('RPUSH'),
    ...write((items, argument) => pushed([...(items ?? []), ...wordsIn(argument)])),
  },
  lpush: {
    words: spaced('LPUSH'),
    ...write((items, argument) => pushed([...wordsIn(argument).reverse(), ...(items ?? [])])),
  },
  rpushx: {
    words: spaced('RPUSHX'),
    ...write((items, argument) => {
      if (items === undefined) return { state: undefined, reply: ':0' }
      return pushed([...items, ...wordsIn(argument)])
    }, ':0'),
  },
  lpop: {
    words: spaced('LPOP'),
    ...write((items) => ({ state: kept(items?.slice(1)), reply: bulk(items?.[0]) }), nil),
  },
  rpop: {
    words: spaced('RPOP'),
    ...write((items) => ({ state: kept(items?.slice(0, -1)), reply: bulk(items?.at(-1)) }), nil),
  },
  lpopCount: {
    words: spaced('LPOP'),
    ...write((items, count) => {
      if (items === undefined) return { state: undefined, reply: nil }
      return { state: kept(items.slice(Number(count))), reply: list(items.slice(0, Number(count)).map(bulk)) }
    }, nil),
  },
  ltrim: {
    words: spaced('LTRIM'),
    ...write((items, argument) => ({ state: kept(range(items ?? [], argument)), reply: '+OK' })),
  },
  lset: {
    words: spaced('LSET'),
    ...write((items, argument) => {
      const [place, element] = wordsIn(argument) as [string, string]
      if (items === undefined) return { state: items, reply: '-ERR no such key' }
      const index = Number(place) < 0 ? items.length + Number(place) : Number(place)
      if (index < 0 || index >= items.length) return { state: items, reply: '-ERR index out of range' }
      return { state: items.with(index, element), reply: '+OK' }
    }),
  },
  lrem: {
    words: spaced('LREM'),
    ...write((items, argument) => {
      const [count, element] = wordsIn(argument) as [string, string]
      const left = without(items ?? [], element, Number(count))
      return { state: kept(left), reply: integer((items?.length ?? 0) - left.length) }
    }, ':0'),
  },
} as const satisfies CommandTable<ListState>

function pushed(state: readonly string[]): Outcome<ListState> {
  return { state, reply: integer(state.length) }
}

function kept(items: readonly string[] | undefined): ListState {
  return items === undefined || items.length === 0 ? undefined : items
}

/** "start stop": both included, below 0 from the end, out of range is no error. */
function range(items: readonly string[], argument: string): readonly string[] {
  const [start, stop] = wordsIn(argument).map((word) => Number(word) + (word.startsWith('-') ? items.length : 0)) as [
    number,
    number,
  ]
  return items.slice(Math.max(0, start), Math.max(0, stop + 1))
}

/** Above 0: so many from the left; below: from the right; 0: all. */
function without(items: readonly string[], element: string, count: number): readonly string[] {
  if (count < 0) return without(items.toReversed(), element, -count).toReversed()
  let left = count === 0 ? items.length : count
  return items.filter((item) => item !== element || left-- <= 0)
}
