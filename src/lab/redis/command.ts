/** A command of the workload with its meaning for one key. */
export interface CommandRow<State> {
  /** As sent. `argument` is one text; rows that need more than one split it at spaces. */
  readonly words: (key: string, argument: string) => readonly string[]
  /** Whether it can have changed a state if this was the reply; undefined: no reply came. */
  readonly changes: (reply: string | undefined) => boolean
  readonly apply: (state: State, argument: string) => Outcome<State>
  /** The reply in the one form that `apply` gives: for those whose order is left open, or that differ between RESP2 and RESP3. */
  readonly canonical?: (reply: string) => string
}

export interface Outcome<State> {
  readonly state: State
  /**
   * A reply in its canonical form: RESP's type character and the content, one character per byte: `+OK`, `:5`, `$text`,
   * `-ERR …`, `*` and a JSON array of canonical forms, and `_` for nil, whichever protocol version carried it.
   */
  readonly reply: string
}

export type CommandTable<State> = Readonly<Record<string, CommandRow<State>>>

export const nil = '_'
export const wrongType = '-WRONGTYPE Operation against a key holding the wrong kind of value'
/** Keys in different shards; nothing was done. */
export const crossSlot = '-CROSSSLOT'
export const integer = (value: number): string => `:${value}`
export const bulk = (text: string | undefined): string => (text === undefined ? nil : `$${text}`)
export const list = (replies: readonly string[]): string => `*${JSON.stringify(replies)}`

/** The elements of a list reply, canonical too. */
export function elementsOf(reply: string): string[] {
  return JSON.parse(reply.slice(1))
}

/** Rows whose argument is words with spaces between, none of which holds a space. */
export function spaced(name: string) {
  return (key: string, argument: string): string[] => [name, key, ...wordsIn(argument)]
}

export function wordsIn(argument: string): string[] {
  return argument === '' ? [] : argument.split(' ')
}

/** The rest of a row that changes nothing. */
export function read<State>(reply: (state: State, argument: string) => string) {
  return {
    changes: () => false,
    apply: (state: State, argument: string): Outcome<State> => ({ state, reply: reply(state, argument) }),
  }
}

/**
 * The rest of a row that writes.
 * @param idle the first characters of replies that say that nothing was changed, besides errors.
 */
export function write<State>(
  apply: (state: State, argument: string) => Outcome<State>,
  idle: string | undefined = undefined,
) {
  return {
    changes: (reply: string | undefined): boolean =>
      reply === undefined || !(reply.startsWith('-') || (idle !== undefined && reply.startsWith(idle))),
    apply,
  }
}
