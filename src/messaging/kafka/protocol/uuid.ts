import { latin1Bytes, latin1Text } from '#kernel/base/bytes.ts'

/**
 * Identifiers of topics: 16 bytes, as a text with one character for each, which is a key of a map as it is. People see what
 * Kafka shows: 22 characters of URL-safe base64.
 */
export const zeroUuid = '\0'.repeat(16)

export function uuidOf(bytes: Uint8Array): string {
  return latin1Text(bytes, 0, 16)
}

export function uuidText(uuid: string): string {
  const bytes = latin1Bytes(uuid)
  let text = ''
  for (let at = 0; at < 16; at += 3) {
    const triple = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    for (let shift = 18; shift >= 0; shift -= 6) text += alphabet[(triple >> shift) & 63]
  }
  return text.slice(0, 22)
}

/** @returns undefined where `text` is none */
export function parseUuid(text: string): string | undefined {
  if (text.length !== 22) return undefined
  const bytes = new Uint8Array(18)
  for (let at = 0, to = 0; at < 24; at += 4) {
    let triple = 0
    for (let i = at; i < at + 4; i++) {
      const digit = i < 22 ? alphabet.indexOf(text[i]!) : 0
      if (digit < 0) return undefined
      triple = (triple << 6) | digit
    }
    bytes[to++] = triple >> 16
    bytes[to++] = triple >> 8
    bytes[to++] = triple
  }
  const uuid = latin1Text(bytes, 0, 16)
  return uuidText(uuid) === text ? uuid : undefined
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
