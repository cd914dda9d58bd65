import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { createRandom } from '#kernel/base/random.ts'
import type { ConnectionTwin } from '../testing/node-twin.ts'
import { encodeCommand, NodeTwin } from '../testing/node-twin.ts'

/** Tells outcomes in a random order until none is left, ending the turn after each. */
function deliverAll(node: NodeTwin, seed = 'deliver'): void {
  const random = createRandom(seed)
  node.endTurn()
  while (node.gateway.deliver(random)) node.endTurn()
}

function send(connection: ConnectionTwin, ...commands: readonly (readonly (string | number)[])[]): void {
  connection.send(commands.map(encodeCommand).join(''))
}

describe('replies of a connection', () => {
  it('to a pipeline of reads leave as one write', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    assert.equal(node.exchange(connection, ['PING'], ['GET', 'a'], ['ECHO', 'x']), '+PONG\r\n$-1\r\n$1\r\nx\r\n')
    assert.equal(connection.writes, 1)
  })

  it('show its own writes', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    const replies = node.exchange(connection, ['SET', 'a', '1'], ['GET', 'a'], ['PING'], ['INCR', 'a'], ['GET', 'a'])
    assert.equal(replies, '+OK\r\n$1\r\n1\r\n+PONG\r\n:2\r\n$1\r\n2\r\n')
  })

  it('are in the order of the requests, whatever shard answers first', () => {
    const word = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h')
    const command = fc.oneof(
      fc.tuple(fc.constant('SET'), word, word),
      fc.tuple(fc.constantFrom('GET', 'INCR', 'TTL', 'NOSUCH'), word),
      fc.constantFrom(
        ['PING'],
        ['DBSIZE'],
        ['KEYS', 'no*'],
        ['MULTI'],
        ['EXEC'],
        ['SELECT', '1'],
        ['CLIENT', 'GETNAME'],
      ),
      fc.tuple(fc.constant('WATCH'), word),
      fc.tuple(fc.constantFrom('MGET', 'DEL'), word, word),
    )
    fc.assert(
      fc.property(
        fc.array(command, { maxLength: 40 }),
        fc.constantFrom(1, 4),
        fc.nat(),
        (commands, shardCount, seed) => {
          const expected = new NodeTwin({ shardCount })
          const inTurn = expected.connect()
          const wanted = commands.map((each) => expected.exchange(inTurn, each)).join('')
          const node = new NodeTwin({ shardCount })
          node.gateway.answers = 'late'
          const connection = node.connect()
          send(connection, ...commands)
          deliverAll(node, String(seed))
          assert.equal(connection.received(), wanted)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('are the same however the stream is cut', () => {
    const stream = [['SET', 'a', 'x\r\n*1'], ['GET', 'a'], ['MULTI'], ['INCR', 'n'], ['EXEC']]
      .map(encodeCommand)
      .join('')
    const wanted = '+OK\r\n$5\r\nx\r\n*1\r\n+OK\r\n+QUEUED\r\n*1\r\n:1\r\n'
    for (let cut = 0; cut <= stream.length; cut++) {
      const node = new NodeTwin()
      const connection = node.connect()
      connection.send(stream.slice(0, cut))
      connection.send(stream.slice(cut))
      node.endTurn()
      assert.equal(connection.received(), wanted)
    }
  })
})

describe('a connection ends', () => {
  it('after the replies before a protocol error, and says what is wrong', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    connection.send(`${encodeCommand(['SET', 'a', '1'])}*1\r\n$2147483648\r\n${encodeCommand(['PING'])}`)
    assert.equal(connection.state, 'open')
    node.endTurn()
    assert.equal(connection.received(), '+OK\r\n-ERR Protocol error: invalid bulk length\r\n')
    assert.equal(connection.state, 'ended')
  })

  it('after QUIT, and looks at nothing that follows', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    assert.equal(node.exchange(connection, ['INCR', 'a'], ['QUIT'], ['INCR', 'a']), ':1\r\n+OK\r\n')
    assert.equal(connection.state, 'ended')
    assert.equal(node.exchange(node.connect(), ['GET', 'a']), '$1\r\n1\r\n')
  })

  it('when the other side has ended, after its requests are answered', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    send(connection, ['SET', 'a', '1'], ['GET', 'a'])
    connection.handler.ended?.()
    assert.equal(connection.state, 'open')
    node.endTurn()
    assert.equal(connection.received(), '+OK\r\n$1\r\n1\r\n')
    assert.equal(connection.state, 'ended')
  })

  it('without a word where it is not known what was done, after the replies before', () => {
    const node = new NodeTwin()
    node.gateway.answers = 'late'
    const connection = node.connect()
    send(connection, ['SET', 'a', '1'])
    node.gateway.failure = 'UNKNOWN'
    send(connection, ['INCR', 'a'])
    node.gateway.failure = undefined
    send(connection, ['PING'], ['GET', 'a'])
    deliverAll(node)
    assert.equal(connection.received(), '+OK\r\n')
    assert.equal(connection.state, 'ended')
  })

  it('at once where there are too many', () => {
    const node = new NodeTwin({ limits: { clientsMax: 1 } })
    const first = node.connect()
    const second = node.connect()
    assert.equal(second.received(), '-ERR max number of clients reached\r\n')
    assert.equal(second.state, 'ended')
    first.handler.closed()
    assert.equal(node.connect().state, 'open')
  })

  it('where the client came from a web page', () => {
    for (const line of ['POST / HTTP/1.1', 'host: localhost:6379']) {
      const node = new NodeTwin()
      const connection = node.connect()
      connection.send(`${line}\r\nSET a 1\r\n`)
      node.endTurn()
      assert.equal(connection.received(), '')
      assert.equal(connection.state, 'destroyed')
    }
  })
})

