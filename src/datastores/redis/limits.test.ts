import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { nameBytesMax, replyBytesMax, stringBytesMax } from './limits.ts'
import { NodeTwin } from './testing/node-twin.ts'

const tooLong = `-ERR a key, field or member is longer than ${nameBytesMax} bytes\r\n`
/** Longest key that a table holds (`kernel/storage`): one that is longer would end every replica. */
const rowKeyBytesMax = (1 << 20) - 1

describe('limits', () => {
  it('of names: what is allowed makes rows that a table holds', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    const name = 'k'.repeat(nameBytesMax)
    const member = 'm'.repeat(nameBytesMax)
    node.exchange(connection, ['SET', name, 'v', 'EX', 100])
    node.exchange(connection, ['HSET', `${name.slice(1)}h`, member, 'v'])
    node.exchange(connection, ['ZADD', `${name.slice(1)}z`, 1, member])
    node.exchange(connection, ['RPUSH', `${name.slice(1)}l`, member])
    const { rows } = node.gateway.shards[0]!.evaluation.dump()
    assert.equal(rows.length, 9)
    for (const [key] of rows) assert.ok(key.length <= rowKeyBytesMax, `a row's key of ${key.length} bytes`)
  })

  it('of names: what is longer is refused', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    const name = 'k'.repeat(nameBytesMax + 1)
    const commands = [
      ...[
        ['SET', name, 'v'],
        ['GET', name],
        ['RENAME', 'a', name],
        ['RPUSH', name, 'x'],
        ['WATCH', name],
      ],
      ...[
        ['HSET', 'h', name, 'v'],
        ['SADD', 's', name],
        ['ZADD', 'z', '1', name],
        ['ZINCRBY', 'z', '1', name],
      ],
    ]
    node.exchange(connection, ['SET', 'a', '1'])
    assert.equal(node.exchange(connection, ...commands), tooLong.repeat(commands.length))
    assert.equal(
      node.exchange(connection, ['DBSIZE'], ['MSET', 'b', '1', name, '2'], ['DBSIZE']),
      `:1\r\n${tooLong}:1\r\n`,
    )
  })

  it('of replies: a command that would answer more fails, alone or in a transaction', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    const failure = `-ERR the reply is longer than ${replyBytesMax} bytes\r\n`
    node.exchange(connection, ['SET', 'a', 'x'.repeat(1 << 20)])
    assert.equal(
      node.exchange(connection, ['MGET', ...new Array<string>(20).fill('a')], ['PING']),
      `${failure}+PONG\r\n`,
    )
    const gets = new Array<string[]>(16).fill(['GETRANGE', 'a', '0', '-1'])
    const replies = node.exchange(connection, ['MULTI'], ...gets, ['INCR', 'n'], ['EXEC'])
    assert.ok(replies.endsWith(`${failure.repeat(2)}:1\r\n`))
  })

  it('of values: a string grows to 8 MiB', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    node.exchange(connection, ['SETRANGE', 'a', stringBytesMax - 1, 'x'])
    assert.equal(node.exchange(connection, ['STRLEN', 'a']), `:${stringBytesMax}\r\n`)
    const failure = '-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n'
    assert.equal(
      node.exchange(connection, ['APPEND', 'a', 'x'], ['SETRANGE', 'a', stringBytesMax, 'x']),
      failure.repeat(2),
    )
  })
})
