import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { latin1Bytes } from '#kernel/base/bytes.ts'
import type { ConnectionTwin } from '../testing/node-twin.ts'
import { NodeTwin } from '../testing/node-twin.ts'
import type { ReplyTree } from '../testing/reply-reader.ts'
import { readReply } from '../testing/reply-reader.ts'

type Plain = string | null | readonly Plain[]

function plain({ text, parts }: ReplyTree): Plain {
  return parts ? parts.map(plain) : (text ?? null)
}

/** A reply as nested lists of texts. */
function ask(node: NodeTwin, connection: ConnectionTwin, ...words: readonly (string | number)[]): Plain {
  return plain(readReply(latin1Bytes(node.exchange(connection, words)), 0)!.reply)
}

/** `name:value` or `name=value` pairs. */
function fields(text: Plain, separator: RegExp): Record<string, string> {
  return Object.fromEntries(
    String(text)
      .split(separator)
      .filter((part) => /[:=]/.test(part))
      .map((part) => [part.slice(0, part.search(/[:=]/)), part.slice(part.search(/[:=]/) + 1)]),
  )
}

describe('HELLO', () => {
  it('chooses the protocol, names the client and says who answers', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    const reply = node.exchange(connection, ['HELLO', 3, 'SETNAME', 'me'])
    assert.equal(reply[0], '%')
    assert.match(reply, /\$6\r\nserver\r\n\$5\r\nredis\r\n.*\$5\r\nproto\r\n:3\r\n/s)
    assert.equal(node.exchange(connection, ['CLIENT', 'GETNAME'], ['GET', 'none']), '$2\r\nme\r\n_\r\n')
    assert.equal(node.exchange(connection, ['RESET'], ['GET', 'none']), '+RESET\r\n$-1\r\n')
  })
  it('refuses other users and versions, and then changes nothing', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    const replies = node.exchange(connection, ['HELLO', 3, 'AUTH', 'someone', 'x'], ['HELLO', 4], ['GET', 'none'])
    assert.equal(
      replies,
      '-WRONGPASS invalid username-password pair or user is disabled.\r\n-NOPROTO unsupported protocol version\r\n$-1\r\n',
    )
  })
})

describe('CLIENT', () => {
  it('lists the connections of the node', () => {
    const node = new NodeTwin()
    const [first, second] = [node.connect(), node.connect()]
    node.exchange(
      first,
      ['CLIENT', 'SETNAME', 'one'],
      ['CLIENT', 'SETINFO', 'LIB-NAME', 'some-lib'],
      ['MULTI'],
      ['PING'],
    )
    node.advanceMs(5000)
    const lines = String(ask(node, second, 'CLIENT', 'LIST'))
      .trimEnd()
      .split('\n')
    const [one, two] = lines.map((line) => fields(line, / /))
    assert.deepEqual(
      [one!.id, one!.name, one!['lib-name'], one!.multi, one!.age, one!.idle, one!.resp],
      ['1', 'one', 'some-lib', '1', '5', '5', '2'],
    )
    assert.deepEqual([two!.id, two!.cmd, two!.idle], ['2', 'client|list', '0'])
    for (const name of ['sub', 'psub', 'qbuf', 'qbuf-free', 'argv-mem', 'multi-mem', 'obl', 'oll', 'omem', 'tot-mem']) {
      assert.match(two![name]!, /^\d+$/, `clients read ${name} as a number`)
    }
    assert.equal(two!.laddr, '127.0.0.1:6379')
    assert.equal(String(ask(node, second, 'CLIENT', 'LIST', 'ID', 1)).trimEnd(), lines[0])
    assert.match(String(ask(node, second, 'CLIENT', 'INFO')), /^id=2 /)
  })

  it('closes connections', () => {
    const node = new NodeTwin()
    const [first, second, third] = [node.connect(), node.connect(), node.connect()]
    assert.equal(ask(node, second, 'CLIENT', 'KILL', 'ID', 1), '1')
    assert.equal(first.state, 'destroyed')
    first.handler.closed()
    assert.equal(ask(node, second, 'CLIENT', 'KILL', 'ID', 2), '0')
    assert.equal(ask(node, second, 'CLIENT', 'KILL', 'LADDR', '127.0.0.1:1'), '0')
    assert.equal(ask(node, second, 'CLIENT', 'KILL', 'ID', 3, 'LADDR', '127.0.0.1:6379'), '1')
    assert.equal(third.state, 'destroyed')
    assert.equal(ask(node, second, 'CLIENT', 'KILL', 'ID', 2, 'SKIPME', 'no'), '1')
    assert.equal(second.state, 'ended')
  })

  it('turns replies off, on, and off for one command', () => {
    const node = new NodeTwin()
    node.gateway.answers = 'at once'
    const connection = node.connect()
    const replies = node.exchange(
      connection,
      ...[
        ['CLIENT', 'REPLY', 'OFF'],
        ['SET', 'a', '1'],
        ['GET', 'a'],
        ['DBSIZE'],
        ['NOSUCH'],
        ['CLIENT', 'REPLY', 'ON'],
      ],
      ...[
        ['CLIENT', 'REPLY', 'SKIP'],
        ['GET', 'a'],
        ['GET', 'a'],
      ],
    )
    assert.equal(replies, '+OK\r\n$1\r\n1\r\n')
  })
})

