import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { copyBytes, latin1Bytes } from '#kernel/base/bytes.ts'
import { check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { shardCommands } from './commands.ts'
import { types } from './keyspace.ts'
import { ShardTwin } from './testing/shard-twin.ts'

/** A key's header row that holds anything, asked for by the commands that read nothing else. */
const questions = ['TYPE', 'TTL', 'EXISTS', 'GET', 'STRLEN', 'LLEN', 'SCARD', 'ZCARD', 'HLEN']
const ownCommands = shardCommands.filter(({ name }) =>
  ['set', ...questions.map((each) => each.toLowerCase())].includes(name),
)

const reply = /^(?:[:+]|-WRONGTYPE|\$-1\r\n$|\$\d+\r\n)/

function header(type: number, expireAtMs: number, body: (writer: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter()
  writer.uint8(expireAtMs > 0 ? type | 0x80 : type)
  writer.uint64Be(1_700_000_000_000_000)
  if (expireAtMs > 0) writer.uint64Be(expireAtMs)
  body(writer)
  return writer.take()
}

function keyOf(twin: ShardTwin): Uint8Array {
  twin.run('SET', 'k', 'v')
  return latin1Bytes(twin.evaluation.dump().rows[0]![0])
}

const twin = new ShardTwin(ownCommands)
const headerKey = keyOf(twin)

const target: FuzzTarget = {
  name: 'redis-stored',
  family: 'redis values',
  refusals: ['DATA_DAMAGED'],
  inputBytesMax: 64,
  corpus: () => [
    header(types.string, 0, (writer) => writer.ascii('a value')),
    header(types.string, 1_800_000_000_000, (writer) => writer.ascii('7')),
    header(types.string, 1_600_000_000_000, () => {}),
    header(types.list, 0, (writer) => {
      writer.uint64Be(2 ** 51 - 1)
      writer.uint64Be(2 ** 51 + 2)
    }),
    ...[types.set, types.zset, types.hash].map((type) => header(type, 0, (writer) => writer.uint64Be(3))),
    ...committedCorpus(import.meta.dirname, 'redis-stored'),
  ],
  run(input) {
    const { evaluation } = twin
    evaluation.begin('write')
    evaluation.put(headerKey, copyBytes(input))
    const replies = questions.map((question) => twin.run(question, 'k'))
    for (const each of replies) check(reply.test(each) && !each.startsWith(':-3'), `${each} answers what was asked`)
    check(['+none', '+string', '+list', '+set', '+zset', '+hash'].includes(replies[0]!.trim()), 'a key has a type')
    check(!/^:-/.test(replies[5]!), 'a list has a length')
    return replies.map((each) => each.slice(0, 2)).join('')
  },
}

export const targets = [target]
