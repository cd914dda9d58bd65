import { latin1Bytes } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, cutAnywhere, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { commands } from '../commands.ts'
import { encodeCommand, NodeTwin } from '../testing/node-twin.ts'
import { readReply } from '../testing/reply-reader.ts'

/** A whole connection, from bytes to replies: parser, commands, evaluators, transactions, order of replies. */
const limits = { clientMemoryBytesMax: 1 << 20, valueBytesMax: 64 << 10 }

interface Exchange {
  readonly replies: string
  readonly state: string
  readonly logged: readonly string[]
}

function exchange(chunks: readonly Uint8Array[]): Exchange {
  const node = new NodeTwin({ limits })
  const connection = node.connect()
  for (const chunk of chunks) {
    if (connection.state !== 'open') break
    connection.handler.data(chunk)
    node.endTurn()
  }
  return { replies: connection.received(), state: connection.state, logged: node.logged }
}

/** Each command's own name with a few words, and what commands are in common use as. */
function examples(): Uint8Array[] {
  const words = [['k'], ['k', 'v'], ['k', '1'], ['k', '0', '-1'], ['k', 'a', 'b', 'c'], ['k', '1', 'a', '2', 'b']]
  const each = commands.map(({ name }, i) => latin1Bytes(encodeCommand([name, ...words[i % words.length]!])))
  const scripts = [
    [
      ['SET', 'k', '1', 'EX', '100'],
      ['INCR', 'k'],
      ['GETEX', 'k', 'PERSIST'],
      ['APPEND', 'k', 'xyz'],
      ['SETRANGE', 'k', '5', 'x'],
    ],
    [
      ['RPUSH', 'l', 'a', 'b', 'c'],
      ['LINSERT', 'l', 'BEFORE', 'b', 'x'],
      ['LRANGE', 'l', '0', '-1'],
      ['SORT', 'l', 'ALPHA', 'DESC'],
    ],
    [
      ['ZADD', 'z', '1', 'a', '2.5', 'b', '-inf', 'c'],
      ['ZRANGE', 'z', '(1', '+inf', 'BYSCORE', 'WITHSCORES'],
      ['ZRANGEBYLEX', 'z', '[a', '(c'],
    ],
    [
      ['HSET', 'h', 'f', '1', 'g', '2'],
      ['HINCRBYFLOAT', 'h', 'f', '1.5'],
      ['HSCAN', 'h', '0', 'MATCH', '[a-g]*', 'COUNT', '5'],
    ],
    [['MULTI'], ['SADD', 's', 'a', 'b'], ['SPOP', 's'], ['EXEC'], ['WATCH', 's'], ['SCAN', '0'], ['KEYS', '*']],
    [
      ['HELLO', '3'],
      ['CLIENT', 'REPLY', 'SKIP'],
      ['PING'],
      ['CLIENT', 'LIST'],
      ['COMMAND', 'INFO', 'get'],
      ['CONFIG', 'GET', '*max*'],
    ],
    [['EVAL', 'return 1', '0'], ['OBJECT', 'ENCODING', 'k'], ['EXPIRE', 'k', '-1'], ['RESET'], ['QUIT']],
  ]
  return [...each, ...scripts.map((lines) => latin1Bytes(lines.map(encodeCommand).join('')))]
}

const target: FuzzTarget = {
  name: 'redis-connection',
  family: 'redis connection',
  refusals: [],
  inputBytesMax: 1024,
  // COMMAND answers with 68 KB, and all replies are put together here.
  allocationBytesMax: 8 << 20,
  dictionary: [
    ...[
      '\r\n',
      '$1\r\n',
      '*2\r\n',
      '9223372036854775807',
      '-9223372036854775808',
      '1e308',
      '-inf',
      '+',
      '-',
      '(1',
      '[a',
      '0x10',
    ],
    ...['LIMIT', 'COUNT', 'MATCH', 'WITHSCORES', 'GET', 'STORE', 'NX', 'EX', 'MULTI\r\n', 'EXEC\r\n', 'HELLO 3\r\n'],
    ...[
      '*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\n5\r\n',
      'RPUSH k a b\r\n',
      'ZADD k 1 a\r\n',
      'SADD k a\r\n',
      'HSET k f 1\r\n',
    ],
  ],
  corpus: () => [...examples(), ...committedCorpus(import.meta.dirname, 'redis-connection')],
  run(input, dice) {
    const whole = exchange([input.slice()])
    check(!whole.logged.includes('Closed a client after a bug'), 'no command ends in a bug')
    const bytes = latin1Bytes(whole.replies)
    let count = 0
    for (let at = 0; at < bytes.length; count++) {
      const read = readReply(bytes, at)
      check(read !== undefined, 'every reply is whole')
      at = read.end
    }
    const cut = exchange(cutAnywhere(input, dice))
    // CLIENT LIST tells how much of the stream waits to be read, and INFO what the connections hold.
    const isAlike = cut.replies === whole.replies || / qbuf=|^# (Server|Clients|Memory|Stats)/m.test(whole.replies)
    check(isAlike && cut.state === whole.state, 'the same however the stream is cut')
    return `${bucket(count)} ${whole.state} ${whole.replies.slice(0, 24)}`
  },
}

export const targets = [target]
