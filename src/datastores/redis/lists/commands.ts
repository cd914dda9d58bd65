import type { CommandFlag, KeyPositions, ShardCommand } from '../command.ts'
import { firstKey, firstTwoKeys, noKeys, read, shardRows, write } from '../command.ts'
import { countedKeys } from '../count-arguments.ts'
import { linsert, lrem } from './editing.ts'
import { lindex, llen, lrange, lset, ltrim } from './indexes.ts'
import { lmove, lmpop, rpoplpush } from './moving.ts'
import { lpop, lpush, lpushx, rpop, rpush, rpushx } from './push-pop.ts'
import { lpos } from './search.ts'

const fast: readonly CommandFlag[] = ['fast']
const grows: readonly CommandFlag[] = ['denyoom']
const growsFast: readonly CommandFlag[] = ['denyoom', 'fast']
const counted: KeyPositions = { ...noKeys, also: countedKeys(1) }

const row = shardRows('list', firstKey)

export const listCommands: readonly ShardCommand[] = [
  write(row('lpush', -3, growsFast, '1.0.0', 'Adds elements at the head of a list', lpush)),
  write(row('rpush', -3, growsFast, '1.0.0', 'Adds elements at the tail of a list', rpush)),
  write(row('lpushx', -3, growsFast, '2.2.0', 'Adds elements at the head of a list that exists', lpushx)),
  write(row('rpushx', -3, growsFast, '2.2.0', 'Adds elements at the tail of a list that exists', rpushx)),
  write(row('lpop', -2, fast, '1.0.0', 'Takes elements from the head of a list', lpop)),
  write(row('rpop', -2, fast, '1.0.0', 'Takes elements from the tail of a list', rpop)),
  read(row('llen', 2, fast, '1.0.0', 'How many elements a list has', llen)),
  read(row('lrange', 4, [], '1.0.0', 'The elements between two indexes', lrange)),
  read(row('lindex', 3, [], '1.0.0', 'The element at an index', lindex)),
  write(row('lset', 4, grows, '1.0.0', 'Replaces the element at an index', lset)),
  write(row('lrem', 4, [], '1.0.0', 'Removes elements equal to one; O(n)', lrem)),
  write(row('ltrim', 4, [], '1.0.0', 'Keeps only the elements between two indexes', ltrim)),
  write(row('linsert', 5, grows, '2.2.0', 'Inserts an element beside another; O(n)', linsert)),
  read(row('lpos', -3, [], '6.0.6', 'The indexes of elements equal to one; O(n)', lpos)),
  write(
    row('rpoplpush', 3, grows, '1.2.0', 'Moves the tail of a list to the head of another', rpoplpush, firstTwoKeys),
  ),
  write(row('lmove', 5, grows, '6.2.0', 'Moves an end of a list to an end of another', lmove, firstTwoKeys)),
  write(row('lmpop', -4, [], '7.0.0', 'Takes elements from the first list that has some', lmpop, counted)),
]
