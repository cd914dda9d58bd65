import type { CommandTable } from './command.ts'
import { bulk, integer, nil, read as readRow, write as writeRow } from './command.ts'
import { incremented } from './integers.ts'

/** A Redis string, one character per byte; undefined: no key. */
export type StringState = string | undefined

const read = readRow<StringState>
const write = writeRow<StringState>

/**
 * Redis's string commands as functions of one key's value: state before and argument to state after and reply, exactly as
 * Redis 7 answers. Written from its documentation, and on purpose in the plainest way: it is the judge of the real ones.
 */
export const stringCommands = {
  get: { words: (key) => ['GET', key], ...read((state) => bulk(state)) },
  strlen: { words: (key) => ['STRLEN', key], ...read((state) => integer(state?.length ?? 0)) },
  exists: { words: (key) => ['EXISTS', key], ...read((state) => (state === undefined ? ':0' : ':1')) },
  type: { words: (key) => ['TYPE', key], ...read((state) => (state === undefined ? '+none' : '+string')) },
  ttl: { words: (key) => ['TTL', key], ...read((state) => (state === undefined ? ':-2' : ':-1')) },
  getRange: {
    words: (key, argument) => ['GETRANGE', key, ...argument.split(' ')],
    ...read((state, argument) => {
      const [start, end] = argument.split(' ').map(Number) as [number, number]
      return `$${range(state ?? '', start, end)}`
    }),
  },

  set: {
    words: (key, argument) => ['SET', key, argument],
    ...write((_, argument) => ({ state: argument, reply: '+OK' })),
  },
  setNx: {
    words: (key, argument) => ['SET', key, argument, 'NX'],
    ...write(
      (state, argument) => (state === undefined ? { state: argument, reply: '+OK' } : { state, reply: nil }),
      nil,
    ),
  },
  setXx: {
    words: (key, argument) => ['SET', key, argument, 'XX'],
    ...write(
      (state, argument) => (state === undefined ? { state, reply: nil } : { state: argument, reply: '+OK' }),
      nil,
    ),
  },
  setGet: {
    words: (key, argument) => ['SET', key, argument, 'GET'],
    ...write((state, argument) => ({ state: argument, reply: bulk(state) })),
  },
  setNxGet: {
    words: (key, argument) => ['SET', key, argument, 'NX', 'GET'],
    ...write((state, argument) => ({ state: state ?? argument, reply: bulk(state) }), '$'),
  },
  setnx: {
    words: (key, argument) => ['SETNX', key, argument],
    ...write(
      (state, argument) => (state === undefined ? { state: argument, reply: ':1' } : { state, reply: ':0' }),
      ':0',
    ),
  },
  getSet: {
    words: (key, argument) => ['GETSET', key, argument],
    ...write((state, argument) => ({ state: argument, reply: bulk(state) })),
  },
  getDel: {
    words: (key) => ['GETDEL', key],
    ...write((state) => ({ state: undefined, reply: bulk(state) }), nil),
  },
  del: {
    words: (key) => ['DEL', key],
    ...write((state) => ({ state: undefined, reply: state === undefined ? ':0' : ':1' }), ':0'),
  },
  append: {
    words: (key, argument) => ['APPEND', key, argument],
    ...write((state, argument) => {
      const whole = (state ?? '') + argument
      return { state: whole, reply: integer(whole.length) }
    }),
  },
  setRange: {
    words: (key, argument) => ['SETRANGE', key, ...splitOnce(argument)],
    ...write((state, argument) => {
      const [offset, text] = splitOnce(argument)
      if (text === '') return { state, reply: integer(state?.length ?? 0) }
      const at = Number(offset)
      const before = (state ?? '').slice(0, at).padEnd(at, '\0')
      const whole = before + text + (state ?? '').slice(at + text.length)
      return { state: whole, reply: integer(whole.length) }
    }),
  },
  incr: { words: (key) => ['INCR', key], ...write((state) => incremented(state, '1', 1)) },
  decr: { words: (key) => ['DECR', key], ...write((state) => incremented(state, '1', -1)) },
  incrBy: {
    words: (key, argument) => ['INCRBY', key, argument],
    ...write((state, argument) => incremented(state, argument, 1)),
  },
  decrBy: {
    words: (key, argument) => ['DECRBY', key, argument],
    ...write((state, argument) => incremented(state, argument, -1)),
  },
} as const satisfies CommandTable<StringState>

export type StringCommand = keyof typeof stringCommands

function splitOnce(argument: string): [string, string] {
  const space = argument.indexOf(' ')
  return [argument.slice(0, space), argument.slice(space + 1)]
}

/** Both ends included; below 0 from the end, as GETRANGE counts. */
function range(text: string, start: number, end: number): string {
  if (start < 0 && end < 0 && start > end) return ''
  const from = Math.max(0, start < 0 ? text.length + start : start)
  const to = Math.max(0, end < 0 ? text.length + end : end)
  return text.slice(from, to + 1)
}