describe('CLUSTER', () => {
  it('says where the leaders are', () => {
    const node = new NodeTwin({ shardCount: 2 })
    const connection = node.connect()
    const id = ask(node, connection, 'CLUSTER', 'MYID')
    assert.match(String(id), /^[0-9a-f]{40}$/)
    const slots = ask(node, connection, 'CLUSTER', 'SLOTS') as readonly (readonly Plain[])[]
    assert.deepEqual(
      slots.map(([first, last, leader]) => [first, last, (leader as Plain[]).slice(0, 2)]),
      [
        ['0', '8191', ['127.0.0.1', '6379']],
        ['8192', '16383', ['127.0.0.1', '6380']],
      ],
    )
    assert.equal((slots[0]![2] as Plain[])[2], id)
    const lines = String(ask(node, connection, 'CLUSTER', 'NODES'))
      .trimEnd()
      .split('\n')
    assert.match(lines[0]!, /^[0-9a-f]{40} 127\.0\.0\.1:6379@0 myself,master - 0 0 0 connected 0-8191$/)
    assert.match(lines[1]!, /127\.0\.0\.1:6380@0 master - 0 0 0 connected 8192-16383$/)
    assert.match(lines[2]!, /127\.0\.0\.1:6381@0 master,fail - 0 0 0 disconnected$/)
    const info = fields(ask(node, connection, 'CLUSTER', 'INFO'), /\r\n/)
    assert.deepEqual([info.cluster_state, info.cluster_known_nodes, info.cluster_size], ['ok', '3', '2'])
    assert.equal((ask(node, connection, 'CLUSTER', 'SHARDS') as Plain[]).length, 2)
    assert.equal(ask(node, connection, 'CLUSTER', 'KEYSLOT', 'foo'), '12182')
  })
})

describe('INFO', () => {
  it('has sections, all or those that are asked', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    node.exchange(connection, ['MSET', 'a', '1', 'b', '2'], ['EXPIRE', 'a', '100'])
    const all = fields(ask(node, connection, 'INFO'), /\r\n/)
    assert.equal(all.redis_version, '7.0.15')
    assert.equal(all.arch_bits, '64')
    assert.equal(all.loading, '0')
    assert.equal(all.tcp_port, '6379')
    assert.equal(all.db0, 'keys=2,expires=1,avg_ttl=0')
    assert.equal(all.connected_clients, '1')
    assert.equal(all.node_name, 'n1')
    const some = String(ask(node, connection, 'INFO', 'replication', 'CLIENTS'))
    assert.deepEqual(some.match(/# \w+/g), ['# Clients', '# Replication'])
    assert.equal(ask(node, connection, 'INFO', 'nosuch'), '')
  })

  it('says what the process takes of its machine', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    node.usage = {
      ...{ usedBytes: 1023, residentBytes: 1024, residentBytesPeak: 3 << 19, machineBytes: 24 * 2 ** 30 },
      ...{ allocator: 'v8-1.2', userUs: 12_345_678, systemUs: 9 },
    }
    assert.equal(
      ask(node, connection, 'INFO', 'memory', 'cpu'),
      [
        ...[
          '# Memory',
          'used_memory:1023',
          'used_memory_human:1023B',
          'used_memory_rss:1024',
          'used_memory_rss_human:1.00K',
        ],
        ...['used_memory_peak:1572864', 'used_memory_peak_human:1.50M'],
        ...['total_system_memory:25769803776', 'total_system_memory_human:24.00G'],
        ...['maxmemory:0', 'maxmemory_human:0B', 'maxmemory_policy:noeviction', 'mem_allocator:v8-1.2', ''],
        ...['# CPU', 'used_cpu_sys:0.000009', 'used_cpu_user:12.345678', ''],
      ].join('\r\n'),
    )
  })

  it('says nothing of a process that its host knows nothing of', () => {
    const node = new NodeTwin()
    assert.equal(
      ask(node, node.connect(), 'INFO', 'memory', 'cpu'),
      '# Memory\r\nmaxmemory:0\r\nmaxmemory_human:0B\r\nmaxmemory_policy:noeviction\r\n\r\n# CPU\r\n',
    )
  })
})

describe('CONFIG', () => {
  it('answers what matches, and refuses to change', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    assert.deepEqual(ask(node, connection, 'CONFIG', 'GET', 'append*'), ['appendfsync', 'always', 'appendonly', 'yes'])
    assert.deepEqual(ask(node, connection, 'CONFIG', 'GET', 'SAVE', 'databases'), ['save', '', 'databases', '1'])
    assert.match(node.exchange(connection, ['CONFIG', 'SET', 'maxmemory', '1']), /^-ERR CONFIG SET failed/)
  })
})

describe('COMMAND', () => {
  it('has documentation for each', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    const [name, docs] = ask(node, connection, 'COMMAND', 'DOCS', 'set') as readonly Plain[]
    assert.equal(name, 'set')
    assert.deepEqual(
      (docs as Plain[]).filter((_, i) => i % 2 === 0),
      ['summary', 'since', 'group'],
    )
    const count = Number(ask(node, connection, 'COMMAND', 'COUNT'))
    assert.equal((ask(node, connection, 'COMMAND', 'INFO') as Plain[]).length, count)
    assert.ok((ask(node, connection, 'COMMAND', 'LIST') as Plain[]).length > count)
  })
})

describe('a family of commands', () => {
  it('helps', () => {
    const node = new NodeTwin()
    const connection = node.connect()
    for (const family of ['CLIENT', 'CLUSTER', 'COMMAND', 'CONFIG', 'OBJECT']) {
      const lines = ask(node, connection, family, 'HELP') as readonly string[]
      assert.ok(lines.includes('HELP'), family)
    }
  })
})
