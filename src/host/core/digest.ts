const samples = 16

/**
 * A cheap 32-bit digest of `bytes[start, end)` for traces: its length and up to sixteen bytes spread over it. Not a
 * checksum.
 */
export function digestBytes(bytes: Uint8Array, start = 0, end = bytes.length): number {
  const length = end - start
  let digest = Math.imul(length ^ 0x811c9dc5, 0x01000193)
  const stride = length <= samples ? 1 : Math.floor(length / samples)
  for (let at = start; at < end; at += stride) digest = Math.imul(digest ^ bytes[at]!, 0x01000193)
  return digest
}
