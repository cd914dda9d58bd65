import type { CommandRow, CommandTable } from './command.ts'
import { integer, nil, read as readRow, write as writeRow } from './command.ts'
import { hashCommands } from './hash-commands.ts'
import { listCommands } from './list-commands.ts'
import { setCommands } from './set-commands.ts'
import { sortedSetCommands } from './sorted-set-commands.ts'
import { stringCommands } from './string-commands.ts'
import type { Value } from './value.ts'
import { onType, stringValue } from './value.ts'

type KeyState = Value | undefined

const read = readRow<KeyState>
const write = writeRow<KeyState>
const words = (row: { readonly words: CommandRow<KeyState>['words'] }) => ({ words: row.words })

/** String commands that take a key of any type; the words are the same. */
const anyTypeCommands = {
  exists: { ...words(stringCommands.exists), ...read((value) => integer(value === undefined ? 0 : 1)) },
  type: { ...words(stringCommands.type), ...read((value) => `+${value?.type ?? 'none'}`) },
  ttl: { ...words(stringCommands.ttl), ...read((value) => integer(value === undefined ? -2 : -1)) },
  set: {
    ...words(stringCommands.set),
    ...write((_, argument) => ({ state: stringValue(argument), reply: '+OK' })),
  },
  setNx: {
    ...words(stringCommands.setNx),
    ...write((value, argument) => {
      return value === undefined ? { state: stringValue(argument), reply: '+OK' } : { state: value, reply: nil }
    }, nil),
  },
  setXx: {
    ...words(stringCommands.setXx),
    ...write((value, argument) => {
      return value === undefined ? { state: value, reply: nil } : { state: stringValue(argument), reply: '+OK' }
    }, nil),
  },
  setnx: {
    ...words(stringCommands.setnx),
    ...write((value, argument) => {
      return value === undefined ? { state: stringValue(argument), reply: ':1' } : { state: value, reply: ':0' }
    }, ':0'),
  },
  del: {
    ...words(stringCommands.del),
    ...write((value) => ({ state: undefined, reply: integer(value === undefined ? 0 : 1) }), ':0'),
  },
} as const satisfies CommandTable<KeyState>

/** What each command does to a key that may hold a value of any type. Keys do not expire here. */
export const keyCommands: CommandTable<KeyState> = {
  ...onType('string', stringCommands, (text) => text),
  ...onType('hash', hashCommands, (fields) => JSON.stringify([...fields].sort(([a], [b]) => (a < b ? -1 : 1)))),
  ...onType('list', listCommands, (items) => JSON.stringify(items)),
  ...onType('set', setCommands, (members) => JSON.stringify([...members].sort())),
  ...onType('zset', sortedSetCommands, (members) => JSON.stringify([...members].sort(([a], [b]) => (a < b ? -1 : 1)))),
  ...anyTypeCommands,
}
