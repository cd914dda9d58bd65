import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import { redis } from '../index.ts'
import { keySlot } from '../slots.ts'
import type { ConnectionTwin } from '../testing/node-twin.ts'
import { NodeTwin } from '../testing/node-twin.ts'
import { readReply } from '../testing/reply-reader.ts'

function texts(reply: string): string[] {
  return readReply(latin1Bytes(reply), 0)!.reply.parts!.map((part) => part.text!)
}

/** One SCAN call. */
function scanOnce(node: NodeTwin, connection: ConnectionTwin, cursor: string, count: number) {
  const { parts } = readReply(latin1Bytes(node.exchange(connection, ['SCAN', cursor, 'COUNT', count])), 0)!.reply
  return { cursor: parts![0]!.text!, keys: parts![1]!.parts!.map((part) => part.text!) }
}

describe('slots', () => {
  it('are those of the Redis Cluster specification', () => {
    const slot = (key: string) => keySlot(latin1Bytes(key), 0, key.length)
    assert.equal(slot('123456789'), 0x31c3)
    assert.equal(slot('{user1000}.following'), slot('{user1000}.followers'))
    assert.equal(slot('foo{}{bar}'), slot('foo{}{bar}'))
    assert.notEqual(slot('foo{}{bar}'), slot('bar'))
    assert.equal(slot('foo{{bar}}zap'), slot('{bar'))
    assert.equal(slot('foo{bar}{zap}'), slot('bar'))
    assert.equal(slot('foo{bar'), keySlot(latin1Bytes('xfoo{barx'), 1, 8))
    assert.equal(slot(''), 0)
  })
})

describe('all keys', () => {
  for (const shardCount of [1, 4]) {
    it(`are counted, listed, drawn and flushed over ${shardCount} shards`, () => {
      const node = new NodeTwin({ shardCount })
      const connection = node.connect()
      const names = Array.from({ length: 50 }, (_, i) => `k${i}`)
      assert.equal(node.exchange(connection, ['RANDOMKEY'], ['DBSIZE'], ['KEYS', '*']), '$-1\r\n:0\r\n*0\r\n')
      for (const name of names) node.exchange(connection, ['SET', name, '1'])
      assert.equal(node.exchange(connection, ['DBSIZE']), ':50\r\n')
      assert.deepEqual(texts(node.exchange(connection, ['KEYS', 'k*'])).sort(), names.toSorted())
      const drawn = new Set(Array.from({ length: 300 }, () => node.exchange(connection, ['RANDOMKEY'])))
      assert.ok(drawn.size > 25, `${drawn.size} different keys drawn`)
      assert.match(node.exchange(connection, ['INFO', 'keyspace']), /db0:keys=50,expires=0/)
      assert.equal(node.exchange(connection, ['FLUSHALL'], ['DBSIZE'], ['KEYS', '*']), '+OK\r\n:0\r\n*0\r\n')
      assert.equal(node.exchange(connection, ['FLUSHALL', 'LATER']), '-ERR syntax error\r\n')
    })
  }

  it('fail together where one shard fails', () => {
    const node = new NodeTwin({ shardCount: 4 })
    const connection = node.connect()
    node.gateway.failure = 'UNAVAILABLE'
    const failed = '-CLUSTERDOWN The cluster is down\r\n'
    assert.equal(
      node.exchange(connection, ['DBSIZE'], ['KEYS', '*'], ['RANDOMKEY'], ['SCAN', '0'], ['INFO'], ['FLUSHALL']),
      failed.repeat(6),
    )
  })

  it('that are there throughout are scanned, whatever comes and goes meanwhile', () => {
    const names = fc.uniqueArray(fc.string({ maxLength: 6, unit: fc.constantFrom('a', 'b', '{', '}', '1') }), {
      maxLength: 40,
    })
    const tagged = names.map((all) => all.map((name) => `{tag}${name}`))
    fc.assert(
      fc.property(
        fc.oneof(names, tagged),
        fc.integer({ min: 1, max: 7 }),
        fc.constantFrom(1, 3),
        (all, count, shardCount) => {
          const node = new NodeTwin({ shardCount })
          const connection = node.connect()
          const others = all.map((name) => `${name}x`)
          for (const name of [...all, ...others]) node.exchange(connection, ['SET', name, '1'])
          const seen: string[] = []
          let cursor = '0'
          let calls = 0
          do {
            const step = scanOnce(node, connection, cursor, count)
            cursor = step.cursor
            seen.push(...step.keys)
            const other = others[calls++ % Math.max(1, others.length)]
            if (other !== undefined) node.exchange(connection, calls % 3 === 0 ? ['SET', other, '2'] : ['DEL', other])
          } while (cursor !== '0')
          for (const name of all) assert.equal(seen.filter((each) => each === name).length, 1, name)
          assert.ok(calls <= all.length * 2 + 2 * shardCount)
        },
      ),
      { numRuns: 100 },
    )
  })

  it('of a slot are counted and listed', () => {
    const node = new NodeTwin({ shardCount: 4 })
    const connection = node.connect()
    for (const name of ['{a}1', '{a}2', '{a}3', 'b']) node.exchange(connection, ['SET', name, '1'])
    const slot = keySlot(latin1Bytes('a'), 0, 1)
    assert.equal(node.exchange(connection, ['CLUSTER', 'COUNTKEYSINSLOT', slot]), ':3\r\n')
    assert.equal(texts(node.exchange(connection, ['CLUSTER', 'GETKEYSINSLOT', slot, 2])).length, 2)
    assert.equal(
      node.exchange(connection, ['CLUSTER', 'COUNTKEYSINSLOT', 'x']),
      '-ERR Invalid or out of range slot\r\n',
    )
    assert.equal(node.exchange(connection, ['CLUSTER', 'COUNTKEYSINSLOT', 16384]), '-ERR Invalid slot\r\n')
  })
})

