import { concatBytes, latin1Bytes } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, cutAnywhere, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { RequestParser } from './request-parser.ts'

/** Small, so that a fuzzer meets them. */
const limits = { bulkBytesMax: 200, requestBytesMax: 400, argumentsMax: 40 }

interface Read {
  readonly commands: string[][]
  readonly problem: string
}

function read(chunks: readonly Uint8Array[]): Read {
  const parser = new RequestParser(limits)
  const commands: string[][] = []
  for (const chunk of chunks) {
    parser.feed(chunk)
    let found = parser.next()
    for (; found === 'command'; found = parser.next()) {
      const { args } = parser
      check(args.count > 0, 'a command has a name')
      commands.push(Array.from({ length: args.count }, (_, i) => args.latin1(i)))
    }
    parser.keepRest()
    if (found === 'error') break
    // The host uses it again.
    if (chunks.length > 1) chunk.fill(0x7e)
  }
  return { commands, problem: parser.problem }
}

function encode(command: readonly string[]): Uint8Array {
  return latin1Bytes(`*${command.length}\r\n${command.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`)
}

const tooBig = 'too big request'

const target: FuzzTarget = {
  name: 'redis-requests',
  family: 'redis requests',
  refusals: [],
  inputBytesMax: 1024,
  dictionary: [
    '\r\n',
    '\n',
    '*1\r\n',
    '*-1\r\n',
    '*0\r\n',
    '$0\r\n\r\n',
    '$-1\r\n',
    '"',
    "'",
    '\\x41',
    '$201\r\n',
    '*41\r\n',
    'PING\r\n',
  ],
  corpus: () => [
    encode(['PING']),
    concatBytes([encode(['SET', 'key', 'a\r\nvalue']), encode(['GET', 'key']), latin1Bytes('PING\r\n')]),
    encode(['MSET', ...Array.from({ length: 12 }, (_, i) => `word ${i}`)]),
    encode(['SET', 'k', 'v'.repeat(190)]),
    latin1Bytes("*0\r\n*-1\r\n\r\n  \nSET \"a b\\x41\\n\" 'c\\'d'\n*1\r\n$1\r\nX\r\n"),
    ...committedCorpus(import.meta.dirname, 'redis-requests'),
  ],
  run(input, dice) {
    const whole = read([input])
    const cut = read(cutAnywhere(input, dice))
    // A request that comes as a whole holds no memory, however large: only what must be held has that bound.
    if (whole.problem !== tooBig && cut.problem !== tooBig) {
      check(JSON.stringify(cut) === JSON.stringify(whole), 'the same however the stream is cut')
    }
    const again = read(whole.commands.map(encode))
    const isFitting = again.problem !== tooBig && whole.commands.every((words) => words.length <= limits.argumentsMax)
    if (isFitting && whole.commands.every((words) => words.every((word) => word.length <= limits.bulkBytesMax))) {
      check(JSON.stringify(again.commands) === JSON.stringify(whole.commands), 'what is read is written the same')
    }
    return `${bucket(whole.commands.length)} ${bucket(whole.commands[0]?.length ?? 0)} ${whole.problem.slice(0, 16)}`
  },
}

export const targets = [target]
