import type { CommandFlag, ShardCommand } from '../command.ts'
import { allKeys, firstKey, read, shardRows, write } from '../command.ts'
import { decr, decrby, incr, incrby, incrbyfloat } from './counters.ts'
import { mget, mset, msetnx } from './many.ts'
import { append, getrange, setrange, strlen } from './parts.ts'
import { get, getdel, getex, getset, psetex, set, setex, setnx } from './set.ts'

const fast: readonly CommandFlag[] = ['fast']
const grows: readonly CommandFlag[] = ['denyoom', 'fast']
const growsMuch: readonly CommandFlag[] = ['denyoom']
const pairs = { first: 1, last: -1, step: 2 }
const row = shardRows('string', firstKey)

export const stringCommands: readonly ShardCommand[] = [
  write(row('append', 3, grows, '2.0.0', 'Appends to a value', append)),
  write(row('decr', 2, grows, '1.0.0', 'Subtracts 1 from an integer', decr)),
  write(row('decrby', 3, grows, '1.0.0', 'Subtracts from an integer', decrby)),
  read(row('get', 2, fast, '1.0.0', 'The value of a key', get)),
  write(row('getdel', 2, fast, '6.2.0', 'The value of a key, which is deleted', getdel)),
  write(row('getex', -2, fast, '6.2.0', 'The value of a key, whose time to live can be changed', getex)),
  read(row('getrange', 4, [], '2.4.0', 'A part of a value', getrange)),
  write(row('getset', 3, grows, '1.0.0', 'Sets a value and answers the one before', getset)),
  write(row('incr', 2, grows, '1.0.0', 'Adds 1 to an integer', incr)),
  write(row('incrby', 3, grows, '1.0.0', 'Adds to an integer', incrby)),
  write(row('incrbyfloat', 3, grows, '2.6.0', 'Adds to a floating-point number', incrbyfloat)),
  read(row('mget', -2, fast, '1.0.0', 'The values of several keys', mget, allKeys)),
  write(row('mset', -3, growsMuch, '1.0.1', 'Sets several values', mset, pairs)),
  write(row('msetnx', -3, growsMuch, '1.0.1', 'Sets several values if none of the keys exists', msetnx, pairs)),
  write(row('psetex', 4, growsMuch, '2.6.0', 'Sets a value and its time to live in milliseconds', psetex)),
  write(row('set', -3, growsMuch, '1.0.0', 'Sets a value, with conditions and a time to live if wanted', set)),
  write(row('setex', 4, growsMuch, '2.0.0', 'Sets a value and its time to live in seconds', setex)),
  write(row('setnx', 3, grows, '1.0.0', 'Sets a value if the key does not exist', setnx)),
  write(row('setrange', 4, growsMuch, '2.2.0', 'Overwrites a part of a value', setrange)),
  read(row('strlen', 2, fast, '2.2.0', 'The length of a value in bytes', strlen)),
  read(row('substr', 4, [], '1.0.0', 'A part of a value (an older form of GETRANGE)', getrange)),
]
