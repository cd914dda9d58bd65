/**
 * Bloom filters (Bloom 1970) with double hashing (Kirsch and Mitzenmacher 2006): one 32-bit hash per key, ten bits, seven
 * probes, so that about 0.9 % of absent keys pass.
 */
const bitsPerKey = 10
const probes = 7

/** MurmurHash3_x86_32 (Appleby) of `bytes[start, end)` with seed 0: an unsigned integer. */
export function hashKey(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let hash = 0
  let at = start
  for (const whole = end - 3; at < whole; at += 4) {
    let k = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    k = Math.imul(k, 0xcc9e_2d51)
    k = Math.imul((k << 15) | (k >>> 17), 0x1b87_3593)
    hash ^= k
    hash = (Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe654_6b64) | 0
  }
  if (at < end) {
    let k = 0
    for (let i = end - 1; i >= at; i--) k = (k << 8) | bytes[i]!
    k = Math.imul(k, 0xcc9e_2d51)
    hash ^= Math.imul((k << 15) | (k >>> 17), 0x1b87_3593)
  }
  hash ^= end - start
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** Bytes of a filter for `keys` keys. */
export function filterBytes(keys: number): number {
  return Math.max(8, Math.ceil((keys * bitsPerKey) / 8))
}

export function addToFilter(filter: Uint8Array, hash: number): void {
  const bits = filter.length * 8
  const delta = (hash >>> 17) | (hash << 15)
  let h = hash
  for (let i = 0; i < probes; i++) {
    const bit = (h >>> 0) % bits
    filter[bit >>> 3]! |= 1 << (bit & 7)
    h = (h + delta) | 0
  }
}

/** False only where no key with this hash was added. */
export function mayContain(filter: Uint8Array, hash: number): boolean {
  const bits = filter.length * 8
  const delta = (hash >>> 17) | (hash << 15)
  let h = hash
  for (let i = 0; i < probes; i++) {
    const bit = (h >>> 0) % bits
    if ((filter[bit >>> 3]! & (1 << (bit & 7))) === 0) return false
    h = (h + delta) | 0
  }
  return true
}
