import { crc32c } from '#kernel/base/crc32c.ts'

/**
 * The frame: what a connection between two nodes carries once its handshake is done (docs/formats/transport.md).
 *
 * ```
 * length  u32   of the body, in bytes
 * kind    u8    `frames` below
 * channel u8    who it is for; 0 where the kind has no channel
 * check   u16   low half of h = crc32c(the six bytes before)
 * crc     u32   crc32c(body) continued from h
 * body    length bytes
 * ```
 * All little-endian. The header has a check of its own, so that a damaged length is seen at once instead of being waited for.
 */
export const frameHeaderBytes = 12
const checkedHeaderBytes = 6

/** `tag` is on the wire and never reused. `bodyBytesMin` is the fixed part of the body: a shorter one is damage. */
export interface FrameSpec {
  readonly tag: number
  readonly bodyBytesMin: number
  /** On which connections it may come: those of messages, those of bulk streams, or both. */
  readonly purpose: 'messages' | 'bulk' | 'both'
}

export const frames = {
  /** Nothing but a sign of life. */
  beat: { tag: 1, bodyBytesMin: 0, purpose: 'both' },
  oneWay: { tag: 2, bodyBytesMin: 0, purpose: 'messages' },
  /** id u32, time left in ms u32, payload. */
  request: { tag: 3, bodyBytesMin: 8, purpose: 'messages' },
  /** id u32, payload. */
  reply: { tag: 4, bodyBytesMin: 4, purpose: 'messages' },
  /** id u32, error code text, message text. */
  failure: { tag: 5, bodyBytesMin: 4, purpose: 'messages' },
  /** id u32: the reply is not wanted any more. */
  cancel: { tag: 6, bodyBytesMin: 4, purpose: 'messages' },
  /** stream u32, meta. */
  bulkOpen: { tag: 16, bodyBytesMin: 4, purpose: 'bulk' },
  /** stream u32, payload. */
  bulkChunk: { tag: 17, bodyBytesMin: 4, purpose: 'bulk' },
  /** stream u32: all chunks were sent. */
  bulkEnd: { tag: 18, bodyBytesMin: 4, purpose: 'bulk' },
  /** stream u32, more bytes that may be sent u32. */
  bulkCredit: { tag: 19, bodyBytesMin: 8, purpose: 'bulk' },
  /** stream u32: the receiver has done with it what it wanted. */
  bulkDone: { tag: 20, bodyBytesMin: 4, purpose: 'bulk' },
  /** stream u32, error code text, message text; from either side. */
  bulkAbort: { tag: 21, bodyBytesMin: 4, purpose: 'bulk' },
} as const satisfies Record<string, FrameSpec>

export type FrameKind = keyof typeof frames

/**
 * What a piece of a bulk stream takes of the receiver's credit besides its bytes: so many tiny pieces hold no more memory than few
 * large ones.
 */
export const bulkChunkOverheadBytes = 256

/** By tag; undefined for tags that mean nothing. */
export const frameSpecs: readonly (FrameSpec | undefined)[] = (() => {
  const byTag: (FrameSpec | undefined)[] = new Array(256).fill(undefined)
  for (const spec of Object.values(frames)) byTag[spec.tag] = spec
  return byTag
})()

/** Fills in the header at `start`. The body follows it up to `end`, and goes on with `payload`, which lies elsewhere. */
export function sealFrame(
  bytes: Uint8Array,
  start: number,
  end: number,
  tag: number,
  channel: number,
  payload?: Uint8Array,
): void {
  putUint32(bytes, start, end - start - frameHeaderBytes + (payload ? payload.length : 0))
  bytes[start + 4] = tag
  bytes[start + 5] = channel
  const header = crc32c(bytes, start, start + checkedHeaderBytes)
  bytes[start + 6] = header
  bytes[start + 7] = header >>> 8
  const crc = crc32c(bytes, start + frameHeaderBytes, end, header)
  putUint32(bytes, start + 8, payload ? crc32c(payload, 0, payload.length, crc) : crc)
}

/** Whether the header at `start` is one that `sealFrame` made. Says nothing of the body. */
export function isHeaderValid(bytes: Uint8Array, start: number): boolean {
  const header = crc32c(bytes, start, start + checkedHeaderBytes)
  return (header & 0xffff) === (bytes[start + 6]! | (bytes[start + 7]! << 8))
}

/** Whether the body that ends at `end` is the one that the header at `start` was made for. */
export function isBodyValid(bytes: Uint8Array, start: number, end: number): boolean {
  const header = crc32c(bytes, start, start + checkedHeaderBytes)
  return crc32c(bytes, start + frameHeaderBytes, end, header) === uint32At(bytes, start + 8)
}

export function uint32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
}

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}
