import type { Random } from '#kernel/base/host.ts'
import type { hashCommands } from '../../redis/hash-commands.ts'
import type { listCommands } from '../../redis/list-commands.ts'
import type { setCommands } from '../../redis/set-commands.ts'
import type { sortedSetCommands } from '../../redis/sorted-set-commands.ts'
import type { StringCommand } from '../../redis/string-commands.ts'
import type { DrawOptions, ObjectKind } from './object-kind.ts'
import { keyKind, pick } from './object-kind.ts'
import { stringArgument } from './strings.ts'

type HashCommand = keyof typeof hashCommands
type ListCommand = keyof typeof listCommands
type SetCommand = keyof typeof setCommands
type SortedSetCommand = keyof typeof sortedSetCommands
type AnyCommand = HashCommand | ListCommand | SetCommand | SortedSetCommand | StringCommand

/** Few, so that operations meet; those with `n` mostly hold integers. */
const fields = ['a', 'b', 'c', 'n1', 'n2']
/** Elements that a list may have more than once. */
const repeated = ['p', 'q']
const members = ['a', 'b', 'c', 'd', 'e', 'f']

function fieldWithValue(random: Random, unique: string): string {
  const field = pick(random, fields)
  return `${field} ${field.startsWith('n') ? random.below(1000) : unique}`
}

function argumentFor(random: Random, command: AnyCommand, options: DrawOptions): string {
  const { unique } = options
  switch (command) {
    case 'hget':
    case 'hexists':
    case 'hstrlen':
      return pick(random, fields)
    case 'hmget':
    case 'hdel':
      return `${pick(random, fields)} ${pick(random, fields)}`
    case 'hset':
      return random.below(3) > 0
        ? fieldWithValue(random, unique)
        : `${fieldWithValue(random, unique)} ${fieldWithValue(random, `${unique}b`)}`
    case 'hsetnx':
      return fieldWithValue(random, unique)
    case 'hincrby':
      return `${random.below(8) === 0 ? pick(random, fields) : 'n1'} ${random.below(200) - 100}`

    case 'rpush':
    case 'lpush':
      return pick(random, [unique, unique, `${unique} ${unique}b`, pick(random, repeated)])
    case 'rpushx':
      return unique
    case 'lrange':
      return random.below(3) > 0 ? '0 -1' : `${random.below(6) - 3} ${random.below(8) - 3}`
    case 'lindex':
      return String(random.below(8) - 4)
    case 'ltrim':
      return pick(random, ['0 7', '-8 -1', '1 -1', '0 -2', '2 5', '5 1'])
    case 'lset':
      return `${random.below(8) - 4} ${unique}`
    case 'lrem':
      return `${random.below(3) - 1} ${pick(random, repeated)}`
    case 'lpopCount':
      return String(1 + random.below(3))

    case 'sismember':
    case 'zscore':
    case 'zrank':
    case 'zrem':
      return pick(random, members)
    case 'sadd':
    case 'srem':
      return `${pick(random, members)} ${pick(random, members)}`
    case 'zadd':
    case 'zincrby':
      return `${random.below(20) - 5} ${pick(random, members)}`

    case 'hlen':
    case 'hkeys':
    case 'hgetall':
    case 'llen':
    case 'lpop':
    case 'rpop':
    case 'scard':
    case 'smembers':
    case 'zcard':
    case 'zrangeAll':
    case 'zpopmin':
      return ''
    default:
      return stringArgument(random, command, random.below(2) === 0, { unique, valueBytesMax: 0 })
  }
}

function kind(
  options: Pick<Parameters<typeof keyKind<AnyCommand>>[0], 'reads' | 'writes'>,
  probe: AnyCommand,
  probeArgument = '',
): ObjectKind {
  return keyKind<AnyCommand>({
    ...options,
    judge: 'value',
    argument: argumentFor,
    probe: { command: probe, argument: probeArgument },
  })
}

/** Keys that hold a collection, and keys that hold now this, now that. */
export const collectionKinds = {
  hash: kind(
    {
      reads: { hget: 4, hgetall: 4, hlen: 1, hexists: 1, hstrlen: 1, hmget: 2, hkeys: 1, type: 1 },
      writes: { hset: 8, hdel: 3, hincrby: 6, hsetnx: 2, del: 1 },
    },
    'hgetall',
  ),
  list: kind(
    {
      reads: { lrange: 6, llen: 2, lindex: 1, type: 1 },
      writes: { rpush: 7, lpush: 4, lpop: 4, rpop: 3, lpopCount: 2, ltrim: 2, lset: 1, lrem: 1, rpushx: 1, del: 1 },
    },
    'lrange',
    '0 -1',
  ),
  set: kind({ reads: { smembers: 4, sismember: 3, scard: 2 }, writes: { sadd: 6, srem: 4, del: 1 } }, 'smembers'),
  sortedSet: kind(
    {
      reads: { zrangeAll: 4, zscore: 3, zcard: 1, zrank: 2 },
      writes: { zadd: 5, zincrby: 5, zrem: 2, zpopmin: 2, del: 1 },
    },
    'zrangeAll',
  ),
  anyType: kind(
    {
      reads: { get: 2, hgetall: 2, lrange: 2, smembers: 2, zrangeAll: 2, type: 3, exists: 1, strlen: 1, llen: 1 },
      writes: {
        ...{ set: 3, setNx: 1, setXx: 1, setGet: 1, setNxGet: 1, append: 1, incr: 1, getDel: 1, getSet: 1, del: 6 },
        ...{ hset: 3, hincrby: 2, hdel: 2, rpush: 3, lpop: 3, ltrim: 1, sadd: 3, srem: 2, zadd: 3, zpopmin: 2 },
      },
    },
    'type',
  ),
} as const satisfies Record<string, ObjectKind>
