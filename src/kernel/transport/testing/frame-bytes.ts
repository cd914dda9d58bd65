import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { concatBytes } from '#kernel/base/bytes.ts'
import type { FrameKind } from '../frame.ts'
import { frameHeaderBytes, sealFrame, uint32At } from '../frame.ts'
import { Outbox } from '../outbox.ts'

/** A whole frame. */
export function frameBytes(kind: FrameKind, channel: number, encode?: (writer: ByteWriter) => void): Uint8Array {
  const outbox = new Outbox(1 << 20)
  const writer = outbox.begin(kind, channel)
  encode?.(writer)
  outbox.finish()
  return concatBytes(outbox.take())
}

/** A copy in which all frames have the checksums that belong to them, and the last one ends where the bytes do. */
export function repairedFrames(bytes: Uint8Array): Uint8Array {
  const repaired = bytes.slice()
  for (let start = 0; start + frameHeaderBytes <= repaired.length; ) {
    const end = Math.min(start + frameHeaderBytes + uint32At(repaired, start), repaired.length)
    sealFrame(repaired, start, end, repaired[start + 4]!, repaired[start + 5]!)
    start = end
  }
  return repaired
}

/** One frame of every kind, with what they have in them. */
export const frameExamples = {
  messages: [
    frameBytes('beat', 0),
    frameBytes('oneWay', 1, (writer) => writer.text('a message')),
    frameBytes('oneWay', 3),
    frameBytes('request', 1, (writer) => {
      writer.uint32(1)
      writer.uint32(1000)
      writer.text('asked')
    }),
    frameBytes('request', 2, (writer) => {
      writer.uint32(2)
      writer.uint32(5)
    }),
    frameBytes('reply', 0, (writer) => {
      writer.uint32(1)
      writer.text('answered')
    }),
    frameBytes('failure', 0, (writer) => {
      writer.uint32(2)
      writer.text('UNAVAILABLE')
      writer.text('Not now')
    }),
    frameBytes('cancel', 0, (writer) => writer.uint32(2)),
  ],
  /** To the receiver of streams. */
  bulkIn: [
    frameBytes('bulkOpen', 1, (writer) => {
      writer.uint32(1)
      writer.text('a stream')
    }),
    frameBytes('bulkChunk', 0, (writer) => {
      writer.uint32(1)
      writer.raw(new Uint8Array(300))
    }),
    frameBytes('bulkEnd', 0, (writer) => writer.uint32(1)),
    frameBytes('bulkOpen', 2, (writer) => writer.uint32(2)),
    frameBytes('bulkAbort', 0, (writer) => {
      writer.uint32(2)
      writer.text('STOPPED')
      writer.text('The sender goes')
    }),
  ],
  /** To the sender of streams. */
  bulkOut: [
    frameBytes('bulkCredit', 0, (writer) => {
      writer.uint32(1)
      writer.uint32(4096)
    }),
    frameBytes('bulkDone', 0, (writer) => writer.uint32(1)),
    frameBytes('bulkCredit', 0, (writer) => {
      writer.uint32(2)
      writer.uint32(300)
    }),
    frameBytes('bulkAbort', 0, (writer) => {
      writer.uint32(2)
      writer.text('DISK_FULL')
      writer.text('No room')
    }),
  ],
} as const
