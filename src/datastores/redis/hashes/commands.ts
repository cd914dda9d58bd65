import type { CommandFlag, ShardCommand } from '../command.ts'
import { firstKey, read, shardRows, write } from '../command.ts'
import { hincrby, hincrbyfloat } from './arithmetic.ts'
import { hdel, hexists, hget, hlen, hmget, hmset, hset, hsetnx, hstrlen } from './fields.ts'
import { hgetall, hkeys, hrandfield, hscan, hvals } from './whole.ts'

const fast: readonly CommandFlag[] = ['fast']
const grows: readonly CommandFlag[] = ['denyoom', 'fast']

const row = shardRows('hash', firstKey)

export const hashCommands: readonly ShardCommand[] = [
  write(row('hset', -4, grows, '2.0.0', 'Sets fields of a hash', hset)),
  write(row('hmset', -4, grows, '2.0.0', 'Sets fields of a hash (an older form of HSET)', hmset)),
  write(row('hsetnx', 4, grows, '2.0.0', 'Sets a field that is not there yet', hsetnx)),
  read(row('hget', 3, fast, '2.0.0', 'The value of a field', hget)),
  read(row('hmget', -3, fast, '2.0.0', 'The values of several fields', hmget)),
  read(row('hgetall', 2, [], '2.0.0', 'All fields with their values', hgetall)),
  write(row('hdel', -3, fast, '2.0.0', 'Removes fields', hdel)),
  read(row('hexists', 3, fast, '2.0.0', 'Whether a field is there', hexists)),
  read(row('hlen', 2, fast, '2.0.0', 'How many fields a hash has', hlen)),
  read(row('hkeys', 2, [], '2.0.0', 'All fields', hkeys)),
  read(row('hvals', 2, [], '2.0.0', 'All values', hvals)),
  read(row('hstrlen', 3, fast, '3.2.0', 'The length of the value of a field', hstrlen)),
  write(row('hincrby', 4, grows, '2.0.0', 'Adds an integer to a field', hincrby)),
  write(row('hincrbyfloat', 4, grows, '2.6.0', 'Adds a float to a field', hincrbyfloat)),
  read(row('hscan', -3, [], '2.8.0', 'Iterates over fields and values, some at a time', hscan)),
  read(row('hrandfield', -2, [], '6.2.0', 'Random fields', hrandfield)),
]