describe('what shards cannot do', () => {
  const texts = {
    CROSS_SHARD: "-CROSSSLOT Keys in request don't hash to the same slot\r\n",
    UNAVAILABLE: '-CLUSTERDOWN The cluster is down\r\n',
    INTERNAL: '-ERR internal error\r\n',
    TOO_LARGE: '-ERR the command and its effects exceed the maximum allowed size\r\n',
  } as const
  for (const reason of ['CROSS_SHARD', 'UNAVAILABLE', 'INTERNAL', 'TOO_LARGE'] as const) {
    it(`is an error, and the connection goes on: ${reason}`, () => {
      const node = new NodeTwin()
      const connection = node.connect()
      node.gateway.failure = reason
      const replies = node.exchange(connection, ['SET', 'a', '1'], ['WATCH', 'a'], ['MULTI'], ['GET', 'a'], ['EXEC'])
      assert.equal(replies, `${texts[reason]}${texts[reason]}+OK\r\n+QUEUED\r\n${texts[reason]}`)
      node.gateway.failure = undefined
      assert.equal(node.exchange(connection, ['GET', 'a']), '$-1\r\n')
    })
  }
})

describe('memory of a client', () => {
  it('is bounded while it does not read: its requests wait', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    const value = 'x'.repeat(100_000)
    node.exchange(connection, ['SET', 'a', value])
    connection.stuck = true
    send(connection, ...Array.from({ length: 1000 }, () => ['GET', 'a']))
    node.endTurn()
    assert.ok(connection.paused)
    assert.ok(connection.queuedBytes < 2 << 20, `${connection.queuedBytes} bytes are queued`)
    let received = connection.received().length
    for (let i = 0; i < 1000 && connection.paused; i++) {
      connection.unstick()
      connection.stuck = true
      received += connection.received().length
    }
    assert.equal(received, 1000 * (value.length + '$100000\r\n\r\n'.length))
    assert.equal(connection.paused, false)
  })

  it('is bounded while shards do not answer', () => {
    const node = new NodeTwin()
    node.gateway.answers = 'late'
    const connection = node.connect()
    send(connection, ...Array.from({ length: 20_000 }, () => ['INCR', 'a']))
    assert.ok(connection.paused)
    assert.equal(node.gateway.waiting, 8192)
    deliverAll(node)
    assert.equal(connection.paused, false)
    const replies = connection.received().split('\r\n')
    assert.equal(replies.length, 20_001)
    assert.equal(replies[19_999], ':20000')
  })

  it('is bounded by the size of what it asks', () => {
    const node = new NodeTwin({ limits: { clientMemoryBytesMax: 4 << 20 } })
    node.gateway.answers = 'late'
    const connection = node.connect()
    const value = 'x'.repeat(10_000)
    for (let i = 0; i < 1000; i++) {
      send(connection, ['SET', `k${i}`, value])
      if (connection.paused) deliverAll(node)
      assert.ok(node.gateway.waiting * value.length < 2 << 20)
    }
    deliverAll(node)
    assert.equal(connection.received(), '+OK\r\n'.repeat(1000))
  })

  it('ends where one reply is more than it may hold', () => {
    const node = new NodeTwin({ limits: { clientMemoryBytesMax: 1 << 20 } })
    const connection = node.connect()
    for (let i = 0; i < 20; i++) node.exchange(connection, ['SET', `k${i}`, 'x'.repeat(100_000)])
    connection.stuck = true
    node.exchange(connection, ['MGET', ...Array.from({ length: 20 }, (_, i) => `k${i}`)])
    assert.equal(connection.state, 'destroyed')
    assert.deepEqual(node.logged, ['Closed a client that does not read its replies'])
  })

  it('is bounded between MULTI and EXEC', () => {
    const node = new NodeTwin({ limits: { clientMemoryBytesMax: 4 << 20 } })
    const connection = node.connect()
    const sets = Array.from({ length: 200 }, (_, i) => ['SET', `k${i}`, 'x'.repeat(10_000)])
    const replies = node.exchange(connection, ['MULTI'], ...sets, ['EXEC']).split('\r\n')
    assert.equal(replies[1], '+QUEUED')
    assert.match(replies[200]!, /^-ERR the command and its effects exceed/)
    assert.match(replies[201]!, /^-EXECABORT/)
  })
})

