import type { CommandRow, CommandTable, Outcome } from './command.ts'
import { wrongType } from './command.ts'

/** As the command TYPE names them. */
export type TypeName = 'string' | 'hash' | 'list' | 'set' | 'zset'

/** What a key holds. Never changed once made. */
export interface Value {
  readonly type: TypeName
  /** Read only by the rows of `type`, which made it. */
  readonly content: unknown
  /** The same for equal contents of one type only. */
  readonly text: string
}

export function sameValue(a: Value | undefined, b: Value | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.type === b.type && a.text === b.text)
}

/** The same for equal values only. */
export function identityOf(value: Value | undefined): string {
  return value === undefined ? '' : `${value.type} ${value.text}`
}

/** What a type's commands do to a key that may hold anything: an error where it holds another type. */
export function onType<Content>(
  type: TypeName,
  commands: CommandTable<Content | undefined>,
  textOf: (content: Content) => string,
): Record<string, CommandRow<Value | undefined>> {
  const rows = Object.entries(commands).map(([name, row]): [string, CommandRow<Value | undefined>] => {
    const apply = (value: Value | undefined, argument: string): Outcome<Value | undefined> => {
      if (value !== undefined && value.type !== type) return { state: value, reply: wrongType }
      const { state, reply } = row.apply(value?.content as Content | undefined, argument)
      if (state === value?.content) return { state: value, reply }
      return { state: state === undefined ? undefined : { type, content: state, text: textOf(state) }, reply }
    }
    return [name, { ...row, apply }]
  })
  return Object.fromEntries(rows)
}

/** The value that SET makes. */
export function stringValue(text: string): Value {
  return { type: 'string', content: text, text }
}
