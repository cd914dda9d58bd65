import type { Dice } from './dice.ts'

/**
 * Numbers as they lie in formats: read where they might be, and written as another one. A place holds a number in every
 * encoding, most of which mean nothing; the few that do are lengths and counts.
 */
export interface NumberAt {
  value: number
  /** Bytes that it takes. */
  width: number
}

export const encodings = ['u8', 'u16', 'u16be', 'u32', 'u32be', 'u64', 'u64be', 'varint', 'decimal'] as const
export type Encoding = (typeof encodings)[number]

const found: NumberAt = { value: 0, width: 0 }

/** Shared: valid until the next call. `width` 0 where there is none. */
export function numberAt(bytes: Uint8Array, length: number, at: number, encoding: Encoding): NumberAt {
  found.value = 0
  found.width = 0
  if (encoding === 'varint') {
    let factor = 1
    for (let i = at; i < length && i < at + 8; i++) {
      found.value += (bytes[i]! & 0x7f) * factor
      found.width++
      if (bytes[i]! < 0x80) return found
      factor *= 128
    }
    return found
  }
  if (encoding === 'decimal') {
    for (let i = at; i < length && found.width < digitsMax && isDigit(bytes[i]!); i++, found.width++) {
      found.value = found.value * 10 + bytes[i]! - 0x30
    }
    return found
  }
  const width = widths[encoding]
  if (at + width > length) return found
  found.width = width
  for (let i = 0; i < width; i++) {
    const place = isBigEndian(encoding) ? width - 1 - i : i
    found.value += bytes[at + i]! * 256 ** place
  }
  return found
}

/** Writes `value`, as far as the encoding can say it. @returns bytes written */
export function writeNumber(target: Uint8Array, value: number, encoding: Encoding): number {
  if (encoding === 'varint') {
    let at = 0
    let rest = Math.max(0, value)
    while (rest >= 0x80 && at < 9) {
      target[at++] = (rest % 128) | 0x80
      rest = Math.floor(rest / 128)
    }
    target[at++] = rest % 128
    return at
  }
  if (encoding === 'decimal') {
    const text = BigInt(Math.trunc(value)).toString()
    for (let i = 0; i < text.length; i++) target[i] = text.charCodeAt(i)
    return text.length
  }
  const width = widths[encoding]
  let rest = value < 0 ? value + 256 ** width : value
  for (let i = 0; i < width; i++) {
    target[isBigEndian(encoding) ? width - 1 - i : i] = rest % 256
    rest = Math.floor(rest / 256)
  }
  return width
}

/** Around the limits of what formats hold. */
const interesting = [
  ...[0, 1, 2, 3, 7, 8, 9, 16, 31, 32, 63, 64, 100, 127, 128, 255, 256, 511, 512, 1000, 1024, 4095, 4096, 4097],
  ...[32_767, 32_768, 65_535, 65_536, 65_537, 1 << 20, (1 << 24) + 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 2 ** 32],
  ...[2 ** 48, 2 ** 53 - 1, 2 ** 53, 2 ** 63 - 1024, 2 ** 63, 2 ** 64 - 2048, -1, -2],
]

/** What a number at a place may be replaced by; `rest` bytes follow it. */
export function otherNumber(value: number, rest: number, dice: Dice): number {
  switch (dice.below(8)) {
    case 0:
      return value + 1
    case 1:
      return value - 1
    case 2:
      return rest + dice.below(3) - 1
    case 3:
      return value * 2
    case 4:
      return dice.below(32)
    default:
      return dice.of(interesting)
  }
}

const widths = { u8: 1, u16: 2, u16be: 2, u32: 4, u32be: 4, u64: 8, u64be: 8 } as const
const digitsMax = 20
const isBigEndian = (encoding: Encoding) => encoding.endsWith('be')
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39
