import type { CommandFlag, KeyPositions, ShardCommand } from '../command.ts'
import { firstKey, firstTwoKeys, noKeys, read, shardRows, write } from '../command.ts'
import { countedKeys } from '../count-arguments.ts'
import { zadd, zincrby } from './adding.ts'
import { zdiff, zdiffstore, zinter, zintercard, zinterstore, zunion, zunionstore } from './algebra.ts'
import {
  zcount,
  zlexcount,
  zrange,
  zrangebylex,
  zrangebyscore,
  zrangestore,
  zremrangebylex,
  zremrangebyrank,
  zremrangebyscore,
  zrevrange,
  zrevrangebylex,
  zrevrangebyscore,
} from './range-commands.ts'
import { zcard, zmscore, zrank, zrem, zrevrank, zscan, zscore } from './scores.ts'
import { zmpop, zpopmax, zpopmin, zrandmember } from './taking.ts'

const fast: readonly CommandFlag[] = ['fast']
const grows: readonly CommandFlag[] = ['denyoom']
const growsFast: readonly CommandFlag[] = ['denyoom', 'fast']
const counted: KeyPositions = { ...noKeys, also: countedKeys(1) }
const firstAndCounted: KeyPositions = { ...firstKey, also: countedKeys(2) }

const row = shardRows('sorted-set', firstKey)

/** ZRANK, ZREVRANK, ZCOUNT and ZLEXCOUNT walk the rows that they count; ranges by rank walk from the nearer end: O(n). */
export const sortedSetCommands: readonly ShardCommand[] = [
  write(row('zadd', -4, growsFast, '1.2.0', 'Adds members with scores, or changes their scores', zadd)),
  write(row('zincrby', 4, growsFast, '1.2.0', 'Adds to the score of a member', zincrby)),
  write(row('zrem', -3, fast, '1.2.0', 'Removes members', zrem)),
  read(row('zscore', 3, fast, '1.2.0', 'The score of a member', zscore)),
  read(row('zmscore', -3, fast, '6.2.0', 'The scores of several members', zmscore)),
  read(row('zcard', 2, fast, '1.2.0', 'How many members a sorted set has', zcard)),
  read(row('zcount', 4, fast, '2.0.0', 'How many members have scores in a range; O(n)', zcount)),
  read(row('zlexcount', 4, fast, '2.8.9', 'How many members are in a range of names; O(n)', zlexcount)),
  read(row('zrank', -3, fast, '2.0.0', 'The rank of a member, from the lowest score; O(n)', zrank)),
  read(row('zrevrank', -3, fast, '2.0.0', 'The rank of a member, from the highest score; O(n)', zrevrank)),
  read(row('zrange', -4, [], '1.2.0', 'The members in a range of ranks, scores or names', zrange)),
  write(row('zrangestore', -5, grows, '6.2.0', 'Stores the members in a range', zrangestore, firstTwoKeys)),
  read(row('zrevrange', -4, [], '1.2.0', 'The members in a range of ranks, highest first', zrevrange)),
  read(row('zrangebyscore', -4, [], '1.0.5', 'The members with scores in a range', zrangebyscore)),
  read(row('zrevrangebyscore', -4, [], '2.2.0', 'The members with scores in a range, highest first', zrevrangebyscore)),
  read(row('zrangebylex', -4, [], '2.8.9', 'The members in a range of names', zrangebylex)),
  read(row('zrevrangebylex', -4, [], '2.8.9', 'The members in a range of names, highest first', zrevrangebylex)),
  write(row('zremrangebyrank', 4, [], '2.0.0', 'Removes the members in a range of ranks', zremrangebyrank)),
  write(row('zremrangebyscore', 4, [], '1.2.0', 'Removes the members with scores in a range', zremrangebyscore)),
  write(row('zremrangebylex', 4, [], '2.8.9', 'Removes the members in a range of names', zremrangebylex)),
  write(row('zpopmin', -2, fast, '5.0.0', 'Takes the members with the lowest scores', zpopmin)),
  write(row('zpopmax', -2, fast, '5.0.0', 'Takes the members with the highest scores', zpopmax)),
  write(row('zmpop', -4, [], '7.0.0', 'Takes members from the first sorted set that has some', zmpop, counted)),
  read(row('zrandmember', -2, [], '6.2.0', 'Random members', zrandmember)),
  read(row('zunion', -3, [], '6.2.0', 'The members of any sorted set', zunion, counted)),
  read(row('zinter', -3, [], '6.2.0', 'The members that are in all sorted sets', zinter, counted)),
  read(row('zdiff', -3, [], '6.2.0', 'The members that only the first sorted set has', zdiff, counted)),
  write(row('zunionstore', -4, grows, '2.0.0', 'Stores what ZUNION answers', zunionstore, firstAndCounted)),
  write(row('zinterstore', -4, grows, '2.0.0', 'Stores what ZINTER answers', zinterstore, firstAndCounted)),
  write(row('zdiffstore', -4, grows, '6.2.0', 'Stores what ZDIFF answers', zdiffstore, firstAndCounted)),
  read(row('zintercard', -3, [], '7.0.0', 'How many members are in all sorted sets', zintercard, counted)),
  read(row('zscan', -3, [], '2.8.0', 'Iterates over members and scores, some at a time', zscan)),
]
