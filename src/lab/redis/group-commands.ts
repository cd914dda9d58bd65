import type { Outcome } from './command.ts'
import { bulk, integer, list, nil, wordsIn, wrongType } from './command.ts'
import { keyCommands } from './key-commands.ts'
import type { Value } from './value.ts'
import { stringValue } from './value.ts'

/** What the keys of one tag hold, by what stands behind the tag: `a` for the key `{g1}a`. */
export type GroupKeys = ReadonlyMap<string, Value>

/** One command on keys of a group: its row, the key (empty where the argument names several), the argument. */
export type Step = readonly [command: string, key: string, argument: string]

/** A command on several keys, whose argument names them by what stands behind their tag. */
interface KeysRow {
  readonly words: (tag: string, argument: string) => readonly string[]
  readonly changes: (reply: string | undefined) => boolean
  readonly apply: (keys: GroupKeys, argument: string) => Outcome<GroupKeys>
}

const never = (): boolean => false
const always = (reply: string | undefined): boolean => !reply?.startsWith('-')
const unlessZero = (reply: string | undefined): boolean => always(reply) && reply !== ':0'

const named = (name: string) => (tag: string, argument: string) => [
  name,
  ...wordsIn(argument).map((key) => `${tag}${key}`),
]
const paired = (name: string) => (tag: string, argument: string) => [
  name,
  ...wordsIn(argument).map((word, i) => (i % 2 === 0 ? `${tag}${word}` : word)),
]

/** Redis's commands on several keys, as its documentation has them. */
const keysCommands: Readonly<Record<string, KeysRow>> = {
  mget: {
    words: named('MGET'),
    changes: never,
    apply(keys, argument) {
      const texts = wordsIn(argument).map((key) => {
        const value = keys.get(key)
        return value?.type === 'string' ? value.text : undefined
      })
      return { state: keys, reply: list(texts.map(bulk)) }
    },
  },
  mset: {
    words: paired('MSET'),
    changes: always,
    apply: (keys, argument) => ({ state: withStrings(keys, argument), reply: '+OK' }),
  },
  msetnx: {
    words: paired('MSETNX'),
    changes: unlessZero,
    apply(keys, argument) {
      const isFree = wordsIn(argument).every((key, i) => i % 2 === 1 || !keys.has(key))
      return isFree ? { state: withStrings(keys, argument), reply: ':1' } : { state: keys, reply: ':0' }
    },
  },
  existsAll: {
    words: named('EXISTS'),
    changes: never,
    apply: (keys, argument) => ({ state: keys, reply: integer(found(keys, argument).length) }),
  },
  delAll: {
    words: named('DEL'),
    changes: unlessZero,
    apply(keys, argument) {
      const state = new Map(keys)
      for (const key of wordsIn(argument)) state.delete(key)
      return { state, reply: integer(keys.size - state.size) }
    },
  },
  rename: { words: named('RENAME'), changes: always, apply: (keys, argument) => renamed(keys, argument, '+OK') },
  renamenx: {
    words: named('RENAMENX'),
    changes: unlessZero,
    apply(keys, argument) {
      const [from, to] = wordsIn(argument) as [string, string]
      if (keys.has(from) && keys.has(to)) return { state: keys, reply: ':0' }
      return renamed(keys, argument, ':1')
    },
  },
  lmove: {
    words: (tag, argument) => [...named('LMOVE')(tag, argument), 'LEFT', 'RIGHT'],
    changes: (reply) => always(reply) && reply !== nil,
    apply(keys, argument) {
      const [from, to] = wordsIn(argument) as [string, string]
      const [source, target] = [keys.get(from), keys.get(to)]
      if (source === undefined) return { state: keys, reply: nil }
      if (source.type !== 'list' || (target !== undefined && target.type !== 'list')) {
        return { state: keys, reply: wrongType }
      }
      const popped = keyCommands.lpop!.apply(source, '')
      const pushed = keyCommands.rpush!.apply(target, popped.reply.slice(1))
      return { state: withKey(withKey(keys, from, popped.state), to, pushed.state), reply: popped.reply }
    },
  },
}

/** The words of a command, as sent. */
export function wordsOfStep(tag: string, [command, key, argument]: Step): readonly string[] {
  const row = keysCommands[command]
  return row === undefined ? keyCommands[command]!.words(`${tag}${key}`, argument) : row.words(tag, argument)
}

/** Whether it can have changed something if this was the reply; undefined: no reply came. */
export function mayChange([command]: Step, reply: string | undefined): boolean {
  return (keysCommands[command] ?? keyCommands[command]!).changes(reply)
}

export function canonicalOfStep([command]: Step, reply: string): string {
  const canonical = keyCommands[command]?.canonical
  return canonical === undefined || reply.startsWith('-') ? reply : canonical(reply)
}

export function applyStep(keys: GroupKeys, [command, key, argument]: Step): Outcome<GroupKeys> {
  const row = keysCommands[command]
  if (row !== undefined) return row.apply(keys, argument)
  const before = keys.get(key)
  const { state, reply } = keyCommands[command]!.apply(before, argument)
  return { state: state === before ? keys : withKey(keys, key, state), reply }
}

function withKey(keys: GroupKeys, key: string, value: Value | undefined): GroupKeys {
  const state = new Map(keys)
  if (value === undefined) state.delete(key)
  else state.set(key, value)
  return state
}

function withStrings(keys: GroupKeys, argument: string): GroupKeys {
  const state = new Map(keys)
  const words = wordsIn(argument)
  for (let i = 0; i < words.length; i += 2) state.set(words[i]!, stringValue(words[i + 1]!))
  return state
}

function found(keys: GroupKeys, argument: string): string[] {
  return wordsIn(argument).filter((key) => keys.has(key))
}

function renamed(keys: GroupKeys, argument: string, reply: string): Outcome<GroupKeys> {
  const [from, to] = wordsIn(argument) as [string, string]
  const value = keys.get(from)
  if (value === undefined) return { state: keys, reply: '-ERR no such key' }
  return { state: withKey(withKey(keys, from, undefined), to, value), reply }
}
