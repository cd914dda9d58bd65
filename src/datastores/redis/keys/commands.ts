import type { CommandFlag, ShardCommand } from '../command.ts'
import { allKeys, firstKey, firstTwoKeys, noKeys, read, shardRows, write } from '../command.ts'
import { del, exists, type } from './exist.ts'
import { expire, expireat, expiretime, persist, pexpire, pexpireat, pexpiretime, pttl, ttl } from './expire.ts'
import { keys, randomkey, scan } from './iterate.ts'
import { copy, rename, renamenx } from './move.ts'
import { dbsize, flush } from './space.ts'

const fast: readonly CommandFlag[] = ['fast']
const grows: readonly CommandFlag[] = ['denyoom']
const row = shardRows('generic', firstKey)
const serverRow = shardRows('server', noKeys)

/** Commands about keys of any type. */
export const keyCommands: readonly ShardCommand[] = [
  write(row('copy', -3, grows, '6.2.0', 'Copies a key', copy, firstTwoKeys)),
  write(row('del', -2, [], '1.0.0', 'Deletes keys', del, allKeys)),
  read(row('exists', -2, fast, '1.0.0', 'How many of the keys exist', exists, allKeys)),
  write(row('expire', -3, fast, '1.0.0', 'Sets the time to live in seconds', expire)),
  write(row('expireat', -3, fast, '1.2.0', 'Sets the time of expiry in seconds since 1970', expireat)),
  read(row('expiretime', 2, fast, '7.0.0', 'The time of expiry in seconds since 1970', expiretime)),
  write(row('persist', 2, fast, '2.2.0', 'Takes the time to live away', persist)),
  write(row('pexpire', -3, fast, '2.6.0', 'Sets the time to live in milliseconds', pexpire)),
  write(row('pexpireat', -3, fast, '2.6.0', 'Sets the time of expiry in milliseconds since 1970', pexpireat)),
  read(row('pexpiretime', 2, fast, '7.0.0', 'The time of expiry in milliseconds since 1970', pexpiretime)),
  read(row('pttl', 2, fast, '2.6.0', 'The time to live in milliseconds', pttl)),
  write(row('rename', 3, [], '1.0.0', 'Gives a key another name', rename, firstTwoKeys)),
  write(row('renamenx', 3, fast, '1.0.0', 'Gives a key another name that is free', renamenx, firstTwoKeys)),
  read(row('touch', -2, fast, '3.2.1', 'How many of the keys exist', exists, allKeys)),
  read(row('ttl', 2, fast, '1.0.0', 'The time to live in seconds', ttl)),
  read(row('type', 2, fast, '1.0.0', 'What type a key holds', type)),
  write(row('unlink', -2, fast, '4.0.0', 'Deletes keys', del, allKeys)),
  // The following concern all keys: a connection runs them on each shard and puts the replies together.
  read(serverRow('dbsize', 1, fast, '1.0.0', 'How many keys there are', dbsize), 'sum'),
  write(serverRow('flushall', -1, [], '1.0.0', 'Deletes all keys', flush), 'same'),
  write(serverRow('flushdb', -1, [], '1.0.0', 'Deletes all keys', flush), 'same'),
  read(row('keys', 2, [], '1.0.0', 'The keys that match a pattern', keys, noKeys), 'list'),
  read(row('randomkey', 1, [], '1.0.0', 'A random key', randomkey, noKeys), 'any'),
  read(row('scan', -2, [], '2.8.0', 'Iterates over the keys, some at a time', scan, noKeys), 'cursor'),
]
