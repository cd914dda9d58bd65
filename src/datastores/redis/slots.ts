/**
 * Which of the 16,384 hash slots a key is in, as Redis Cluster does (specification, "Key distribution model"): CRC16/XMODEM
 * of the key, or of what is between its first `{` and the next `}` if that is not empty.
 */
export const slotCount = 16_384

const crcTable = makeTable()

function makeTable(): Uint16Array {
  const table = new Uint16Array(256)
  for (let n = 0; n < 256; n++) {
    let c = n << 8
    for (let bit = 0; bit < 8; bit++) c = c & 0x8000 ? (c << 1) ^ 0x1021 : c << 1
    table[n] = c & 0xffff
  }
  return table
}

const openBrace = 0x7b
const closeBrace = 0x7d

export function keySlot(bytes: Uint8Array, start: number, end: number): number {
  let crc = 0
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!
    if (byte === openBrace) return taggedSlot(bytes, start, at, end)
    crc = ((crc << 8) ^ crcTable[((crc >>> 8) ^ byte) & 0xff]!) & 0xffff
  }
  return crc & (slotCount - 1)
}

function taggedSlot(bytes: Uint8Array, start: number, open: number, end: number): number {
  let close = open + 1
  while (close < end && bytes[close] !== closeBrace) close++
  const tagged = close < end && close > open + 1
  const to = tagged ? close : end
  let crc = 0
  for (let at = tagged ? open + 1 : start; at < to; at++) {
    crc = ((crc << 8) ^ crcTable[((crc >>> 8) ^ bytes[at]!) & 0xff]!) & 0xffff
  }
  return crc & (slotCount - 1)
}
