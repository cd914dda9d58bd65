import type { Arguments } from '#kernel/base/arguments.ts'
import { copyBytes } from '#kernel/base/bytes.ts'

const quote = 0x22
const apostrophe = 0x27
const backslash = 0x5c

/** As C's `isspace`. */
function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d)
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const lower = byte | 0x20
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1
}

const escapes: Readonly<Record<number, number>> = { 110: 0x0a, 114: 0x0d, 116: 0x09, 98: 0x08, 97: 0x07 }

/**
 * Splits an inline command into words, as Redis does: `"…"` with `\n \r \t \b \a \xHH` and `\` before any other byte,
 * `'…'` with `\'`, and after a closing quote a space or the end. Words are at most as long as what they are written as, so
 * they are unescaped in place in a copy of the line, over which `args` is set.
 * @returns false where quotes are not closed properly
 */
export function splitInline(line: Uint8Array, args: Arguments): boolean {
  const bytes = copyBytes(line)
  args.reset(bytes)
  const end = bytes.length
  let at = 0
  for (;;) {
    while (at < end && isSpace(bytes[at]!)) at++
    if (at === end) return true
    const wordStart = at
    let to = at
    let open = 0
    while (at < end) {
      const byte = bytes[at]!
      if (open === 0) {
        if (isSpace(byte)) break
        at++
        if (byte === quote || byte === apostrophe) open = byte
        else bytes[to++] = byte
        continue
      }
      at++
      if (byte === open) {
        if (at < end && !isSpace(bytes[at]!)) return false
        open = 0
        break
      }
      if (byte !== backslash || at === end) {
        bytes[to++] = byte
      } else if (open === apostrophe) {
        if (bytes[at] === apostrophe) at++
        bytes[to++] = bytes[at - 1]!
      } else {
        const high = bytes[at] === 0x78 ? hexDigit(bytes[at + 1]) : -1
        const low = high < 0 ? -1 : hexDigit(bytes[at + 2])
        if (low >= 0) {
          bytes[to++] = high * 16 + low
          at += 3
        } else {
          bytes[to++] = escapes[bytes[at]!] ?? bytes[at]!
          at++
        }
      }
    }
    if (open !== 0) return false
    args.push(wordStart, to)
  }
}
