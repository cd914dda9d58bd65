import { ByteReader } from '#kernel/base/byte-reader.ts'
import { ByteWriter } from '#kernel/base/byte-writer.ts'
import { allocateSlow, latin1Bytes } from '#kernel/base/bytes.ts'
import { crc32c } from '#kernel/base/crc32c.ts'
import { UnumError } from '#kernel/base/errors.ts'
import { uint32At } from './frame.ts'
import type { NodeId, ProtocolVersions } from './transport-types.ts'

/**
 * The handshake that opens every connection between nodes (docs/formats/transport.md): the side that connects sends a
 * greeting, the other an answer, both in this envelope:
 *
 * ```
 * magic   8 bytes  "unumnode"
 * length  u16      of the body, at most `handshakeBytesMax`
 * crc     u32      crc32c(body)
 * body
 * ```
 * It comes before any version is agreed, so it never changes: later versions may only add to the end of a body, and what a reader does
 * not know there it skips.
 */
export const handshakeBytesMax = 1024
const magic = latin1Bytes('unumnode')
const envelopeBytes = magic.length + 6

/** What a connection is for; numbers are on the wire. */
export const purposes = { messages: 1, bulk: 2 } as const
export type Purpose = keyof typeof purposes

/** Who opens a connection. */
export interface Greeting {
  readonly versions: ProtocolVersions
  readonly purpose: Purpose
  readonly clusterId: string
  readonly from: NodeId
  readonly name: string
  /** Different for each start of a node. */
  readonly incarnation: number
  /** Counts the connections that this incarnation has opened: of two, the higher is the newer. */
  readonly attempt: number
  /** Whom it thinks to be speaking to. */
  readonly to: NodeId
}

/** The numbers are on the wire. */
export const verdicts = {
  accepted: 0,
  'no-common-version': 1,
  'cluster-mismatch': 2,
  'wrong-node': 3,
  'unknown-node': 4,
  /** A newer connection of the same node is already open. */
  outdated: 5,
} as const
export type Verdict = keyof typeof verdicts

/** What the accepting side is and says. */
export interface Answer {
  readonly verdict: Verdict
  /** Agreed; 0 unless accepted. */
  readonly version: number
  readonly versions: ProtocolVersions
  readonly clusterId: string
  readonly from: NodeId
  readonly name: string
  readonly incarnation: number
}

export function encodeGreeting(greeting: Greeting): Uint8Array {
  return envelope((body) => {
    body.uint16(greeting.versions.min)
    body.uint16(greeting.versions.max)
    body.uint8(purposes[greeting.purpose])
    body.text(greeting.clusterId)
    body.varint(greeting.from)
    body.text(greeting.name)
    body.uint64(greeting.incarnation)
    body.uint64(greeting.attempt)
    body.varint(greeting.to)
  })
}

/** @throws UnumError `DATA_DAMAGED` */
export function decodeGreeting(body: ByteReader): Greeting {
  return {
    versions: { min: body.uint16(), max: body.uint16() },
    purpose: named(purposes, body.uint8(), 'purpose'),
    clusterId: body.text(),
    from: body.varint(),
    name: body.text(),
    incarnation: body.uint64(),
    attempt: body.uint64(),
    to: body.varint(),
  }
}

export function encodeAnswer(answer: Answer): Uint8Array {
  return envelope((body) => {
    body.uint8(verdicts[answer.verdict])
    body.uint16(answer.version)
    body.uint16(answer.versions.min)
    body.uint16(answer.versions.max)
    body.text(answer.clusterId)
    body.varint(answer.from)
    body.text(answer.name)
    body.uint64(answer.incarnation)
  })
}

/** @throws UnumError `DATA_DAMAGED` */
export function decodeAnswer(body: ByteReader): Answer {
  return {
    verdict: named(verdicts, body.uint8(), 'verdict'),
    version: body.uint16(),
    versions: { min: body.uint16(), max: body.uint16() },
    clusterId: body.text(),
    from: body.varint(),
    name: body.text(),
    incarnation: body.uint64(),
  }
}

/** The newest version that both speak; undefined where there is none. */
export function commonVersion(a: ProtocolVersions, b: ProtocolVersions): number | undefined {
  const version = Math.min(a.max, b.max)
  return version >= a.min && version >= b.min ? version : undefined
}

/** Gathers one envelope out of a connection's first bytes. Holds at most `handshakeBytesMax` and an envelope's header. */
export class HandshakeReader {
  readonly #bytes = allocateSlow(envelopeBytes + handshakeBytesMax)
  #length = 0

  /**
   * Takes from `chunk` what belongs to the envelope and returns the body once it is whole. `consumed` then tells how much of
   * `chunk` it took; the rest is what follows.
   * @throws UnumError `DATA_DAMAGED`, as early as the bytes show it.
   */
  push(chunk: Uint8Array): { readonly body: ByteReader; readonly consumed: number } | undefined {
    let at = 0
    while (at < chunk.length) {
      this.#bytes[this.#length++] = chunk[at++]!
      if (this.#length <= magic.length) {
        if (this.#bytes[this.#length - 1] !== magic[this.#length - 1]) throw damaged('no greeting of a node')
      } else if (this.#length >= envelopeBytes) {
        const length = this.#bytes[8]! | (this.#bytes[9]! << 8)
        if (length > handshakeBytesMax) throw damaged(`${length} bytes, at most ${handshakeBytesMax} are allowed`)
        if (this.#length === envelopeBytes + length) {
          if (crc32c(this.#bytes, envelopeBytes, this.#length) !== uint32At(this.#bytes, 10))
            throw damaged('wrong checksum')
          return { body: new ByteReader(this.#bytes, envelopeBytes, this.#length), consumed: at }
        }
      }
    }
    return undefined
  }
}

function envelope(encode: (body: ByteWriter) => void): Uint8Array {
  const writer = new ByteWriter()
  writer.raw(magic)
  writer.uint16(0)
  writer.uint32(0)
  encode(writer)
  const length = writer.length - envelopeBytes
  if (length > handshakeBytesMax) {
    throw new UnumError(
      'CONFIGURATION_INVALID',
      `Names and cluster id take ${length} bytes: at most ${handshakeBytesMax}`,
    )
  }
  const bytes = writer.take()
  bytes[8] = length
  bytes[9] = length >>> 8
  const crc = crc32c(bytes, envelopeBytes)
  for (let i = 0; i < 4; i++) bytes[10 + i] = crc >>> (8 * i)
  return bytes
}

function named<Table extends Record<string, number>>(table: Table, number: number, what: string): keyof Table {
  for (const name in table) if (table[name] === number) return name
  throw damaged(`${what} ${number} is unknown`)
}

function damaged(what: string): UnumError {
  return new UnumError('DATA_DAMAGED', `Handshake cannot be read: ${what}`)
}
