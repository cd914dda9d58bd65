import { concatBytes, equalBytes } from '#kernel/base/bytes.ts'
import {
  bucket,
  check,
  committedCorpus,
  cutAnywhere,
  Dice,
  type FuzzTarget,
  refusalOf,
} from '#kernel/base/testing/fuzz/index.ts'
import { apiList } from './apis.ts'
import { FrameSplitter } from './frame-splitter.ts'
import { encodeRequest, encodeResponse } from './frames.ts'
import { readRequestHead, readResponseHead } from './request-head.ts'
import { allMessages, encoded, versionsOf } from './testing/all-messages.ts'
import { generate } from './testing/generate.ts'
import type { Api } from './wire/api.ts'
import type { Shape } from './wire/field.ts'
import type { Message } from './wire/message.ts'
import { WireReader } from './wire/wire-reader.ts'
import { WireWriter } from './wire/wire-writer.ts'

const family = 'kafka protocol'
const frameBytesMax = 300

interface Split {
  readonly frames: Uint8Array[]
  readonly problem: string
}

function split(chunks: readonly Uint8Array[]): Split {
  const splitter = new FrameSplitter(frameBytesMax)
  const frames: Uint8Array[] = []
  for (const chunk of chunks) {
    splitter.feed(chunk)
    while (splitter.next() === 'frame') {
      const { bytes, start, end } = splitter
      check(end - start <= frameBytesMax && end <= bytes.length, 'a frame lies within its bytes')
      frames.push(bytes.slice(start, end))
    }
    check(splitter.heldBytes <= frameBytesMax, 'no more is held than a frame')
    // The host uses it again.
    if (chunks.length > 1) chunk.fill(0x7e)
  }
  return { frames, problem: splitter.problem }
}

function framed(...contents: readonly Uint8Array[]): Uint8Array {
  const writer = new WireWriter()
  for (const content of contents) writer.frame(() => writer.raw(content))
  return concatBytes(writer.takeParts())
}

const frames: FuzzTarget = {
  name: 'kafka-frames',
  family,
  refusals: [],
  inputBytesMax: 1024,
  dictionary: ['\0\0\0\0', '\0\0\x01\x2c', '\0\0\x01\x2d', '\x7f\xff\xff\xff', '\xff\xff\xff\xff', 'GET ', '\x16\x03'],
  corpus: () => [
    framed(new Uint8Array(0), Uint8Array.of(1, 2, 3), new Uint8Array(frameBytesMax)),
    framed(...Array.from({ length: 20 }, (_, i) => new Uint8Array(i))),
    ...committedCorpus(import.meta.dirname, 'kafka-frames'),
  ],
  run(input, dice) {
    const whole = split([input])
    const cut = split(cutAnywhere(input, dice))
    check(cut.problem === whole.problem, 'the same is refused however the stream is cut')
    check(equalBytes(framed(...cut.frames), framed(...whole.frames)), 'the same frames however the stream is cut')
    const again = framed(...whole.frames)
    check(equalBytes(again, input.subarray(0, again.length)), 'what is read is written the same')
    return `${bucket(whole.frames.length)} ${bucket(whole.frames[0]?.length ?? 0)} ${whole.problem.slice(0, 5)}`
  },
}

/** Values of one message: what is read is written, and read as the same. */
function checkAgain(message: Message<Shape>, version: number, value: object): Uint8Array {
  const bytes = encoded(message, version, value as never)
  const again = encoded(message, version, message.decodeWhole(bytes, version))
  check(equalBytes(bytes, again), 'what is read is written the same')
  return bytes
}

/** In some of all versions, so that a corpus stays small. */
function* samples(): Generator<{ api: Api; version: number; dice: Dice }> {
  for (const api of apiList) {
    for (const version of versionsOf(api.request)) yield { api, version, dice: new Dice().seed(version, api.key) }
  }
}

const requests: FuzzTarget = {
  name: 'kafka-requests',
  family,
  refusals: ['DATA_DAMAGED'],
  inputBytesMax: 2048,
  dictionary: [
    '\0\0\0\0',
    '\xff\xff\xff\xff',
    '\xff\xff',
    '\x80\x80\x80\x80\x10',
    '\xff\xff\xff\xff\x0f',
    '\xef\xbf\xbd',
  ],
  corpus: () => [
    ...Array.from(samples(), ({ api, version, dice }) => {
      const writer = new WireWriter()
      const body = generate(api.request.shape, { version, dice, elementsMax: 2 })
      encodeRequest(writer, api, { version, correlationId: 7, clientId: 'client', body: body as never })
      return concatBytes(writer.takeParts()).slice(4)
    }),
    ...committedCorpus(import.meta.dirname, 'kafka-requests'),
  ],
  run(input) {
    const reader = new WireReader(input)
    const { api, apiVersion, isKnownVersion } = readRequestHead(reader)
    if (!api || !isKnownVersion) return 'unknown'
    const value = api.request.decode(reader, apiVersion)
    checkAgain(api.request, apiVersion, value)
    return `${api.name} ${apiVersion} ${bucket(JSON.stringify(value).length)}`
  },
}

/** Two bytes say which message it is: there is nothing in a response that does. */
const responses: FuzzTarget = {
  name: 'kafka-responses',
  family,
  refusals: ['DATA_DAMAGED'],
  inputBytesMax: 2048,
  dictionary: requests.dictionary!,
  corpus: () => [
    ...Array.from(samples(), ({ api, version, dice }) => {
      const writer = new WireWriter()
      const body = generate(api.response.shape, { version, dice, elementsMax: 2 })
      encodeResponse(writer, api, { version, correlationId: 7, body: body as never })
      const frame = concatBytes(writer.takeParts()).subarray(4)
      return concatBytes([Uint8Array.of(apiList.indexOf(api), version), frame])
    }),
    ...allMessages.slice(-2).map((message, i) => {
      const value = generate(message.shape, { version: 3, dice: new Dice().seed(1, i), elementsMax: 2 })
      return concatBytes([Uint8Array.of(apiList.length + i, 3), encoded(message, 3, value)])
    }),
    ...committedCorpus(import.meta.dirname, 'kafka-responses'),
  ],
  run(input) {
    const [which = 0, version = 0] = input
    const api = apiList[which]
    const message = api?.response ?? allMessages[allMessages.length - 2 + which - apiList.length]
    if (!message || version < message.versions.min || version > message.versions.max) return 'unknown'
    const reader = new WireReader(input, 2)
    if (api) readResponseHead(reader, api, version)
    const value = message.decode(reader, version)
    const bytes = checkAgain(message, version, value)
    const cut = bytes.slice(0, bytes.length - 1)
    const refusal = refusalOf(() => message.decodeWhole(cut, version), 'DATA_DAMAGED')
    check(bytes.length === 0 || refusal !== undefined, 'what is cut off is refused')
    return `${message.name} ${version} ${bucket(JSON.stringify(value).length)}`
  },
}

export const targets = [frames, requests, responses]
