import type { CommandTable } from './command.ts'
import { bulk, elementsOf, integer, list, read as readRow, spaced, wordsIn, write as writeRow } from './command.ts'

/** Never empty: a set without members is no key. */
export type SetState = ReadonlySet<string> | undefined

const read = readRow<SetState>
const write = writeRow<SetState>

/** Redis's set commands whose outcome is not left to chance, as its documentation has them. Members hold no spaces here. */
export const setCommands = {
  scard: { words: spaced('SCARD'), ...read((members) => integer(members?.size ?? 0)) },
  sismember: { words: spaced('SISMEMBER'), ...read((members, member) => integer(members?.has(member) ? 1 : 0)) },
  smembers: {
    words: spaced('SMEMBERS'),
    ...read((members) => list([...(members ?? [])].sort().map(bulk))),
    canonical: (reply) => list(elementsOf(reply).sort()),
  },
  sadd: {
    words: spaced('SADD'),
    ...write((members, argument) => {
      const state = new Set([...(members ?? []), ...wordsIn(argument)])
      return { state, reply: integer(state.size - (members?.size ?? 0)) }
    }, ':0'),
  },
  srem: {
    words: spaced('SREM'),
    ...write((members, argument) => {
      const state = new Set(members)
      for (const member of wordsIn(argument)) state.delete(member)
      return { state: state.size === 0 ? undefined : state, reply: integer((members?.size ?? 0) - state.size) }
    }, ':0'),
  },
} as const satisfies CommandTable<SetState>
