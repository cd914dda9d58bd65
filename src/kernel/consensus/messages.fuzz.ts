import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { concatBytes, equalBytes, latin1Bytes } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import { readConfiguration, simpleConfiguration, writeConfiguration } from './configuration.ts'
import { type Message, readMessage, writeMessage } from './messages.ts'

const envelope = { from: 1, to: 2, term: 300 }
const entries = [
  { index: 8, term: 299, kind: 0, data: latin1Bytes('an entry') },
  { index: 9, term: 300, kind: 2, data: latin1Bytes('') },
]
const examples: readonly Message[] = [
  { kind: 'vote', ...envelope, pre: true, transfer: false, lastIndex: 2 ** 40, lastTerm: 299 },
  { kind: 'voteReply', ...envelope, pre: false, granted: true },
  { kind: 'append', ...envelope, prevIndex: 7, prevTerm: 299, commit: 6, roundMs: 1234.5, entries },
  { kind: 'appendReply', ...envelope, accepted: false, index: 5, hintTerm: 298, roundMs: 1234.5 },
  { kind: 'heartbeat', ...envelope, commit: 6, roundMs: 0.25, rests: true },
  { kind: 'heartbeatReply', ...envelope, roundMs: 0.25 },
  { kind: 'timeoutNow', ...envelope },
]

/** As the driver sends them: a group before each. */
function write(messages: readonly { readonly group: number; readonly message: Message }[]): Uint8Array {
  const writer = new ByteWriter()
  for (const { group, message } of messages) {
    writer.varint(group)
    writeMessage(writer, message)
  }
  return writer.take()
}

function read(bytes: Uint8Array): { readonly group: number; readonly message: Message }[] {
  const reader = new ByteReader(bytes)
  const messages = []
  while (reader.remaining > 0) messages.push({ group: reader.varint(), message: readMessage(reader) })
  return messages
}

const messages: FuzzTarget = {
  name: 'consensus-messages',
  family: 'messages',
  refusals: ['DATA_DAMAGED'],
  inputBytesMax: 1024,
  corpus: () => {
    const alone = examples.map((message, i) => write([{ group: i + 1, message }]))
    return [...alone, concatBytes(alone), ...committedCorpus(import.meta.dirname, 'consensus-messages')]
  },
  run(input) {
    const found = read(input)
    const again = write(found)
    check(equalBytes(write(read(again)), again), 'what is read is written the same')
    for (const { message } of found) {
      if (message.kind !== 'append') continue
      const last = message.prevIndex + message.entries.length
      check(Number.isSafeInteger(last), 'indexes are safe integers')
      check(
        message.entries.every(({ index }, i) => index === message.prevIndex + i + 1),
        'entries are consecutive',
      )
    }
    return `${bucket(found.length)} ${found.map(({ message }) => message.kind).slice(0, 3)}`
  },
}

function written(configuration: ReturnType<typeof readConfiguration>): Uint8Array {
  const writer = new ByteWriter()
  writeConfiguration(writer, configuration)
  return writer.take()
}

const configurations: FuzzTarget = {
  name: 'consensus-members',
  family: 'messages',
  refusals: ['DATA_DAMAGED'],
  inputBytesMax: 256,
  corpus: () => [
    written(simpleConfiguration([1, 2, 3])),
    written({ voters: [1, 2, 300], outgoing: [1, 2, 3], learners: [3, 70_000] }),
    ...committedCorpus(import.meta.dirname, 'consensus-members'),
  ],
  run(input) {
    const configuration = readConfiguration(new ByteReader(input))
    const { voters, outgoing, learners } = configuration
    check(voters.length > 0, 'there is a voter')
    for (const list of [voters, outgoing, learners]) {
      check(new Set(list).size === list.length && !list.includes(0), 'every replica is there once, and none is 0')
    }
    check(!learners.some((replica) => voters.includes(replica)), 'no learner is a voter')
    const again = written(configuration)
    check(equalBytes(written(readConfiguration(new ByteReader(again))), again), 'what is read is written the same')
    return `${bucket(voters.length)} ${bucket(outgoing.length)} ${bucket(learners.length)}`
  },
}

export const targets = [messages, configurations]
