import type { Random } from '#kernel/base/host.ts'
import type { CommandForm } from './differential.ts'
import { floatWord, globWord, integerWord, member, oneOf, options, several } from './words.ts'

const key = (random: Random) =>
  oneOf(random, ['s1', 's1', 's2', 's3', '{s}4', 'none', 'list', 'hash', 'set', 'zset', 'n1'])
const value = (random: Random) =>
  random.below(3) > 0 ? oneOf(random, ['1', '10', 'abc', '-7', '3.5']) : member(random)
/** Far enough away that no test sees it come. */
const seconds = (random: Random) =>
  oneOf(random, [
    '100000',
    '100001',
    '0',
    '-1',
    '9223372036854775807',
    '9223372036854775',
    '9223370000000000',
    'x',
    '1.5',
  ])
const epochSeconds = (random: Random) =>
  oneOf(random, ['4000000000', '4000000001', '1', '0', '-1', '9223372036854775807', '9223372036854775', 'x'])
const epochMs = (random: Random) =>
  oneOf(random, ['4000000000123', '4000000000999', '1', '0', '-1', '9223372036854775808', 'x'])
const condition = (random: Random) => options(random, 3, [oneOf(random, ['NX', 'XX', 'GT', 'LT', 'nx', 'ZZ'])])
const database = (random: Random) => oneOf(random, ['0', '0', '0', 'x', ''])

const strings: readonly CommandForm[] = [
  { weight: 8, words: (r) => ['SET', key(r), value(r)] },
  {
    weight: 12,
    words: (r) => [
      ...['SET', key(r), value(r)],
      ...options(r, 4, ['NX'], ['XX'], ['GET'], ['KEEPTTL'], ['EX', seconds(r)], ['PXAT', epochMs(r)]),
    ],
  },
  {
    weight: 3,
    words: (r) => ['SET', key(r), value(r), oneOf(r, ['EX', 'PX', 'EXAT', 'PXAT', 'KEEPTTL', 'get']), seconds(r)],
  },
  { weight: 3, words: (r) => ['SETNX', key(r), value(r)] },
  { weight: 3, words: (r) => ['SETEX', key(r), seconds(r), value(r)] },
  { weight: 3, words: (r) => ['PSETEX', key(r), seconds(r), value(r)] },
  { weight: 8, words: (r) => ['GET', key(r)] },
  { weight: 3, words: (r) => ['GETSET', key(r), value(r)] },
  { weight: 3, words: (r) => ['GETDEL', key(r)] },
  {
    weight: 4,
    words: (r) => ['GETEX', key(r), ...options(r, 3, ['EX', seconds(r)], ['PERSIST'], ['PXAT', epochMs(r)])],
  },
  { weight: 4, words: (r) => ['MGET', ...several(r, 1, 5, () => key(r))] },
  { weight: 4, words: (r) => ['MSET', ...several(r, 1, 3, () => key(r)).flatMap((each) => [each, value(r)])] },
  { weight: 3, words: (r) => ['MSETNX', ...several(r, 1, 2, () => key(r)).flatMap((each) => [each, value(r)])] },
  { weight: 4, words: (r) => ['APPEND', key(r), value(r)] },
  { weight: 3, words: (r) => ['STRLEN', key(r)] },
  {
    weight: 4,
    words: (r) => ['SETRANGE', key(r), oneOf(r, ['0', '1', '5', '30', '-1', '9223372036854775807', 'x']), value(r)],
  },
  { weight: 5, words: (r) => [oneOf(r, ['GETRANGE', 'SUBSTR']), key(r), integerWord(r), integerWord(r)] },
  { weight: 4, words: (r) => ['INCR', key(r)] },
  { weight: 4, words: (r) => ['DECR', key(r)] },
  {
    weight: 5,
    words: (r) => ['INCRBY', key(r), oneOf(r, [integerWord(r), '9223372036854775807', '9007199254740993'])],
  },
  {
    weight: 5,
    words: (r) => ['DECRBY', key(r), oneOf(r, [integerWord(r), '-9223372036854775808', '9007199254740993'])],
  },
  { weight: 5, words: (r) => ['INCRBYFLOAT', key(r), floatWord(r)] },
  {
    weight: 2,
    words: (r) => ['SET', 'n1', oneOf(r, ['9223372036854775800', '-9223372036854775800', '9007199254740991'])],
  },
]

const collections: readonly CommandForm[] = [
  { weight: 2, words: (r) => ['RPUSH', 'list', ...several(r, 1, 3, () => member(r))] },
  { weight: 2, words: (r) => ['HSET', 'hash', member(r), value(r)] },
  { weight: 2, words: (r) => ['SADD', 'set', ...several(r, 1, 3, () => member(r))] },
  { weight: 2, words: (r) => ['ZADD', 'zset', '1', member(r), '2.5', member(r)] },
  { weight: 2, words: (r) => ['LRANGE', key(r), '0', '-1'] },
  { weight: 2, words: (r) => ['HGETALL', key(r)], freedom: 'pair order' },
  { weight: 2, words: (r) => ['SMEMBERS', key(r)], freedom: 'order' },
  { weight: 2, words: (r) => ['ZRANGE', key(r), '0', '-1', 'WITHSCORES'] },
]

