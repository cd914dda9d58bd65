import type { Random } from '#kernel/base/host.ts'
import { testAgainstRealRedis } from '../testing/collections.ts'
import type { CommandForm } from '../testing/differential.ts'
import { floatWord, globWord, integerWord, member, oneOf, options, several } from '../testing/words.ts'

const key = (random: Random) => oneOf(random, ['z1', 'z1', 'z1', 'z2', 'z2', 'z3', 'none', 'other', 'set'])
const keys = (random: Random) => several(random, 1, 3, () => key(random))
/** All members have the score 0: elsewhere Redis leaves open what a range of names is. */
const lexKey = (random: Random) => oneOf(random, ['lex1', 'lex1', 'lex2', 'never', 'list'])
/** Of large integers ZSCAN prints other digits than ZRANGE: which ones depends on how Redis keeps the set. */
const scanKey = (random: Random) => oneOf(random, ['scan', 'scan', 'never', 'list'])
const entries = (random: Random) => several(random, 1, 4, () => '').flatMap(() => [floatWord(random), member(random)])
const scoreBound = (random: Random) => `${random.below(3) === 0 ? '(' : ''}${floatWord(random)}`
const lexBound = (random: Random) =>
  random.below(3) === 0 ? oneOf(random, ['-', '+', '', 'a']) : `${oneOf(random, ['[', '('])}${member(random)}`
const addOptions = (random: Random) => options(random, 6, ['NX'], ['XX'], ['GT'], ['LT'], ['CH'], ['INCR'])
const limit = (random: Random) => options(random, 3, ['LIMIT', integerWord(random), integerWord(random)])
const withScores = (random: Random) => options(random, 2, ['WITHSCORES'])
const counted = (random: Random) => {
  const some = keys(random)
  return [String(some.length), ...some]
}
const combined = (random: Random) => {
  const some = keys(random)
  const weights = some.map(() => floatWord(random))
  const aggregate = oneOf(random, ['SUM', 'MIN', 'max', 'AVG'])
  return [String(some.length), ...some, ...options(random, 3, ['WEIGHTS', ...weights], ['AGGREGATE', aggregate])]
}

