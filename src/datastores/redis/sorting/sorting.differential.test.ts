import type { Random } from '#kernel/base/host.ts'
import { testAgainstRealRedis } from '../testing/collections.ts'
import type { CommandForm } from '../testing/differential.ts'
import { integerWord, member, oneOf, options, several } from '../testing/words.ts'

const key = (random: Random) => oneOf(random, ['l', 's', 'z', 'texts', 'none', 'a1', 'h'])
/** Within what doubles hold: SORT of Redis 7.0 takes for its own an overflow that an earlier command has met. */
const number = (random: Random) => oneOf(random, ['1', '2', '10', '-3', '2.5', '7', '1e2'])
const order = (random: Random) => options(random, 3, ['DESC'], ['ASC'])
const limit = (random: Random) => options(random, 4, ['LIMIT', integerWord(random), integerWord(random)])
const get = (random: Random) => options(random, 4, ['GET', '#'], ['GET', 'a*'], ['GET', 'h*->f'], ['GET', 'fixed'])

const forms: readonly CommandForm[] = [
  { weight: 4, words: (r) => ['RPUSH', 'l', ...several(r, 1, 3, () => number(r))], fixed: 9 },
  { weight: 2, words: () => ['LTRIM', 'l', '0', '20'], fixed: 9 },
  { weight: 2, words: (r) => ['SADD', 's', number(r)], fixed: 9 },
  { weight: 2, words: (r) => ['ZADD', 'z', number(r), number(r)], fixed: 9 },
  { weight: 2, words: (r) => ['SADD', 'texts', member(r)] },
  { weight: 4, words: (r) => ['SET', `a${number(r)}`, oneOf(r, ['1', '2', '0.5', '-2', '1e300'])], fixed: 9 },
  { weight: 4, words: (r) => ['HSET', `h${number(r)}`, 'f', number(r)] },
  { weight: 1, words: (r) => ['HSET', 'h', 'f', number(r)] },
  { weight: 8, words: (r) => [oneOf(r, ['SORT', 'SORT_RO']), key(r), ...order(r), ...limit(r), ...get(r)] },
  { weight: 8, words: (r) => ['SORT', key(r), 'ALPHA', ...order(r), ...limit(r), ...get(r)] },
  {
    weight: 8,
    words: (r) => ['SORT', key(r), 'BY', oneOf(r, ['a*', 'h*->f', 'none*']), ...order(r), ...limit(r), ...get(r)],
  },
  {
    weight: 4,
    words: (r) => ['SORT', oneOf(r, ['l', 'z', 'none']), 'BY', 'nosort', ...order(r), ...limit(r), ...get(r)],
  },
  { weight: 4, words: (r) => ['SORT', key(r), 'STORE', 'target', 'ALPHA', ...order(r), ...limit(r), ...get(r)] },
  { weight: 4, words: () => ['LRANGE', 'target', '0', '-1'] },
]

testAgainstRealRedis('sorting', forms)
