import { concatBytes, latin1Bytes } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, cutAnywhere, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { formatReply, rawReply } from './format-reply.ts'
import type { Reply } from './reply.ts'
import { ReplyReader } from './reply.ts'

interface Read {
  readonly replies: readonly Reply[]
  readonly isRefused: boolean
}

function read(chunks: readonly Uint8Array[]): Read {
  const reader = new ReplyReader()
  const replies: Reply[] = []
  for (const chunk of chunks) {
    try {
      replies.push(...reader.add(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)))
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('its answer is not in the Redis protocol')) throw error
      return { replies, isRefused: true }
    }
  }
  return { replies, isRefused: false }
}

/** Replies of a refused stream are of no use: how many came before depends on how it was cut. */
const text = ({ replies, isRefused }: Read) => (isRefused ? 'refused' : JSON.stringify(replies))

const markers = {
  status: '+',
  error: '-',
  number: ':',
  double: ',',
  bignum: '(',
  array: '*',
  set: '~',
  map: '%',
  push: '>',
}

function encode(reply: Reply): Uint8Array {
  switch (reply.kind) {
    case 'bulk':
      return concatBytes([latin1Bytes(`$${reply.bytes.length}\r\n`), reply.bytes, latin1Bytes('\r\n')])
    case 'null':
      return latin1Bytes('_\r\n')
    case 'boolean':
      return latin1Bytes(`#${reply.value ? 't' : 'f'}\r\n`)
    case 'array':
    case 'set':
    case 'map':
    case 'push': {
      const count = reply.kind === 'map' ? reply.items.length / 2 : reply.items.length
      return concatBytes([latin1Bytes(`${markers[reply.kind]}${count}\r\n`), ...reply.items.map(encode)])
    }
    default:
      // An error in many lines is a string.
      if (reply.text.includes('\r\n')) return Buffer.from(`!${Buffer.byteLength(reply.text)}\r\n${reply.text}\r\n`)
      return Buffer.from(`${markers[reply.kind]}${reply.text}\r\n`)
  }
}

const wire = [
  ...[
    '+OK\r\n',
    '-ERR no\r\n',
    ':-5\r\n',
    '$5\r\nhe\r\no\r\n',
    '$0\r\n\r\n',
    '$-1\r\n',
    '_\r\n',
    '*-1\r\n',
    ',1.5\r\n',
  ],
  ...[
    '*2\r\n$1\r\na\r\n*1\r\n:1\r\n',
    '%1\r\n+k\r\n#t\r\n',
    '=7\r\ntxt:abc\r\n',
    '!8\r\nERR\r\nbad\r\n',
    '(12345678901234567890\r\n',
  ],
  ...['~2\r\n:1\r\n:2\r\n', '>2\r\n+message\r\n$1\r\nx\r\n', '*1\r\n*1\r\n*1\r\n*0\r\n'],
]

const target: FuzzTarget = {
  name: 'cli-replies',
  family: 'cli',
  refusals: [],
  inputBytesMax: 1024,
  dictionary: [
    '\r\n',
    '*1\r\n',
    '%1\r\n',
    '$-1\r\n',
    '$99999999999\r\n',
    '_\r\n',
    '+\r\n',
    '*-1\r\n',
    '*4294967296\r\n',
  ],
  corpus: () => [
    ...wire.map(latin1Bytes),
    latin1Bytes(wire.join('')),
    ...committedCorpus(import.meta.dirname, 'cli-replies'),
  ],
  run(input, dice) {
    const whole = read([input])
    check(text(read(cutAnywhere(input, dice))) === text(whole), 'the same however the stream is cut')
    for (const reply of whole.replies) {
      formatReply(reply)
      rawReply(reply)
    }
    const again = read(whole.replies.map(encode))
    check(
      !again.isRefused && JSON.stringify(again.replies) === JSON.stringify(whole.replies),
      'what is read is written the same',
    )
    return `${bucket(whole.replies.length)} ${whole.isRefused} ${whole.replies.slice(0, 3).map(({ kind }) => kind)}`
  },
}

export const targets = [target]
