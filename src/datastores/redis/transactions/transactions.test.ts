import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRandom } from '#kernel/base/random.ts'
import { encodeCommand, NodeTwin } from '../testing/node-twin.ts'

const crossSlot = "-CROSSSLOT Keys in request don't hash to the same slot\r\n"
const queued = '+QUEUED\r\n'

describe('transactions', () => {
  it('run as one evaluation, and a command that fails does not stop the others', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    node.exchange(connection, ['SET', 'text', 'x'])
    const before = node.gateway.submitted
    const replies = node.exchange(connection, ['MULTI'], ['INCR', 'n'], ['INCR', 'text'], ['INCR', 'n'], ['EXEC'])
    assert.equal(
      replies,
      `+OK\r\n${queued.repeat(3)}*3\r\n:1\r\n-ERR value is not an integer or out of range\r\n:2\r\n`,
    )
    assert.equal(node.gateway.submitted, before + 1)
  })

  it('of reads only need no entry in the log', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    node.exchange(connection, ['SET', 'a', '1'])
    connection.send([['MULTI'], ['GET', 'a'], ['STRLEN', 'a'], ['EXEC']].map(encodeCommand).join(''))
    // Before the turn ends only reads are answered.
    assert.equal(connection.received(), `+OK\r\n${queued.repeat(2)}*2\r\n$1\r\n1\r\n:1\r\n`)
  })

  it('answer what the connection knows itself among the rest', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    const replies = node.exchange(
      connection,
      ['MULTI'],
      ['PING'],
      ['SET', 'a', '1'],
      ['ECHO', 'x'],
      ['SELECT', '7'],
      ['EXEC'],
    )
    assert.equal(
      replies,
      `+OK\r\n${queued.repeat(4)}*4\r\n+PONG\r\n+OK\r\n$1\r\nx\r\n-ERR DB index is out of range\r\n`,
    )
    const alone = node.exchange(connection, ['MULTI'], ['CLIENT', 'SETNAME', 'me'], ['CLIENT', 'GETNAME'], ['EXEC'])
    assert.equal(alone, `+OK\r\n${queued.repeat(2)}*2\r\n+OK\r\n$2\r\nme\r\n`)
    assert.equal(node.exchange(connection, ['MULTI'], ['EXEC']), '+OK\r\n*0\r\n')
  })

  it('are not executed when a watched key has changed, by whomever', () => {
    const node = new NodeTwin()
    const [mine, other] = [node.connect(), node.connect()]
    const changes: readonly (readonly string[])[] = [
      ['SET', 'k', '2'],
      ['APPEND', 'k', 'x'],
      ['DEL', 'k'],
      ['EXPIRE', 'k', '100'],
      ['PERSIST', 'k'],
      ['RENAME', 'k', 'k2'],
      ['RENAME', 'other', 'k'],
      ['FLUSHALL'],
    ]
    for (const change of changes) {
      node.exchange(other, ['FLUSHALL'], ['SET', 'k', '1', 'EX', '50'], ['SET', 'other', '1'])
      node.exchange(mine, ['WATCH', 'k'])
      node.exchange(other, change)
      assert.equal(node.exchange(mine, ['MULTI'], ['PING'], ['EXEC']), `+OK\r\n${queued}*-1\r\n`, change.join(' '))
      assert.equal(node.exchange(mine, ['MULTI'], ['PING'], ['EXEC']), `+OK\r\n${queued}*1\r\n+PONG\r\n`)
    }
    node.exchange(mine, ['SET', 'k', '1'], ['WATCH', 'k'], ['SET', 'k', '2'])
    assert.equal(node.exchange(mine, ['MULTI'], ['PING'], ['EXEC']), `+OK\r\n${queued}*-1\r\n`)
  })

  it('are executed when a watched key was only read, or its collection is as it was', () => {
    const node = new NodeTwin()
    const [mine, other] = [node.connect(), node.connect()]
    node.exchange(other, ['RPUSH', 'list', 'a'], ['SET', 'k', '1'])
    node.exchange(mine, ['WATCH', 'list', 'k', 'absent'])
    node.exchange(other, ['LRANGE', 'list', '0', '-1'], ['GET', 'k'], ['SETNX', 'k', '2'], ['LREM', 'list', '0', 'b'])
    assert.equal(node.exchange(mine, ['MULTI'], ['GET', 'k'], ['EXEC']), `+OK\r\n${queued}*1\r\n$1\r\n1\r\n`)
  })

  it('are not executed when a watched key has expired', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    node.exchange(connection, ['SET', 'k', '1', 'PX', '100'], ['WATCH', 'k'])
    node.advanceMs(101)
    assert.equal(node.exchange(connection, ['MULTI'], ['GET', 'k'], ['EXEC']), `+OK\r\n${queued}*-1\r\n`)
  })

  it('forget the watched keys at UNWATCH, DISCARD, RESET and EXEC', () => {
    for (const forget of [['UNWATCH'], ['MULTI'], ['RESET']] as const) {
      const node = new NodeTwin()
      const connection = node.connect()
      node.exchange(connection, ['WATCH', 'k'], forget, ['DISCARD'], ['SET', 'k', '1'])
      assert.equal(node.exchange(connection, ['MULTI'], ['PING'], ['EXEC']), `+OK\r\n${queued}*1\r\n+PONG\r\n`)
    }
  })

  it('carry the versions of a WATCH in the same pipeline, however late they come', () => {
    const node = new NodeTwin({ shardCount: 4 })
    node.gateway.answers = 'late'
    const connection = node.connect()
    const commands = [
      ['SET', 'k', '1'],
      ['WATCH', 'k', '{k}a', '{k}b'],
      ['MULTI'],
      ['INCR', 'k'],
      ['EXEC'],
      ['GET', 'k'],
    ]
    connection.send(commands.map(encodeCommand).join(''))
    const random = createRandom('versions')
    node.endTurn()
    while (node.gateway.deliver(random)) node.endTurn()
    assert.equal(connection.received(), `+OK\r\n+OK\r\n+OK\r\n${queued}*1\r\n:2\r\n$1\r\n2\r\n`)
  })

  it('cannot depend on keys of several shards, which WATCH refuses, or EXEC after several of it', () => {
    const node = new NodeTwin({ shardCount: 4 })
    const connection = node.connect()
    assert.equal(node.exchange(connection, ['WATCH', 'k', 'a', 'b']), crossSlot)
    assert.equal(node.exchange(connection, ['WATCH', 'k'], ['WATCH', 'a'], ['WATCH', 'b']), '+OK\r\n'.repeat(3))
    assert.equal(node.exchange(connection, ['MULTI'], ['INCR', 'k'], ['EXEC']), `+OK\r\n${queued}${crossSlot}`)
  })

  it('depend on keys as they were at one moment', () => {
    const node = new NodeTwin()
    node.gateway.answers = 'late'
    const connection = node.connect()
    connection.send(encodeCommand(['WATCH', 'k', 'other']))
    node.endTurn()
    assert.equal(node.gateway.deliver(createRandom('one')), true)
    node.endTurn()
    assert.equal(connection.received(), '+OK\r\n')
  })

  it('over several shards are refused, over one slot not', () => {
    const node = new NodeTwin({ shardCount: 4 })
    const connection = node.connect()
    assert.equal(
      node.exchange(
        connection,
        ['MULTI'],
        ['SET', 'a', '1'],
        ['SET', 'b', '1'],
        ['EXEC'],
        ['EXISTS', 'a'],
        ['EXISTS', 'b'],
      ),
      `+OK\r\n${queued.repeat(2)}${crossSlot}:0\r\n:0\r\n`,
    )
    assert.equal(
      node.exchange(connection, ['MULTI'], ['SET', '{x}a', '1'], ['SET', '{x}b', '1'], ['EXEC']),
      `+OK\r\n${queued.repeat(2)}*2\r\n+OK\r\n+OK\r\n`,
    )
    assert.equal(node.exchange(connection, ['MULTI'], ['DBSIZE'], ['EXEC']), `+OK\r\n${queued}${crossSlot}`)
  })

  it('say null and maps as the protocol of the connection has them', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    node.exchange(connection, ['HELLO', '3'], ['HSET', 'h', 'f', 'v'], ['WATCH', 'k'], ['SET', 'k', '1'])
    assert.equal(node.exchange(connection, ['MULTI'], ['GET', 'none'], ['EXEC']), `+OK\r\n${queued}_\r\n`)
    assert.equal(
      node.exchange(connection, ['MULTI'], ['GET', 'none'], ['HGETALL', 'h'], ['EXEC']),
      `+OK\r\n${queued.repeat(2)}*2\r\n_\r\n%1\r\n$1\r\nf\r\n$1\r\nv\r\n`,
    )
  })
})
