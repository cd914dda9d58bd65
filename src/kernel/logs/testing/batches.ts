import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { crcFrom } from '../batch.ts'

export interface TestBatch {
  readonly values: readonly string[]
  readonly timestamp?: number
  readonly producerId?: number
  readonly producerEpoch?: number
  readonly baseSequence?: number
}

/** A batch as a producer sends it, with base offset 0. */
export function makeBatch({
  values,
  timestamp = 1000,
  producerId = -1,
  producerEpoch = -1,
  baseSequence = -1,
}: TestBatch): Uint8Array {
  const writer = new ByteWriter()
  const int64 = (value: number) => {
    writer.uint32Be(Math.floor(value / 2 ** 32) >>> 0)
    writer.uint32Be(value >>> 0)
  }
  int64(0)
  writer.uint32Be(0)
  writer.uint32Be(0)
  writer.uint8(2)
  writer.uint32Be(0)
  writer.uint16Be(0)
  writer.uint32Be(values.length - 1)
  int64(timestamp)
  int64(timestamp)
  int64(producerId)
  writer.uint16Be(producerEpoch & 0xffff)
  writer.uint32Be(baseSequence >>> 0)
  writer.uint32Be(values.length)
  values.forEach((value, i) => {
    const record = new ByteWriter()
    record.uint8(0)
    record.uint8(0)
    zigzag(record, i)
    zigzag(record, -1)
    zigzag(record, value.length)
    record.ascii(value)
    zigzag(record, 0)
    zigzag(writer, record.length)
    writer.raw(record.view())
  })
  const bytes = writer.take()
  new DataView(bytes.buffer, bytes.byteOffset).setInt32(8, bytes.length - 12)
  new DataView(bytes.buffer, bytes.byteOffset).setUint32(17, crc32c(bytes, crcFrom))
  return bytes
}

function zigzag(writer: ByteWriter, value: number): void {
  writer.varint(value < 0 ? -2 * value - 1 : 2 * value)
}

/** The values of records that are neither compressed nor longer than 63 bytes, of all batches in `bytes`. */
export function valuesOf(parts: readonly Uint8Array[]): string[] {
  return parts.flatMap((part) => [...latin1(part).matchAll(/v[0-9]+\.[0-9]+/g)].map(([value]) => value))
}

const latin1 = (bytes: Uint8Array) => new TextDecoder('latin1').decode(bytes)
