/**
 * Byte strings. The one file with two implementations: Node's `Buffer` where there is one (its natives are several times
 * faster on short inputs), plain `Uint8Array` elsewhere. Callers only ever see plain `Uint8Array`s, also from hosts: a
 * `Buffer` differs in `slice`, which copies in the one and shares memory in the other.
 */

interface NodeBuffer extends Uint8Array {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
  latin1Write(text: string, offset: number): number
  utf8Write(text: string, offset: number): number
  copy(target: Uint8Array, targetStart: number, sourceStart: number, sourceEnd: number): number
}
interface NodeBufferConstructor {
  from(text: string, encoding: 'utf8' | 'latin1'): Uint8Array
  allocUnsafe(length: number): Uint8Array
  allocUnsafeSlow(length: number): Uint8Array
  compare(a: Uint8Array, b: Uint8Array): -1 | 0 | 1
  byteLength(text: string): number
  readonly prototype: NodeBuffer
}

/** The same memory without Node's methods. */
export function plainBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

const NodeBytes = (globalThis as { Buffer?: NodeBufferConstructor }).Buffer
const utf8Encoder = new TextEncoder()
const utf8Decoder = new TextDecoder('utf-8')

export const emptyBytes = new Uint8Array(0)

/**
 * Content undefined until written. Small ones are cut from a shared slab, one object each: never transfer their `buffer`, and copy
 * what is small and lives long.
 */
export function allocate(length: number): Uint8Array {
  if (length > slabPieceMax) return allocateSlow(length)
  if (slabUsed + length > slabBytes) {
    slab = new ArrayBuffer(slabBytes)
    slabUsed = 0
  }
  const piece = new Uint8Array(slab, slabUsed, length)
  slabUsed = (slabUsed + length + 7) & ~7
  return piece
}

const slabBytes = 32_768
const slabPieceMax = 2048
let slab = new ArrayBuffer(slabBytes)
let slabUsed = 0

/** Content undefined, an allocation of its own: for what lives long or is large. */
export const allocateSlow: (length: number) => Uint8Array = NodeBytes
  ? (length) => plainBytes(NodeBytes.allocUnsafeSlow(length))
  : (length) => new Uint8Array(length)

export const utf8Bytes: (text: string) => Uint8Array = NodeBytes
  ? (text) => plainBytes(NodeBytes.from(text, 'utf8'))
  : (text) => utf8Encoder.encode(text)

/** Invalid sequences become U+FFFD. */
export const utf8Text: (bytes: Uint8Array, start?: number, end?: number) => string = NodeBytes
  ? (bytes, start = 0, end = bytes.length) => NodeBytes.prototype.utf8Slice.call(bytes, start, end)
  : (bytes, start = 0, end = bytes.length) => utf8Decoder.decode(bytes.subarray(start, end))

/** One character per byte, U+0000 to U+00FF: a string that equals another exactly where the bytes do, to use as a key. */
export const latin1Text: (bytes: Uint8Array, start?: number, end?: number) => string = NodeBytes
  ? (bytes, start = 0, end = bytes.length) => NodeBytes.prototype.latin1Slice.call(bytes, start, end)
  : (bytes, start = 0, end = bytes.length) => {
      let text = ''
      for (let at = start; at < end; at += 4096) {
        text += String.fromCharCode(...bytes.subarray(at, Math.min(end, at + 4096)))
      }
      return text
    }

/** The inverse of `latin1Text`. */
export const latin1Bytes: (text: string) => Uint8Array = NodeBytes
  ? (text) => plainBytes(NodeBytes.from(text, 'latin1'))
  : (text) => {
      const bytes = new Uint8Array(text.length)
      for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
      return bytes
    }

export const utf8Length: (text: string) => number = NodeBytes
  ? (text) => NodeBytes.byteLength(text)
  : (text) => utf8Encoder.encode(text).length

/** Order of unsigned bytes; a prefix sorts first. Negative, 0 or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shorter = Math.min(a.length, b.length)
  if (NodeBytes && shorter > 48) return NodeBytes.compare(a, b)
  for (let i = 0; i < shorter; i++) {
    const difference = a[i]! - b[i]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0
}

export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  if (bytes.length < prefix.length) return false
  for (let i = 0; i < prefix.length; i++) if (bytes[i] !== prefix[i]) return false
  return true
}

export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = allocate(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Copies `source[start, end)` into `target` from `at` on, where there is room. */
export const copyInto: (target: Uint8Array, at: number, source: Uint8Array, start: number, end: number) => void =
  NodeBytes
    ? (target, at, source, start, end) => {
        // The native call takes 35 ns whatever the length, a byte here somewhat less than one.
        if (end - start > 40) NodeBytes.prototype.copy.call(source, target, at, start, end)
        else for (let from = start, to = at; from < end; ) target[to++] = source[from++]!
      }
    : (target, at, source, start, end) => target.set(source.subarray(start, end), at)

/** A copy of `bytes[start, end)`. */
export function copyBytes(bytes: Uint8Array, start = 0, end = bytes.length): Uint8Array {
  const copy = allocate(end - start)
  copyInto(copy, 0, bytes, start, end)
  return copy
}

/** The smallest byte string above every one that starts with `prefix`; undefined where there is none (all 0xff). */
export function prefixEnd(prefix: Uint8Array): Uint8Array | undefined {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length--
  if (length === 0) return undefined
  const end = copyBytes(prefix.subarray(0, length))
  end[length - 1]! += 1
  return end
}
