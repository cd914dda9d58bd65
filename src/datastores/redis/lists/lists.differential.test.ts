import type { Random } from '#kernel/base/host.ts'
import { testAgainstRealRedis } from '../testing/collections.ts'
import type { CommandForm } from '../testing/differential.ts'
import { integerWord, member, oneOf, options, several } from '../testing/words.ts'

const key = (random: Random) => oneOf(random, ['l1', 'l1', 'l1', 'l2', 'l2', 'l3', 'none', 'other'])
const elements = (random: Random) => several(random, 1, 5, () => element(random))
const element = (random: Random) => (random.below(3) > 0 ? oneOf(random, ['a', 'b', 'c']) : member(random))
/** Redis 7.0 overflows with the lowest int64, which later versions refuse, as ours. */
const rankWord = (random: Random) => integerWord(random).replace('-9223372036854775808', '0')
const side = (random: Random) => oneOf(random, ['LEFT', 'RIGHT', 'left', 'right', 'UP'])

const forms: readonly CommandForm[] = [
  { weight: 1, words: () => ['SADD', 'other', 'x'] },
  { weight: 6, words: (r) => ['LPUSH', key(r), ...elements(r)] },
  { weight: 6, words: (r) => ['RPUSH', key(r), ...elements(r)] },
  { weight: 2, words: (r) => ['LPUSHX', key(r), ...elements(r)] },
  { weight: 2, words: (r) => ['RPUSHX', key(r), ...elements(r)] },
  { weight: 4, words: (r) => ['LPOP', key(r), ...options(r, 3, [integerWord(r)])] },
  { weight: 4, words: (r) => ['RPOP', key(r), ...options(r, 3, [integerWord(r)])] },
  { weight: 3, words: (r) => ['LLEN', key(r)] },
  { weight: 8, words: (r) => ['LRANGE', key(r), integerWord(r), integerWord(r)] },
  { weight: 4, words: (r) => ['LRANGE', key(r), '0', '-1'] },
  { weight: 4, words: (r) => ['LINDEX', key(r), integerWord(r)] },
  { weight: 4, words: (r) => ['LSET', key(r), integerWord(r), element(r)] },
  { weight: 6, words: (r) => ['LREM', key(r), integerWord(r), element(r)] },
  { weight: 2, words: (r) => ['LTRIM', key(r), integerWord(r), integerWord(r)] },
  {
    weight: 6,
    words: (r) => ['LINSERT', key(r), oneOf(r, ['BEFORE', 'after', 'AFTER', 'at']), element(r), element(r)],
  },
  {
    weight: 8,
    words: (r) => [
      ...['LPOS', key(r), element(r)],
      ...options(r, 3, ['RANK', rankWord(r)], ['COUNT', integerWord(r)], ['MAXLEN', integerWord(r)]),
    ],
  },
  { weight: 4, words: (r) => ['RPOPLPUSH', key(r), key(r)] },
  { weight: 6, words: (r) => ['LMOVE', key(r), key(r), side(r), side(r)] },
  {
    weight: 4,
    words: (r) => {
      const keys = several(r, 1, 3, () => key(r))
      return ['LMPOP', String(keys.length), ...keys, side(r), ...options(r, 3, ['COUNT', integerWord(r)])]
    },
  },
]

testAgainstRealRedis('lists', forms)