describe('commands over several shards', () => {
  it('are refused, and within one slot are not', () => {
    const node = new NodeTwin({ shardCount: 4 })
    const connection = node.connect()
    const crossSlot = "-CROSSSLOT Keys in request don't hash to the same slot\r\n"
    assert.equal(
      node.exchange(connection, ['MSET', 'a', '1', 'b', '2'], ['MGET', 'a', 'b'], ['DEL', 'a', 'b']),
      crossSlot.repeat(3),
    )
    assert.equal(
      node.exchange(connection, ['MSET', '{t}a', '1', '{t}b', '2'], ['MGET', '{t}a', '{t}b']),
      '+OK\r\n*2\r\n$1\r\n1\r\n$1\r\n2\r\n',
    )
    assert.equal(
      node.exchange(connection, ['ZUNIONSTORE', 'a', '1', 'b'], ['SUNIONSTORE', 'a', 'b']),
      crossSlot.repeat(2),
    )
  })
})

describe('expired keys', () => {
  it('are gone for reads, which delete them', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    const [{ evaluation }] = node.gateway.shards as [(typeof node.gateway.shards)[number]]
    node.exchange(connection, ['SET', 'k', '1', 'PX', '50'], ['HSET', 'h', 'f', 'v'], ['PEXPIRE', 'h', '50'])
    assert.equal(evaluation.counter('expires'), 2)
    node.advanceMs(49)
    assert.equal(
      node.exchange(connection, ['GET', 'k'], ['PTTL', 'k'], ['HGET', 'h', 'f']),
      '$1\r\n1\r\n:1\r\n$1\r\nv\r\n',
    )
    node.advanceMs(1)
    assert.equal(
      node.exchange(connection, ['GET', 'k'], ['HGET', 'h', 'f'], ['EXISTS', 'k', 'h'], ['DBSIZE']),
      '$-1\r\n$-1\r\n:0\r\n:0\r\n',
    )
    assert.equal(evaluation.rowCount, 0)
    assert.deepEqual(evaluation.dump().counters, [])
  })

  it('stay deleted when the command that found them fails', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    node.exchange(connection, ['RPUSH', 'k', 'x'], ['PEXPIRE', 'k', '50'])
    node.advanceMs(50)
    assert.equal(node.exchange(connection, ['LSET', 'k', '0', 'y']), '-ERR no such key\r\n')
    assert.equal(node.gateway.shards[0]!.evaluation.rowCount, 0)
  })

  it('are not listed', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    node.exchange(connection, ['MSET', 'a', '1', 'b', '1'], ['PEXPIRE', 'a', '50'])
    node.advanceMs(50)
    assert.equal(
      node.exchange(connection, ['KEYS', '*'], ['SCAN', '0'], ['RANDOMKEY'], ['DBSIZE']),
      '*1\r\n$1\r\nb\r\n*2\r\n$1\r\n0\r\n*1\r\n$1\r\nb\r\n$1\r\nb\r\n:1\r\n',
    )
  })

  it('are swept in the background, some at a time', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    const [spec] = redis.background!
    const sweep = redis.evaluators.find(({ name }) => name === spec!.evaluator)!
    const [{ evaluation }] = node.gateway.shards as [(typeof node.gateway.shards)[number]]
    const runAll = () => {
      for (let round = 0; round < 16; round++) {
        const args = spec!.args(round, (name) => evaluation.counter(name))
        if (args) node.gateway.evaluate(evaluation, sweep, args, new ByteWriter())
      }
    }
    assert.equal(
      spec!.args(0, () => 0),
      undefined,
    )
    for (let i = 0; i < 2000; i++)
      node.exchange(connection, ['SET', `k${i}`, '1', 'PX', String(i % 2 === 0 ? 50 : 500)])
    node.exchange(connection, ['SET', 'stays', '1'])
    runAll()
    assert.equal(node.exchange(connection, ['DBSIZE']), ':2001\r\n')
    node.advanceMs(100)
    runAll()
    assert.equal(node.exchange(connection, ['DBSIZE']), ':1001\r\n')
    node.advanceMs(1000)
    runAll()
    assert.equal(node.exchange(connection, ['DBSIZE'], ['GET', 'stays']), ':1\r\n$1\r\n1\r\n')
    assert.equal(evaluation.rowCount, 1)
  })
})

