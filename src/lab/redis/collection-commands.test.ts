import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'node:test'
import { list } from './command.ts'
import { hashCommands } from './hash-commands.ts'
import { keyCommands } from './key-commands.ts'
import { listCommands } from './list-commands.ts'
import { setCommands } from './set-commands.ts'
import { sortedSetCommands } from './sorted-set-commands.ts'
import type { Value } from './value.ts'
import { identityOf } from './value.ts'

/** From Redis's documentation: commands on one key after each other, with their arguments and replies; a list reply as a list. */
const documented: Readonly<
  Record<string, readonly (readonly [command: string, argument: string, reply: string | string[]])[]>
> = {
  'a hash': [
    ['hset', 'f1 Hello f2 World', ':2'],
    ['hset', 'f1 Bye', ':0'],
    ['hget', 'f1', '$Bye'],
    ['hget', 'none', '_'],
    ['hmget', 'f1 none f2', ['$Bye', '_', '$World']],
    ['hexists', 'f1', ':1'],
    ['hexists', 'none', ':0'],
    ['hlen', '', ':2'],
    ['hstrlen', 'f2', ':5'],
    ['hstrlen', 'none', ':0'],
    ['hsetnx', 'f1 new', ':0'],
    ['hsetnx', 'f0 first', ':1'],
    ['hkeys', '', ['$f0', '$f1', '$f2']],
    ['hgetall', '', ['$f0', '$first', '$f1', '$Bye', '$f2', '$World']],
    ['hdel', 'f0 f1 none', ':2'],
    ['hincrby', 'f2 1', '-ERR hash value is not an integer'],
    ['hincrby', 'n 5', ':5'],
    ['hincrby', 'n -10', ':-5'],
    ['hincrby', 'n x', '-ERR value is not an integer or out of range'],
    ['hset', 'n 9223372036854775807', ':0'],
    ['hincrby', 'n 1', '-ERR increment or decrement would overflow'],
    ['hdel', 'n f2', ':2'],
    ['exists', '', ':0'],
    ['hgetall', '', []],
  ],
  'a list': [
    ['rpushx', 'none', ':0'],
    ['lset', '0 none', '-ERR no such key'],
    ['lpopCount', '2', '_'],
    ['rpush', 'one two', ':2'],
    ['lpush', 'zero minus', ':4'],
    ['lrange', '0 -1', ['$minus', '$zero', '$one', '$two']],
    ['lrange', '-3 2', ['$zero', '$one']],
    ['lrange', '-100 100', ['$minus', '$zero', '$one', '$two']],
    ['lrange', '5 10', []],
    ['lrange', '2 1', []],
    ['lindex', '0', '$minus'],
    ['lindex', '-1', '$two'],
    ['lindex', '4', '_'],
    ['lset', '-2 1', '+OK'],
    ['lset', '4 x', '-ERR index out of range'],
    ['rpushx', 'three', ':5'],
    ['llen', '', ':5'],
    ['lpop', '', '$minus'],
    ['rpop', '', '$three'],
    ['ltrim', '1 -1', '+OK'],
    ['lrange', '0 -1', ['$1', '$two']],
    ['rpush', 'x 1 x 1 x', ':7'],
    ['lrem', '-2 x', ':2'],
    ['lrem', '1 1', ':1'],
    ['lrange', '0 -1', ['$two', '$x', '$1', '$1']],
    ['lrem', '0 1', ':2'],
    ['lrem', '0 none', ':0'],
    ['lpopCount', '5', ['$two', '$x']],
    ['type', '', '+none'],
    ['rpush', 'a', ':1'],
    ['ltrim', '1 0', '+OK'],
    ['exists', '', ':0'],
  ],
  'a set': [
    ['sadd', 'Hello World', ':2'],
    ['sadd', 'World', ':0'],
    ['smembers', '', ['$Hello', '$World']],
    ['sismember', 'Hello', ':1'],
    ['sismember', 'none', ':0'],
    ['scard', '', ':2'],
    ['srem', 'none Hello', ':1'],
    ['srem', 'World', ':1'],
    ['scard', '', ':0'],
    ['exists', '', ':0'],
  ],
  'a sorted set': [
    ['zadd', '1 one', ':1'],
    ['zadd', '1 uno', ':1'],
    ['zadd', '3 one', ':0'],
    ['zrangeAll', '', ['$uno', '$1', '$one', '$3']],
    ['zincrby', '-2 one', '$1'],
    ['zrangeAll', '', ['$one', '$1', '$uno', '$1']],
    ['zscore', 'one', '$1'],
    ['zscore', 'none', '_'],
    ['zrank', 'uno', ':1'],
    ['zrank', 'none', '_'],
    ['zcard', '', ':2'],
    ['zpopmin', '', ['$one', '$1']],
    ['zrem', 'uno', ':1'],
    ['zrem', 'uno', ':0'],
    ['zpopmin', '', []],
    ['type', '', '+none'],
  ],
  'a key of changing types': [
    ['rpush', 'a', ':1'],
    ['type', '', '+list'],
    ['get', '', '-WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['hset', 'f v', '-WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['setGet', 'x', '-WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['incr', '', '-WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['setNx', 'x', '_'],
    ['setnx', 'x', ':0'],
    ['lrange', '0 -1', ['$a']],
    ['setXx', 'x', '+OK'],
    ['get', '', '$x'],
    ['sadd', 'm', '-WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['zadd', '1 m', '-WRONGTYPE Operation against a key holding the wrong kind of value'],
    ['del', '', ':1'],
    ['zadd', '1 m', ':1'],
    ['type', '', '+zset'],
    ['set', 'y', '+OK'],
    ['ttl', '', ':-1'],
    ['getDel', '', '$y'],
    ['setnx', 'z', ':1'],
    ['strlen', '', ':1'],
  ],
}

for (const [name, rows] of Object.entries(documented)) {
  test(`answers as documented: ${name}`, () => {
    let state: Value | undefined
    rows.forEach(([command, argument, reply], i) => {
      const outcome = keyCommands[command]!.apply(state, argument)
      equal(outcome.reply, typeof reply === 'string' ? reply : list(reply), `${i}: ${command} ${argument}`)
      if (!keyCommands[command]!.changes(outcome.reply)) {
        equal(identityOf(outcome.state), identityOf(state), `${command} ${argument} was said to change nothing`)
      }
      state = outcome.state
    })
  })
}

test('every command has an example', () => {
  const examples = new Set(Object.values(documented).flatMap((rows) => rows.map(([command]) => command)))
  for (const commands of [hashCommands, listCommands, setCommands, sortedSetCommands]) {
    for (const command of Object.keys(commands)) ok(examples.has(command), command)
  }
})

test('equal values have one identity, whatever their order; different ones have different ones', () => {
  const after = (...rows: readonly (readonly [string, string])[]): string => {
    let state: Value | undefined
    for (const [command, argument] of rows) state = keyCommands[command]!.apply(state, argument).state
    return identityOf(state)
  }
  equal(after(['hset', 'a 1'], ['hset', 'b 2']), after(['hset', 'b 2'], ['hset', 'a 1']))
  equal(after(['sadd', 'a b']), after(['sadd', 'b a']))
  const all = [after(), after(['set', '[]']), after(['rpush', 'a b']), after(['rpush', 'b a']), after(['sadd', 'a b'])]
  equal(new Set(all).size, all.length)
})

test('what RESP2 and RESP3 say differently, or Redis leaves open, has one form', () => {
  const canonical = (command: string, reply: string): string => keyCommands[command]!.canonical!(reply)
  const scores = list(['$a', '$1', '$b', '$2'])
  equal(canonical('zrangeAll', list([list(['$a', ',1']), list(['$b', ',2'])])), scores)
  equal(canonical('zrangeAll', scores), scores)
  equal(canonical('zpopmin', list(['$a', ',1'])), list(['$a', '$1']))
  equal(canonical('zscore', ',5'), '$5')
  equal(canonical('zscore', '_'), '_')
  equal(canonical('smembers', list(['$b', '$a'])), list(['$a', '$b']))
  deepEqual(canonical('hgetall', list(['$b', '$2', '$a', '$1'])), list(['$a', '$1', '$b', '$2']))
})
