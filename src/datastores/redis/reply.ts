import type { ByteWriter } from '#kernel/base/byte-writer.ts'
import { utf8Bytes } from '#kernel/base/bytes.ts'
import { errors, fail } from './errors.ts'
import { formatDouble } from './floats/double.ts'
import { replyBytesMax } from './limits.ts'

/**
 * Replies in RESP2 and RESP3 (https://redis.io/docs/reference/protocol-spec), written as the bytes that go over the wire.
 * What the protocols say in different ways takes the connection's version from its target.
 */
export interface ReplyTarget {
  readonly reply: ByteWriter
  readonly protocol: ProtocolVersion
}
export type ProtocolVersion = 2 | 3

const cr = 0x0d
const lf = 0x0a
const plus = 0x2b
const minus = 0x2d
const colon = 0x3a
const dollar = 0x24
const star = 0x2a
const percent = 0x25
const tilde = 0x7e
const comma = 0x2c
const hash = 0x23
const equals = 0x3d

/** A marker, a decimal number, a line end. `value` is a safe integer. */
function line(writer: ByteWriter, marker: number, value: number): void {
  writer.reserve(20)
  const bytes = writer.bytes
  let at = writer.length
  bytes[at++] = marker
  if (value < 0) {
    bytes[at++] = minus
    value = -value
  }
  if (value < 10) {
    bytes[at++] = 0x30 + value
  } else {
    let digits = 1
    for (let bound = 10; bound <= value; bound *= 10) digits++
    let position = (at += digits)
    while (value > 0x3fff_ffff) {
      const rest = Math.floor(value / 10)
      bytes[--position] = 0x30 + (value - rest * 10)
      value = rest
    }
    let small = value | 0
    do {
      const rest = (small / 10) | 0
      bytes[--position] = 0x30 + (small - rest * 10)
      small = rest
    } while (small > 0)
  }
  bytes[at] = cr
  bytes[at + 1] = lf
  writer.length = at + 2
}

/** Before what a command can repeat without end. @throws CommandError */
function limit(writer: ByteWriter, count: number): void {
  if (writer.length + count > replyBytesMax) throw fail(errors.replyTooLong)
}

function lineEnd(writer: ByteWriter): void {
  writer.reserve(2)
  writer.bytes[writer.length++] = cr
  writer.bytes[writer.length++] = lf
}

/** @param value a safe integer, or an int64 as BigInt. */
export function integer(to: ReplyTarget, value: number | bigint): void {
  if (typeof value === 'number') line(to.reply, colon, value)
  else to.reply.ascii(`:${value}\r\n`)
}

export function bulk(to: ReplyTarget, bytes: Uint8Array): void {
  bulkRange(to, bytes, 0, bytes.length)
}

export function bulkRange(to: ReplyTarget, bytes: Uint8Array, start: number, end: number): void {
  const writer = to.reply
  limit(writer, end - start)
  line(writer, dollar, end - start)
  writer.rawRange(bytes, start, end)
  lineEnd(writer)
}

export function bulkText(to: ReplyTarget, text: string): void {
  bulk(to, utf8Bytes(text))
}

/** The absence of a value: a null bulk string in RESP2. */
export function nullBulk(to: ReplyTarget): void {
  to.reply.ascii(to.protocol === 2 ? '$-1\r\n' : '_\r\n')
}

/** The absence of a list: a null array in RESP2. */
export function nullArray(to: ReplyTarget): void {
  to.reply.ascii(to.protocol === 2 ? '*-1\r\n' : '_\r\n')
}

/** Opens a list of `count` replies, which follow. */
export function array(to: ReplyTarget, count: number): void {
  line(to.reply, star, count)
}

/** Opens a map of `count` pairs: in RESP2 a list of keys and values in turn. */
export function map(to: ReplyTarget, count: number): void {
  if (to.protocol === 2) line(to.reply, star, count * 2)
  else line(to.reply, percent, count)
}

/** Opens a set of `count` members: in RESP2 a list. */
export function set(to: ReplyTarget, count: number): void {
  line(to.reply, to.protocol === 2 ? star : tilde, count)
}

/** A floating-point number as Redis prints it: in RESP2 a bulk string. */
export function double(to: ReplyTarget, value: number): void {
  const text = formatDouble(value)
  const writer = to.reply
  limit(writer, text.length)
  if (to.protocol === 2) line(writer, dollar, text.length)
  else writer.uint8(comma)
  writer.ascii(text)
  lineEnd(writer)
}

/** In RESP2 an integer, 1 or 0. */
export function boolean(to: ReplyTarget, value: boolean): void {
  if (to.protocol === 2) {
    line(to.reply, colon, value ? 1 : 0)
    return
  }
  to.reply.uint8(hash)
  to.reply.ascii(value ? 't\r\n' : 'f\r\n')
}

/** Text for people: in RESP2 a bulk string. */
export function verbatim(to: ReplyTarget, text: string): void {
  const bytes = utf8Bytes(text)
  if (to.protocol === 2) {
    bulk(to, bytes)
    return
  }
  line(to.reply, equals, bytes.length + 4)
  to.reply.ascii('txt:')
  to.reply.raw(bytes)
  lineEnd(to.reply)
}

/** @param text ASCII without line ends. */
export function simple(to: ReplyTarget, text: string): void {
  to.reply.uint8(plus)
  to.reply.ascii(text)
  lineEnd(to.reply)
}

export function ok(to: ReplyTarget): void {
  to.reply.ascii('+OK\r\n')
}

/** @param text with its code word first, as in `errors`; line ends in it become spaces. One character per byte. */
export function error(to: ReplyTarget, text: string): void {
  const writer = to.reply
  writer.uint8(minus)
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    writer.uint8(code === cr || code === lf ? 0x20 : code)
  }
  lineEnd(writer)
}
