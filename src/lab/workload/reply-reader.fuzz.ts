import { latin1Bytes } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, cutAnywhere, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { ReplyError, ReplyReader } from './reply-reader.ts'

function read(chunks: readonly Uint8Array[]): { readonly replies: readonly string[]; readonly isRefused: boolean } {
  const replies: string[] = []
  const reader = new ReplyReader((reply) => replies.push(reply))
  try {
    for (const chunk of chunks) reader.push(chunk)
  } catch (error) {
    if (!(error instanceof ReplyError)) throw error
    return { replies, isRefused: true }
  }
  return { replies, isRefused: false }
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
    '*1\r\n*1\r\n*1\r\n*0\r\n',
    '~1\r\n:1\r\n',
  ],
]

const target: FuzzTarget = {
  name: 'lab-replies',
  family: 'cli',
  refusals: [],
  inputBytesMax: 2048,
  dictionary: [
    '\r\n',
    '*1\r\n',
    '%1\r\n',
    '$-1\r\n',
    '$99999999\r\n',
    '_\r\n',
    '+\r\n',
    '*-1\r\n',
    '*1\r\n*1\r\n*1\r\n*1\r\n$1\r\n\\\r\n',
  ],
  corpus: () => [
    ...wire.map(latin1Bytes),
    latin1Bytes(wire.join('')),
    ...committedCorpus(import.meta.dirname, 'lab-replies'),
  ],
  run(input, dice) {
    const whole = read([input])
    const cut = read(cutAnywhere(input, dice))
    check(whole.isRefused === cut.isRefused, 'refused or not, however the stream is cut')
    check(JSON.stringify(whole.replies) === JSON.stringify(cut.replies), 'the same however the stream is cut')
    return `${bucket(whole.replies.length)} ${whole.isRefused} ${whole.replies.slice(0, 3).map((reply) => reply[0])}`
  },
}

export const targets = [target]