const forms: readonly CommandForm[] = [
  { weight: 1, words: () => ['RPUSH', 'other', 'x'] },
  { weight: 1, words: () => ['RPUSH', 'list', 'x'] },
  { weight: 2, words: (r) => ['SADD', 'set', member(r)] },
  { weight: 8, words: (r) => ['ZADD', key(r), ...entries(r)] },
  { weight: 8, words: (r) => ['ZADD', key(r), ...addOptions(r), ...entries(r)] },
  { weight: 4, words: (r) => ['ZADD', key(r), ...addOptions(r), floatWord(r), member(r)] },
  { weight: 6, words: (r) => ['ZADD', lexKey(r), '0', member(r), '0', member(r)], fixed: 6 },
  { weight: 2, words: (r) => ['ZADD', 'scan', oneOf(r, ['1', '-2.5', '0.1', 'inf']), member(r)] },
  { weight: 6, words: (r) => ['ZINCRBY', key(r), floatWord(r), member(r)] },
  { weight: 5, words: (r) => ['ZREM', oneOf(r, [key, lexKey])(r), member(r), member(r)] },
  { weight: 3, words: (r) => ['ZSCORE', key(r), member(r)] },
  { weight: 3, words: (r) => ['ZMSCORE', key(r), member(r), member(r)] },
  { weight: 2, words: (r) => ['ZCARD', key(r)] },
  { weight: 4, words: (r) => ['ZCOUNT', key(r), scoreBound(r), scoreBound(r)] },
  { weight: 4, words: (r) => ['ZLEXCOUNT', lexKey(r), lexBound(r), lexBound(r)] },
  // WITHSCORE, and so the arity, is of a later version.
  { weight: 3, words: (r) => ['ZRANK', key(r), member(r)], fixed: 3 },
  { weight: 3, words: (r) => ['ZREVRANK', key(r), member(r)], fixed: 3 },
  { weight: 6, words: (r) => ['ZRANGE', key(r), '0', '-1', 'WITHSCORES'] },
  {
    weight: 6,
    words: (r) => ['ZRANGE', key(r), integerWord(r), integerWord(r), ...options(r, 3, ['REV']), ...withScores(r)],
  },
  {
    weight: 6,
    words: (r) => [
      ...['ZRANGE', key(r), scoreBound(r), scoreBound(r), 'BYSCORE'],
      ...options(r, 3, ['REV']),
      ...limit(r),
      ...withScores(r),
    ],
  },
  {
    weight: 6,
    words: (r) => [
      ...['ZRANGE', lexKey(r), lexBound(r), lexBound(r), 'BYLEX'],
      ...options(r, 3, ['REV']),
      ...limit(r),
      ...options(r, 15, ['WITHSCORES'], ['BYSCORE']),
    ],
  },
  {
    weight: 3,
    words: (r) => ['ZRANGESTORE', key(r), key(r), integerWord(r), integerWord(r), ...options(r, 3, ['REV'])],
  },
  {
    weight: 3,
    words: (r) => [
      'ZRANGESTORE',
      key(r),
      key(r),
      scoreBound(r),
      scoreBound(r),
      'BYSCORE',
      ...options(r, 3, ['REV']),
      ...limit(r),
    ],
  },
  { weight: 4, words: (r) => ['ZREVRANGE', key(r), integerWord(r), integerWord(r), ...withScores(r)] },
  { weight: 1, words: (r) => ['ZREVRANGE', key(r), integerWord(r), integerWord(r), ...limit(r)] },
  { weight: 3, words: (r) => ['ZRANGEBYSCORE', key(r), scoreBound(r), scoreBound(r), ...limit(r), ...withScores(r)] },
  {
    weight: 3,
    words: (r) => ['ZREVRANGEBYSCORE', key(r), scoreBound(r), scoreBound(r), ...limit(r), ...withScores(r)],
  },
  { weight: 3, words: (r) => ['ZRANGEBYLEX', lexKey(r), lexBound(r), lexBound(r), ...limit(r)] },
  { weight: 3, words: (r) => ['ZREVRANGEBYLEX', lexKey(r), lexBound(r), lexBound(r), ...limit(r)] },
  { weight: 2, words: (r) => ['ZREMRANGEBYRANK', key(r), integerWord(r), integerWord(r)] },
  { weight: 2, words: (r) => ['ZREMRANGEBYSCORE', key(r), scoreBound(r), scoreBound(r)] },
  { weight: 2, words: (r) => ['ZREMRANGEBYLEX', lexKey(r), lexBound(r), lexBound(r)] },
  { weight: 2, words: (r) => ['ZPOPMIN', key(r), ...options(r, 2, [integerWord(r)])] },
  { weight: 2, words: (r) => ['ZPOPMAX', key(r), ...options(r, 2, [integerWord(r)])] },
  {
    weight: 3,
    words: (r) => [
      'ZMPOP',
      ...counted(r),
      oneOf(r, ['MIN', 'max', 'mid']),
      ...options(r, 3, ['COUNT', integerWord(r)]),
    ],
  },
  { weight: 2, words: (r) => ['ZRANDMEMBER', key(r)], freedom: 'choice' },
  { weight: 3, words: (r) => ['ZRANDMEMBER', key(r), integerWord(r), ...withScores(r)], freedom: 'choice' },
  { weight: 4, words: (r) => ['ZUNION', ...combined(r), ...withScores(r)] },
  { weight: 4, words: (r) => ['ZINTER', ...combined(r), ...withScores(r)] },
  { weight: 3, words: (r) => ['ZDIFF', ...counted(r), ...withScores(r)] },
  { weight: 2, words: (r) => ['ZUNIONSTORE', key(r), ...combined(r)] },
  { weight: 2, words: (r) => ['ZINTERSTORE', key(r), ...combined(r)] },
  { weight: 2, words: (r) => ['ZDIFFSTORE', key(r), ...counted(r)] },
  { weight: 3, words: (r) => ['ZINTERCARD', ...counted(r), ...options(r, 3, ['LIMIT', integerWord(r)])] },
  {
    weight: 3,
    words: (r) => ['ZSCAN', scanKey(r), '0', ...options(r, 3, ['MATCH', globWord(r)], ['COUNT', integerWord(r)])],
    fixed: 3,
    freedom: 'scanned pair order',
  },
]

testAgainstRealRedis('sorted sets', forms)
