/** CRC-32C (Castagnoli, RFC 3720 appendix B.4), reflected polynomial 0x82F63B78, by slicing over eight tables. */

const tables = makeTables()

function makeTables(): Int32Array[] {
  const made = Array.from({ length: 8 }, () => new Int32Array(256))
  const first = made[0]!
  for (let n = 0; n < 256; n++) {
    let c = n
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1
    first[n] = c
  }
  for (let n = 0; n < 256; n++) {
    let c = first[n]!
    for (let k = 1; k < 8; k++) {
      c = first[c & 0xff]! ^ (c >>> 8)
      made[k]![n] = c
    }
  }
  return made
}

const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as [
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
  Int32Array,
]

type Native = (bytes: Uint8Array, initial: number) => number
let native: Native | undefined

/** A host may offer a faster implementation with the same results, for inputs above `nativeBytesMin`. */
export function useNativeCrc32c(implementation: Native | undefined): void {
  native = implementation
}
const nativeBytesMin = 512

/**
 * The checksum of `bytes[start, end)`, an unsigned 32-bit integer. `initial` is the checksum of what comes before:
 * `crc32c(b, 0, n, crc32c(a))` is that of `a` followed by `b`.
 */
export function crc32c(bytes: Uint8Array, start = 0, end = bytes.length, initial = 0): number {
  if (native && end - start >= nativeBytesMin) {
    return native(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), initial) >>> 0
  }
  let c = ~initial
  let at = start
  const wide = end - 7
  while (at < wide) {
    c ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    c =
      t7[c & 0xff]! ^
      t6[(c >>> 8) & 0xff]! ^
      t5[(c >>> 16) & 0xff]! ^
      t4[c >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!
    at += 8
  }
  while (at < end) c = t0[(c ^ bytes[at++]!) & 0xff]! ^ (c >>> 8)
  return ~c >>> 0
}