const keys: readonly CommandForm[] = [
  { weight: 4, words: (r) => [oneOf(r, ['DEL', 'UNLINK']), ...several(r, 1, 3, () => key(r))] },
  { weight: 4, words: (r) => [oneOf(r, ['EXISTS', 'TOUCH']), ...several(r, 1, 4, () => key(r))] },
  { weight: 4, words: (r) => ['TYPE', key(r)] },
  { weight: 4, words: (r) => ['EXPIRE', key(r), seconds(r), ...condition(r), ...condition(r)] },
  { weight: 3, words: (r) => ['PEXPIRE', key(r), seconds(r), ...condition(r)] },
  { weight: 4, words: (r) => ['EXPIREAT', key(r), epochSeconds(r), ...condition(r), ...condition(r)] },
  { weight: 4, words: (r) => ['PEXPIREAT', key(r), epochMs(r), ...condition(r)] },
  { weight: 4, words: (r) => ['TTL', key(r)], freedom: 'choice' },
  { weight: 3, words: (r) => ['PTTL', key(r)], freedom: 'choice' },
  { weight: 3, words: (r) => ['PERSIST', key(r)] },
  { weight: 4, words: (r) => ['RENAME', key(r), key(r)] },
  { weight: 4, words: (r) => ['RENAMENX', key(r), key(r)] },
  {
    weight: 5,
    words: (r) => ['COPY', key(r), key(r), ...options(r, 3, ['REPLACE'], ['DB', database(r)])],
  },
  { weight: 3, words: (r) => ['KEYS', globWord(r)], freedom: 'order' },
  { weight: 3, words: () => ['DBSIZE'] },
  { weight: 2, words: () => ['RANDOMKEY'], freedom: 'choice' },
  {
    weight: 4,
    words: (r) => [
      ...['SCAN', oneOf(r, ['0', '0', '']), 'COUNT', '1000'],
      ...options(r, 3, ['MATCH', globWord(r)], ['TYPE', oneOf(r, ['string', 'HASH', 'zset', 'other'])]),
    ],
    freedom: 'scanned order',
  },
  { weight: 1, words: (r) => ['SCAN', oneOf(r, ['x', ' 0', '18446744073709551616', '99x'])] },
  {
    weight: 1,
    words: (r) => [oneOf(r, ['FLUSHALL', 'FLUSHDB']), ...options(r, 2, [oneOf(r, ['ASYNC', 'SYNC', 'NOW'])])],
  },
  { weight: 2, words: (r) => ['OBJECT', 'ENCODING', oneOf(r, ['s1', 's2', 's3'])], freedom: 'choice' },
  { weight: 1, words: (r) => ['OBJECT', 'REFCOUNT', key(r)], freedom: 'choice' },
  { weight: 1, words: (r) => ['OBJECT', oneOf(r, ['FREQ', 'nothing']), key(r)] },
]

/** Times that do not depend on when the test runs. */
const expiryTimes: readonly CommandForm[] = [
  { weight: 4, words: (r) => ['EXPIREAT', key(r), oneOf(r, ['4000000000', '4000000001', '1'])] },
  { weight: 4, words: (r) => ['PEXPIREAT', key(r), oneOf(r, ['4000000000499', '4000000000500', '1'])] },
  { weight: 3, words: (r) => ['SET', key(r), value(r)] },
  { weight: 2, words: (r) => ['SET', key(r), value(r), 'KEEPTTL'] },
  { weight: 2, words: (r) => ['APPEND', key(r), value(r)] },
  { weight: 2, words: (r) => ['RENAME', key(r), key(r)] },
  { weight: 2, words: (r) => ['COPY', key(r), key(r), 'REPLACE'] },
  { weight: 3, words: (r) => ['PERSIST', key(r)] },
  { weight: 4, words: (r) => ['EXPIRETIME', key(r)] },
  { weight: 4, words: (r) => ['PEXPIRETIME', key(r)] },
  { weight: 2, words: () => ['DBSIZE'] },
  ...collections,
]

const transactions: readonly CommandForm[] = [
  { weight: 12, words: () => ['MULTI'] },
  { weight: 16, words: () => ['EXEC'] },
  { weight: 2, words: () => ['DISCARD'] },
  { weight: 6, words: (r) => ['WATCH', ...several(r, 1, 2, () => key(r))] },
  { weight: 1, words: () => ['UNWATCH'] },
  { weight: 6, words: (r) => ['SET', key(r), value(r)] },
  { weight: 6, words: (r) => ['GET', key(r)] },
  { weight: 4, words: (r) => ['INCR', key(r)] },
  { weight: 3, words: (r) => ['DEL', key(r)] },
  { weight: 2, words: (r) => ['RPUSH', key(r), member(r)] },
  { weight: 2, words: (r) => ['PING', ...options(r, 2, [member(r)])] },
  { weight: 2, words: (r) => ['ECHO', member(r)] },
  { weight: 1, words: () => ['DBSIZE'] },
  { weight: 1, words: () => ['FLUSHALL'] },
  { weight: 1, words: (r) => [oneOf(r, ['NOSUCH', 'GETX']), ...several(r, 0, 4, () => member(r))] },
  { weight: 1, words: () => ['SELECT', '0'] },
]

