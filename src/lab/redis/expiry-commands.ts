import type { CommandRow, Outcome } from './command.ts'
import { bulk, integer, nil, wordsIn } from './command.ts'
import { keyCommands } from './key-commands.ts'
import type { Value } from './value.ts'
import { stringValue } from './value.ts'

/** A time of the servers' clock, as far as it is known. */
export interface Span {
  readonly earliestMs: number
  readonly latestMs: number
}

/** What a key holds, and when it ends; undefined: never. */
export interface Timed {
  readonly value: Value
  readonly deadline: Span | undefined
}

export type TimedState = Timed | undefined

export interface TimedOutcome {
  readonly state: TimedState
  /** Canonical; a span where the reply is a number of milliseconds somewhere in it. */
  readonly reply: string | Span
}

/** A command of a key that may expire: `apply` meets the key only while it is there. */
export interface TimedRow extends Pick<CommandRow<unknown>, 'words' | 'changes' | 'canonical'> {
  readonly apply: (state: TimedState, argument: string, now: Span) => TimedOutcome
}

type Apply = TimedRow['apply']

const unlessIdle = (idle?: string) => (reply: string | undefined) =>
  reply === undefined || !(reply.startsWith('-') || (idle !== undefined && reply.startsWith(idle)))

/** Commands that, when they write, discard the time to live: "SET: any previous time to live is discarded". */
const discarding = new Set(['set', 'setNx', 'setXx', 'setGet', 'setNxGet', 'setnx', 'getSet'])

const untimed = Object.entries(keyCommands).map(([name, row]): [string, TimedRow] => {
  const apply: Apply = (state, argument) => {
    const { state: value, reply }: Outcome<Value | undefined> = row.apply(state?.value, argument)
    if (value === undefined) return { state: undefined, reply }
    const discards = discarding.has(name) && row.changes(reply)
    return { state: { value, deadline: discards ? undefined : state?.deadline }, reply }
  }
  return [name, { ...row, apply }]
})

/** Sets a string, "ms text". */
const setFor: Apply = (_, argument, now) => {
  const [ms, text] = wordsIn(argument) as [string, string]
  return { state: { value: stringValue(text), deadline: after(now, ms) }, reply: '+OK' }
}

/** Sets when the key ends, if `applies`. */
const expire =
  (applies: (state: Timed) => boolean): Apply =>
  (state, ms, now) => {
    if (state === undefined || !applies(state)) return { state, reply: ':0' }
    return { state: Number(ms) <= 0 ? undefined : { ...state, deadline: after(now, ms) }, reply: ':1' }
  }

/** Redis's commands about the time to live, as its documentation has them, and what all others do to it. */
export const timedCommands: Readonly<Record<string, TimedRow>> = {
  ...Object.fromEntries(untimed),
  setPx: {
    words: (key, argument) => ['SET', key, wordsIn(argument)[1]!, 'PX', wordsIn(argument)[0]!],
    changes: unlessIdle(),
    apply: setFor,
  },
  setNxPx: {
    words: (key, argument) => ['SET', key, wordsIn(argument)[1]!, 'NX', 'PX', wordsIn(argument)[0]!],
    changes: unlessIdle(nil),
    apply: (state, argument, now) => (state === undefined ? setFor(state, argument, now) : { state, reply: nil }),
  },
  psetex: {
    words: (key, argument) => ['PSETEX', key, ...wordsIn(argument)],
    changes: unlessIdle(),
    apply: setFor,
  },
  setKeepTtl: {
    words: (key, argument) => ['SET', key, argument, 'KEEPTTL'],
    changes: unlessIdle(),
    apply: (state, text) => ({ state: { value: stringValue(text), deadline: state?.deadline }, reply: '+OK' }),
  },
  getExPx: {
    words: (key, ms) => ['GETEX', key, 'PX', ms],
    changes: unlessIdle(nil),
    apply: (state, ms, now) => ({ state: state && { ...state, deadline: after(now, ms) }, reply: textOf(state) }),
  },
  getExPersist: {
    words: (key) => ['GETEX', key, 'PERSIST'],
    changes: unlessIdle(nil),
    apply: (state) => ({ state: state && { ...state, deadline: undefined }, reply: textOf(state) }),
  },
  pexpire: {
    words: (key, ms) => ['PEXPIRE', key, ms],
    changes: unlessIdle(':0'),
    apply: expire(() => true),
  },
  pexpireNx: {
    words: (key, ms) => ['PEXPIRE', key, ms, 'NX'],
    changes: unlessIdle(':0'),
    apply: expire(({ deadline }) => deadline === undefined),
  },
  pexpireXx: {
    words: (key, ms) => ['PEXPIRE', key, ms, 'XX'],
    changes: unlessIdle(':0'),
    apply: expire(({ deadline }) => deadline !== undefined),
  },
  persist: {
    words: (key) => ['PERSIST', key],
    changes: unlessIdle(':0'),
    apply: (state) => {
      const ends = state?.deadline !== undefined
      return { state: ends ? { ...state, deadline: undefined } : state, reply: integer(ends ? 1 : 0) }
    },
  },
  pttl: {
    words: (key) => ['PTTL', key],
    changes: () => false,
    apply: (state, _, now) => {
      if (state?.deadline === undefined) return { state, reply: integer(state === undefined ? -2 : -1) }
      const { earliestMs, latestMs } = state.deadline
      return { state, reply: { earliestMs: earliestMs - now.latestMs, latestMs: latestMs - now.earliestMs } }
    },
  },
}

function after(now: Span, ms: string): Span {
  return { earliestMs: now.earliestMs + Number(ms), latestMs: now.latestMs + Number(ms) }
}

/** GETEX is used on strings only. */
function textOf(state: TimedState): string {
  return bulk(state?.value.text)
}