describe('garbage', () => {
  it('never makes more than an error and an end', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '*',
        '$',
        '\r\n',
        '\n',
        '0',
        '1',
        '3',
        'SET',
        'GET',
        'a',
        '"',
        '*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1\r\nb\r\n',
      ),
      fc.uint8Array({ maxLength: 8 }).map((bytes) => String.fromCharCode(...bytes)),
    )
    fc.assert(
      fc.property(fc.array(fc.array(piece, { maxLength: 8 }), { maxLength: 8 }), (chunks) => {
        const node = new NodeTwin()
        const connection = node.connect()
        for (const chunk of chunks) {
          connection.send(chunk.join(''))
          node.endTurn()
        }
        assert.deepEqual(node.logged, [])
        assert.equal(node.exchange(node.connect(), ['PING']), '+PONG\r\n')
      }),
      { numRuns: 500 },
    )
  })

  it('of a million arguments is answered as any command', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    connection.send(`*1048576\r\n$4\r\nMGET\r\n${'$1\r\na\r\n'.repeat(1_048_575)}*1048577\r\n`)
    node.endTurn()
    const replies = connection.received()
    assert.ok(replies.startsWith('*1048575\r\n$-1\r\n'))
    assert.ok(replies.endsWith('$-1\r\n-ERR Protocol error: invalid multibulk length\r\n'))
  })
})

describe('connections that come and go', () => {
  it('leave nothing behind, ten thousand of them', () => {
    const node = new NodeTwin()
    node.gateway.answers = 'late'
    for (let i = 0; i < 10_000; i++) {
      const connection = node.connect()
      connection.send(encodeCommand(i % 2 === 0 ? ['SET', 'a', i] : ['MULTI']))
      connection.send('*2\r\n$3\r\nGET\r\n$100')
      connection.handler.closed()
    }
    deliverAll(node)
    node.gateway.answers = 'at once'
    const last = node.connect()
    assert.equal(node.exchange(last, ['CLIENT', 'LIST']).split('id=').length - 1, 1)
    assert.equal(node.exchange(last, ['GET', 'a']), '$4\r\n9998\r\n')
  })
})