const connection: readonly CommandForm[] = [
  { weight: 4, words: (r) => ['PING', ...several(r, 0, 2, () => member(r))] },
  { weight: 4, words: (r) => ['ECHO', member(r)] },
  { weight: 3, words: (r) => ['SELECT', database(r)] },
  { weight: 4, words: (r) => ['CLIENT', 'SETNAME', oneOf(r, ['a', 'b-c', 'a b', 'x\n', ''])] },
  { weight: 4, words: () => ['CLIENT', 'GETNAME'] },
  { weight: 1, words: (r) => ['CLIENT', oneOf(r, ['GETREDIR', 'UNPAUSE', 'nosuch', 'x'.repeat(200)])] },
  { weight: 1, words: () => ['CLIENT', 'UNBLOCK', '999'] },
  { weight: 1, words: (r) => ['CLIENT', 'NO-EVICT', oneOf(r, ['on', 'off', 'x'])] },
  { weight: 1, words: (r) => ['CLIENT', 'REPLY', oneOf(r, ['ON', 'x'])] },
  { weight: 1, words: (r) => ['CLIENT', 'LIST', 'TYPE', oneOf(r, ['master', 'nosuch'])] },
  { weight: 1, words: (r) => ['CLIENT', 'LIST', 'ID', oneOf(r, ['x', '0', '99999'])] },
  { weight: 1, words: (r) => ['CLIENT', 'KILL', oneOf(r, ['1.2.3.4:5', 'x'])] },
  { weight: 1, words: (r) => ['CLIENT', 'KILL', 'ID', oneOf(r, ['99999', '0', 'x'])] },
  { weight: 1, words: (r) => ['CLIENT', 'KILL', 'USER', oneOf(r, ['nobody'])] },
  { weight: 2, words: (r) => ['AUTH', ...several(r, 1, 3, () => oneOf(r, ['default', 'other', 'x']))] },
  { weight: 2, words: (r) => ['HELLO', oneOf(r, ['1', '4', 'x', '']), ...options(r, 3, ['SETNAME', 'a'])], fixed: 9 },
  { weight: 2, words: (r) => ['HELLO', '2', 'AUTH', oneOf(r, ['other']), 'x'], fixed: 3 },
  { weight: 2, words: () => ['HELLO', '3', 'NOSUCH'], fixed: 3 },
  { weight: 1, words: () => ['RESET', 'x'], fixed: 2 },
  {
    weight: 2,
    words: (r) => [
      'COMMAND',
      'GETKEYS',
      ...oneOf(r, [
        ['GET', 'a'],
        ['MSET', 'a', '1', 'b', '2'],
        ['PING'],
        ['NOSUCH'],
        ['GET'],
        ['OBJECT', 'ENCODING', 'k'],
        ['ZUNIONSTORE', 'd', '2', 'a', 'b'],
        ['SINTERCARD', '2', 'a', 'b'],
      ]),
    ],
  },
  { weight: 1, words: () => ['COMMAND', 'INFO', 'nosuch'], fixed: 9 },
  { weight: 1, words: () => ['COMMAND', 'DOCS', 'nosuch'], fixed: 9 },
  { weight: 1, words: () => ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', 'getrang*'] },
  { weight: 1, words: (r) => ['CONFIG', 'GET', oneOf(r, ['save', 'nosuch', 'databasez*'])] },
  { weight: 1, words: () => ['CONFIG', 'RESETSTAT'] },
  { weight: 1, words: () => ['CONFIG', 'REWRITE'] },
  { weight: 1, words: (r) => ['CONFIG', 'SET', oneOf(r, ['nosuch']), 'x'], fixed: 4 },
  { weight: 1, words: () => ['ROLE'] },
  { weight: 1, words: () => ['TIME'], freedom: 'choice' },
  { weight: 1, words: (r) => ['WAIT', oneOf(r, ['0', 'x', '1.5']), oneOf(r, ['1', '-1', 'x'])], freedom: 'choice' },
  { weight: 1, words: (r) => ['NoSuch', ...several(r, 0, 4, () => oneOf(r, [member(r), 'y'.repeat(100)]))] },
  { weight: 1, words: (r) => [oneOf(r, ['CLIENT', 'CONFIG', 'OBJECT', 'COMMAND']), 'nosuch'] },
]

/** By subject: commands through a connection, whose replies are to be those of a real Redis. */
export const serviceForms: Readonly<Record<string, readonly CommandForm[]>> = {
  strings: [...strings, ...collections],
  keys: [...keys, ...collections, ...strings.slice(0, 2)],
  'expiry times': expiryTimes,
  transactions,
  connection,
}
