import { concatBytes, equalBytes, latin1Text } from '#kernel/base/bytes.ts'
import {
  bucket,
  check,
  committedCorpus,
  cutAnywhere,
  type FuzzTarget,
  refusalOf,
} from '#kernel/base/testing/fuzz/index.ts'
import { frameHeaderBytes, frames, sealFrame } from './frame.ts'
import { FrameReader } from './frame-reader.ts'
import { frameExamples, repairedFrames } from './testing/frame-bytes.ts'

const frameBytesMax = 65_536

interface Read {
  readonly frames: { readonly tag: number; readonly channel: number; readonly body: Uint8Array }[]
  readonly isDamaged: boolean
}

function read(purpose: 'messages' | 'bulk', chunks: readonly Uint8Array[]): Read {
  const found: Read['frames'] = []
  const reader = new FrameReader(purpose, frameBytesMax, (tag, channel, body) => found.push({ tag, channel, body }))
  const damage = refusalOf(() => {
    for (const chunk of chunks) {
      reader.push(chunk)
      // Bodies may be kept: what a host does with its chunk afterwards must not show in them.
      if (chunks.length > 1) chunk.fill(0xdb)
    }
  }, 'DATA_DAMAGED')
  return { frames: found, isDamaged: damage !== undefined }
}

function encode({ frames: read }: Read): Uint8Array {
  return concatBytes(
    read.map(({ tag, channel, body }) => {
      const bytes = new Uint8Array(frameHeaderBytes + body.length)
      bytes.set(body, frameHeaderBytes)
      sealFrame(bytes, 0, bytes.length, tag, channel)
      return bytes
    }),
  )
}

const text = (read: Read) =>
  `${read.isDamaged} ${read.frames.map(({ tag, channel, body }) => `${tag} ${channel} ${latin1Text(body)}`).join('\n')}`

const target: FuzzTarget = {
  name: 'transport-frames',
  family: 'transport',
  refusals: [],
  inputBytesMax: 1024,
  corpus: () => [
    concatBytes(frameExamples.messages),
    concatBytes([...frameExamples.bulkIn, ...frameExamples.bulkOut]),
    ...Object.values(frameExamples).flat(),
    ...committedCorpus(import.meta.dirname, 'transport-frames'),
  ],
  run(input, dice) {
    const isBulk = (input[4] ?? 0) >= frames.bulkOpen.tag !== dice.once(16)
    const purpose = isBulk ? 'bulk' : 'messages'
    const counts: string[] = []
    for (const bytes of [input, repairedFrames(input)]) {
      const whole = read(purpose, [bytes])
      const again = encode(whole)
      check(equalBytes(again, bytes.subarray(0, again.length)), 'what is delivered is what was sent')
      check(text(read(purpose, cutAnywhere(bytes, dice))) === text(whole), 'the same however the stream is cut')
      counts.push(`${bucket(whole.frames.length)} ${whole.isDamaged}`)
    }
    return counts.join(' ')
  },
}

export const targets = [target]