describe('rows', () => {
  it('are what MEMORY USAGE counts', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    node.exchange(connection, ['ZADD', 'z', '1', 'a', '2', 'bc'])
    const { rows } = node.gateway.shards[0]!.evaluation.dump()
    const bytes = rows.reduce((sum, [key, value]) => sum + key.length + value.length, 0)
    assert.equal(node.exchange(connection, ['MEMORY', 'USAGE', 'z']), `:${bytes}\r\n`)
    assert.equal(node.exchange(connection, ['MEMORY', 'USAGE', 'none', 'SAMPLES', 0]), '$-1\r\n')
  })

  it('keep their invariants, whatever is done', () => {
    const name = fc.constantFrom('a', 'b', 'c', '{a}d')
    const command = fc.oneof(
      fc.tuple(fc.constant('SET'), name, fc.constantFrom('1', 'x')),
      fc.tuple(fc.constant('SET'), name, fc.constant('1'), fc.constantFrom('PX', 'EX'), fc.constantFrom('5', '1000')),
      fc.tuple(fc.constantFrom('RPUSH', 'SADD', 'LPUSH'), name, fc.constantFrom('x', 'y', 'z')),
      fc.tuple(fc.constantFrom('HSET', 'ZADD'), name, fc.constantFrom('1', '2'), fc.constantFrom('x', 'y')),
      fc.tuple(fc.constantFrom('DEL', 'PERSIST', 'INCR', 'GETDEL', 'LPOP', 'SPOP', 'ZPOPMIN', 'TYPE'), name),
      fc.tuple(fc.constantFrom('PEXPIRE', 'EXPIRE'), name, fc.constantFrom('-1', '5', '1000')),
      fc.tuple(fc.constantFrom('RENAME', 'RENAMENX', 'COPY', 'SUNIONSTORE', 'LMOVE'), name, name),
      fc.tuple(fc.constant('COPY'), name, name, fc.constant('REPLACE')),
      fc.tuple(fc.constantFrom('MULTI', 'EXEC', 'advance')),
    )
    fc.assert(
      fc.property(fc.array(command, { maxLength: 60 }), (commands) => {
        const node = new NodeTwin()
        const connection = node.connect()
        for (const words of commands) {
          if (words[0] === 'advance') node.advanceMs(10)
          else node.exchange(connection, words)
        }
        node.exchange(connection, ['DISCARD'])
        checkRows(node)
      }),
      { numRuns: 500 },
    )
  })
})

/** The invariants of `keyspace.ts`. */
function checkRows(node: NodeTwin): void {
  const { rows, counters } = node.gateway.shards[0]!.evaluation.dump()
  const kind = (wanted: number) => rows.filter(([key]) => key.charCodeAt(2) === wanted)
  const headers = kind(0)
  const expiring = headers.filter(([, value]) => value.charCodeAt(0) & 0x80)
  assert.deepEqual(
    counters,
    [
      ['expires', expiring.length],
      ['keys', headers.length],
    ].filter(([, count]) => count !== 0),
  )
  const listed = kind(3).map(([key]) => key)
  assert.deepEqual(
    listed,
    expiring.map(([key, value]) => `${key.slice(0, 2)}\x03${value.slice(9, 17)}${key.slice(7)}`).sort(),
  )
  const owners = new Set(headers.map(([key]) => `${key.slice(0, 2)}${key.slice(7)}`))
  for (const [key] of [...kind(1), ...kind(2)]) {
    const length = key.charCodeAt(3)
    assert.ok(
      owners.has(`${key.slice(0, 2)}${key.slice(4, 4 + length)}`),
      `an element row without its key: ${JSON.stringify(key)}`,
    )
  }
}
