import type { CommandFlag, KeyPositions, ShardCommand } from '../command.ts'
import { allKeys, firstKey, firstTwoKeys, noKeys, read, shardRows, write } from '../command.ts'
import { countedKeys } from '../count-arguments.ts'
import { sdiff, sdiffstore, sinter, sintercard, sinterstore, sunion, sunionstore } from './algebra.ts'
import { spop, srandmember } from './chance.ts'
import { sadd, scard, sismember, smembers, smismember, smove, srem, sscan } from './members.ts'

const fast: readonly CommandFlag[] = ['fast']
const grows: readonly CommandFlag[] = ['denyoom']
const growsFast: readonly CommandFlag[] = ['denyoom', 'fast']
const counted: KeyPositions = { ...noKeys, also: countedKeys(1) }

const row = shardRows('set', firstKey)

export const setCommands: readonly ShardCommand[] = [
  write(row('sadd', -3, growsFast, '1.0.0', 'Adds members', sadd)),
  write(row('srem', -3, fast, '1.0.0', 'Removes members', srem)),
  read(row('sismember', 3, fast, '1.0.0', 'Whether a member is there', sismember)),
  read(row('smismember', -3, fast, '6.2.0', 'Whether each of several members is there', smismember)),
  read(row('scard', 2, fast, '1.0.0', 'How many members a set has', scard)),
  read(row('smembers', 2, [], '1.0.0', 'All members', smembers)),
  write(row('spop', -2, fast, '1.0.0', 'Takes random members', spop)),
  read(row('srandmember', -2, [], '1.0.0', 'Random members', srandmember)),
  write(row('smove', 4, fast, '1.0.0', 'Moves a member to another set', smove, firstTwoKeys)),
  read(row('sinter', -2, [], '1.0.0', 'The members that are in all sets', sinter, allKeys)),
  write(row('sinterstore', -3, grows, '1.0.0', 'Stores the members that are in all sets', sinterstore, allKeys)),
  read(row('sintercard', -3, [], '7.0.0', 'How many members are in all sets', sintercard, counted)),
  read(row('sunion', -2, [], '1.0.0', 'The members that are in any set', sunion, allKeys)),
  write(row('sunionstore', -3, grows, '1.0.0', 'Stores the members that are in any set', sunionstore, allKeys)),
  read(row('sdiff', -2, [], '1.0.0', 'The members of the first set that are in no other', sdiff, allKeys)),
  write(row('sdiffstore', -3, grows, '1.0.0', 'Stores the members that only the first set has', sdiffstore, allKeys)),
  read(row('sscan', -3, [], '2.8.0', 'Iterates over members, some at a time', sscan)),
]
