import type { Random } from '#kernel/base/host.ts'
import { testAgainstRealRedis } from '../testing/collections.ts'
import type { CommandForm } from '../testing/differential.ts'
import { floatWord, globWord, integerWord, member, oneOf, options, several } from '../testing/words.ts'

const key = (random: Random) => oneOf(random, ['h1', 'h1', 'h1', 'h2', 'h2', 'h3', 'none', 'other'])
const value = (random: Random) => oneOf(random, [member, integerWord, floatWord])(random)
const pairs = (random: Random) => several(random, 1, 4, () => '').flatMap(() => [member(random), value(random)])
const fields = (random: Random) => several(random, 1, 4, () => member(random))

const forms: readonly CommandForm[] = [
  { weight: 1, words: () => ['SADD', 'other', 'x'] },
  { weight: 8, words: (r) => ['HSET', key(r), ...pairs(r)] },
  { weight: 2, words: (r) => ['HMSET', key(r), ...pairs(r)] },
  { weight: 4, words: (r) => ['HSETNX', key(r), member(r), value(r)] },
  { weight: 4, words: (r) => ['hget', key(r), member(r)] },
  { weight: 4, words: (r) => ['HMGET', key(r), ...fields(r)] },
  { weight: 4, words: (r) => ['HGETALL', key(r)], freedom: 'pair order' },
  { weight: 6, words: (r) => ['HDEL', key(r), ...fields(r)] },
  { weight: 2, words: (r) => ['HEXISTS', key(r), member(r)] },
  { weight: 4, words: (r) => ['HLEN', key(r)] },
  { weight: 2, words: (r) => ['HKEYS', key(r)], freedom: 'order' },
  { weight: 2, words: (r) => ['HVALS', key(r)], freedom: 'order' },
  { weight: 2, words: (r) => ['HSTRLEN', key(r), member(r)] },
  { weight: 6, words: (r) => ['HINCRBY', key(r), member(r), integerWord(r)] },
  { weight: 8, words: (r) => ['HINCRBYFLOAT', key(r), member(r), floatWord(r)] },
  {
    weight: 3,
    words: (r) => ['HSCAN', key(r), '0', ...options(r, 3, ['MATCH', globWord(r)], ['COUNT', integerWord(r)])],
    fixed: 3,
    freedom: 'scanned pair order',
  },
  { weight: 2, words: (r) => ['HRANDFIELD', key(r)], freedom: 'choice' },
  {
    weight: 4,
    words: (r) => ['HRANDFIELD', key(r), integerWord(r), ...options(r, 2, ['WITHVALUES'])],
    freedom: 'choice',
  },
]

testAgainstRealRedis('hashes', forms)
