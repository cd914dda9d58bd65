import type { Random } from '#kernel/base/host.ts'
import { testAgainstRealRedis } from '../testing/collections.ts'
import type { CommandForm } from '../testing/differential.ts'
import { globWord, integerWord, member, oneOf, options, several } from '../testing/words.ts'

const key = (random: Random) => oneOf(random, ['s1', 's1', 's1', 's2', 's2', 's3', 'none', 'list'])
const keys = (random: Random) => several(random, 1, 3, () => key(random))
const members = (random: Random) => several(random, 1, 5, () => member(random))
/** Which members SPOP takes is its choice: to stay alike, it may take all or none. */
const allOrNone = (random: Random) => oneOf(random, ['100', '9223372036854775807', '0', '-1', 'x'])

const forms: readonly CommandForm[] = [
  { weight: 1, words: () => ['RPUSH', 'list', 'x'] },
  { weight: 12, words: (r) => ['SADD', key(r), ...members(r)] },
  { weight: 8, words: (r) => ['SREM', key(r), ...members(r)] },
  { weight: 3, words: (r) => ['SISMEMBER', key(r), member(r)] },
  { weight: 3, words: (r) => ['SMISMEMBER', key(r), ...members(r)] },
  { weight: 3, words: (r) => ['SCARD', key(r)] },
  { weight: 4, words: (r) => ['SMEMBERS', key(r)], freedom: 'order' },
  { weight: 1, words: (r) => ['SPOP', key(r), allOrNone(r)], fixed: 3, freedom: 'order' },
  { weight: 2, words: () => ['SPOP', 'never'], fixed: 2 },
  { weight: 2, words: (r) => ['SRANDMEMBER', key(r)], freedom: 'choice' },
  { weight: 4, words: (r) => ['SRANDMEMBER', key(r), integerWord(r)], freedom: 'choice' },
  { weight: 6, words: (r) => ['SMOVE', key(r), key(r), member(r)] },
  { weight: 4, words: (r) => ['SINTER', ...keys(r)], freedom: 'order' },
  { weight: 4, words: (r) => ['SUNION', ...keys(r)], freedom: 'order' },
  { weight: 4, words: (r) => ['SDIFF', ...keys(r)], freedom: 'order' },
  { weight: 2, words: (r) => ['SINTERSTORE', key(r), ...keys(r)] },
  { weight: 2, words: (r) => ['SUNIONSTORE', key(r), ...keys(r)] },
  { weight: 2, words: (r) => ['SDIFFSTORE', key(r), ...keys(r)] },
  {
    weight: 4,
    words: (r) => {
      const some = keys(r)
      return ['SINTERCARD', String(some.length), ...some, ...options(r, 3, ['LIMIT', integerWord(r)])]
    },
  },
  {
    weight: 3,
    // A count that Redis too needs no second call for.
    words: (r) => ['SSCAN', key(r), '0', 'COUNT', '1000', ...options(r, 3, ['MATCH', globWord(r)])],
    fixed: 5,
    freedom: 'scanned order',
  },
]

testAgainstRealRedis('sets', forms)
