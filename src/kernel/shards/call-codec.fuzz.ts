import { Arguments } from '#kernel/base/arguments.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { equalBytes, latin1Bytes } from '#kernel/base/bytes.ts'
import { bucket, check, committedCorpus, type FuzzTarget } from '#kernel/base/testing/fuzz/index.ts'
import {
  type AnswerFrame,
  type CallFrame,
  outcomes,
  readAnswer,
  readCall,
  writeAnswer,
  writeCall,
} from './call-codec.ts'

function call(frame: CallFrame): Uint8Array {
  const writer = new ByteWriter()
  writeCall(writer, frame)
  return writer.take()
}

function answer(frame: AnswerFrame): Uint8Array {
  const writer = new ByteWriter()
  writeAnswer(writer, frame)
  return writer.take()
}

const plain: CallFrame = {
  ...{ group: 2, term: 7, gateway: 2 ** 44 + 5, sequence: 300, attempt: 1, low: 299, session: 12 },
  ...{
    followsOwn: true,
    isRetry: false,
    evaluator: 'redis.set@1',
    args: Arguments.of(latin1Bytes('set'), latin1Bytes('k')),
  },
}

const calls: FuzzTarget = {
  name: 'shard-calls',
  family: 'messages',
  refusals: ['DATA_DAMAGED'],
  inputBytesMax: 1024,
  corpus: () => [
    call(plain),
    call({ ...plain, evaluator: '', args: new Arguments(), isRetry: true }),
    call({ ...plain, args: Arguments.of(...Array.from({ length: 20 }, (_, i) => new Uint8Array(i * 3))) }),
    ...committedCorpus(import.meta.dirname, 'shard-calls'),
  ],
  run(input) {
    const frame = readCall(input)
    const { args } = frame
    for (let i = 0; i < args.count; i++) {
      check(args.start(i) <= args.end(i) && args.end(i) <= input.length, 'arguments lie within the call')
    }
    const again = call(frame)
    check(equalBytes(call(readCall(again)), again), 'what is read is written the same')
    return `${bucket(args.count)} ${frame.followsOwn} ${frame.isRetry} ${bucket(frame.evaluator.length)}`
  },
}

const answers: FuzzTarget = {
  name: 'shard-answers',
  family: 'messages',
  refusals: ['DATA_DAMAGED'],
  inputBytesMax: 512,
  corpus: () => [
    ...Object.keys(outcomes).map((outcome) =>
      answer({
        ...{ group: 2, gateway: 2 ** 44 + 5, sequence: 300, attempt: 2 },
        ...{ outcome: outcome as AnswerFrame['outcome'], reply: latin1Bytes('+OK\r\n') },
      }),
    ),
    ...committedCorpus(import.meta.dirname, 'shard-answers'),
  ],
  run(input) {
    const frame = readAnswer(input)
    const again = answer(frame)
    check(equalBytes(answer(readAnswer(again)), again), 'what is read is written the same')
    return `${frame.outcome} ${bucket(frame.reply.length)}`
  },
}

export const targets = [calls, answers]
