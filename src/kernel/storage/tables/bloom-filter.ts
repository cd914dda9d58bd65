/**
 * Bloom filters in lines of 64 bytes (Putze, Sanders and Singler 2007): a key has all its bits in one line, so that a look
 * costs one cache miss. Ten bits per key, seven of them set: about 1 % of absent keys pass.
 */
const bitsPerKey = 10
const probes = 7
const lineBytes = 64
/** 2^32 divided by the golden ratio: multiplying by it spreads what is left of the hash over the upper bits. */
const spread = 0x9e37_79b9

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

/** Bytes of a filter for `keys` keys: a whole number of lines. */
export function filterBytes(keys: number): number {
  return Math.max(1, Math.ceil((keys * bitsPerKey) / (8 * lineBytes))) * lineBytes
}

/** The first byte of the line of a hash: the hash as a fraction of 2^32 chooses it. */
function lineOf(filter: Uint8Array, hash: number): number {
  return Math.floor(((hash >>> 0) * (filter.length / lineBytes)) / 0x1_0000_0000) * lineBytes
}

export function addToFilter(filter: Uint8Array, hash: number): void {
  const line = lineOf(filter, hash)
  let h = Math.imul(hash, spread)
  for (let i = 0; i < probes; i++) {
    filter[line + (h >>> 26)]! |= 1 << ((h >>> 23) & 7)
    h = Math.imul(h, spread)
  }
}

/** False only where no key with this hash was added. The filter must be a whole number of lines. */
export function mayContain(filter: Uint8Array, hash: number): boolean {
  const line = lineOf(filter, hash)
  let h = Math.imul(hash, spread)
  for (let i = 0; i < probes; i++) {
    if ((filter[line + (h >>> 26)]! & (1 << ((h >>> 23) & 7))) === 0) return false
    h = Math.imul(h, spread)
  }
  return true
}

/** Whether bytes of this length can be a filter. */
export function isFilterLength(length: number): boolean {
  return length > 0 && length % lineBytes === 0
}
