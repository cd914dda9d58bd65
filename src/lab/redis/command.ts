/** A command of the workload with its meaning for one key. */
export interface CommandRow<State> {
  /** As sent. `argument` is one text; rows that need more than one split it at spaces. */
  readonly words: (key: string, argument: string) => readonly string[]
  /** Whether it can have changed a state if this was the reply; undefined: no reply came. */
  readonly changes: (reply: string | undefined) => boolean
  readonly apply: (state: State, argument: string) => Outcome<State>
}

export interface Outcome<State> {
  readonly state: State
  /**
   * A reply in its canonical form: RESP's type character and the content, one character per byte: `+OK`, `:5`, `$text`,
   * `-ERR …`, and `_` for nil, whichever protocol version carried it.
   */
  readonly reply: string
}

export type CommandTable<State> = Readonly<Record<string, CommandRow<State>>>
