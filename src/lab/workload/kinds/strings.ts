import type { Random } from '#kernel/base/host.ts'
import type { StringCommand } from '../../redis/string-commands.ts'
import type { DrawOptions, ObjectKind } from './object-kind.ts'
import { keyKind } from './object-kind.ts'

type StringKindName = 'register' | 'counter' | 'text' | 'mixed'
type Weights = Partial<Readonly<Record<StringCommand, number>>>

const reads: Readonly<Record<StringKindName, Weights>> = {
  register: { get: 12, strlen: 1, exists: 1, ttl: 1 },
  counter: { get: 8, exists: 1 },
  text: { get: 5, strlen: 4, getRange: 3 },
  mixed: { get: 4, strlen: 1, exists: 1, type: 1, ttl: 1, getRange: 1 },
}

const writes: Readonly<Record<StringKindName, Weights>> = {
  register: { set: 12, setNx: 2, setXx: 2, setGet: 2, setNxGet: 1, setnx: 1, getSet: 2, getDel: 1, del: 2 },
  counter: { incr: 12, incrBy: 6, decr: 3, decrBy: 3, set: 1, getSet: 1, del: 1 },
  text: { append: 14, setRange: 3, set: 1, getDel: 1, del: 1 },
  mixed: {
    ...{ set: 3, setNx: 1, setXx: 1, setGet: 1, setNxGet: 1, setnx: 1, getSet: 1, getDel: 1, del: 1 },
    ...{ append: 3, setRange: 2, incr: 2, incrBy: 1, decr: 1, decrBy: 1 },
  },
}

/** Keys that only ever hold strings. */
export const stringKinds: Readonly<Record<StringKindName, ObjectKind>> = {
  register: kind('register'),
  counter: kind('counter'),
  text: kind('text'),
  mixed: kind('mixed'),
}

function kind(name: StringKindName): ObjectKind {
  return keyKind<StringCommand>({
    judge: 'string',
    reads: reads[name],
    writes: writes[name],
    probe: { command: 'get', argument: '' },
    argument: (random, command, options) => {
      const isNumeric = name === 'counter' || (name === 'mixed' && random.below(2) === 0)
      return stringArgument(random, command, isNumeric, options)
    },
  })
}

/** @param isNumeric what is set is a number. */
export function stringArgument(
  random: Random,
  command: StringCommand,
  isNumeric: boolean,
  options: Pick<DrawOptions, 'valueBytesMax' | 'unique'>,
): string {
  switch (command) {
    case 'incrBy':
    case 'decrBy':
      return String(random.below(2000) - 1000)
    case 'getRange':
      return `${random.below(20)} ${random.below(40)}`
    case 'setRange':
      return `${random.below(12)} ${options.unique}`
    case 'append':
      return `${options.unique};`
    default: {
      if (isNumeric) return String(random.below(1_000_000))
      const fill = options.valueBytesMax > 0 && random.below(8) === 0 ? random.below(options.valueBytesMax) : 0
      return options.unique.padEnd(fill, '.')
    }
  }
}
