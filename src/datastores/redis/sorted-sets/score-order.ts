/**
 * Scores as eight bytes whose order is that of the numbers: the IEEE 754 bits, big-endian, with the sign bit inverted for
 * positive numbers and all bits inverted for negative ones. -0 is written as 0, since the two rank as equal; a NaN is never
 * a score.
 */
export const scoreBytes = 8

const scratch = new DataView(new ArrayBuffer(scoreBytes))
const signBit = 0x8000_0000

export function writeScore(target: Uint8Array, at: number, score: number): void {
  scratch.setFloat64(0, score === 0 ? 0 : score)
  let high = scratch.getUint32(0)
  let low = scratch.getUint32(4)
  if (high >= signBit) {
    high = ~high
    low = ~low
  } else {
    high += signBit
  }
  target[at] = high >>> 24
  target[at + 1] = high >>> 16
  target[at + 2] = high >>> 8
  target[at + 3] = high
  target[at + 4] = low >>> 24
  target[at + 5] = low >>> 16
  target[at + 6] = low >>> 8
  target[at + 7] = low
}

export function readScore(bytes: Uint8Array, at: number): number {
  let high = uint32At(bytes, at)
  let low = uint32At(bytes, at + 4)
  if (high >= signBit) {
    high -= signBit
  } else {
    high = ~high
    low = ~low
  }
  scratch.setUint32(0, high)
  scratch.setUint32(4, low)
  return scratch.getFloat64(0)
}

function uint32At(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
}
