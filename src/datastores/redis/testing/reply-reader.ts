import { latin1Text } from '#kernel/base/bytes.ts'

/**
 * A reply as a tree, for tests: its marker and what it says. Texts have one character per byte.
 */
export interface ReplyTree {
  readonly marker: string
  /** The line after the marker, or a bulk's bytes; undefined for what has parts, and for null. */
  readonly text: string | undefined
  /** Of a list, map (keys and values in turn) or set; undefined for null. */
  readonly parts: readonly ReplyTree[] | undefined
}

/** Reads the reply at `at`; undefined where it is not complete. */
export function readReply(
  bytes: Uint8Array,
  at: number,
): { readonly reply: ReplyTree; readonly end: number } | undefined {
  const lineEnd = bytes.indexOf(0x0d, at)
  if (lineEnd < 0 || lineEnd + 1 >= bytes.length) return undefined
  const marker = String.fromCharCode(bytes[at]!)
  const line = latin1Text(bytes, at + 1, lineEnd)
  let end = lineEnd + 2
  if (marker === '$' || marker === '=') {
    const length = Number(line)
    if (length < 0) return { reply: { marker, text: undefined, parts: undefined }, end }
    if (end + length + 2 > bytes.length) return undefined
    return { reply: { marker, text: latin1Text(bytes, end, end + length), parts: undefined }, end: end + length + 2 }
  }
  if (!'*~%>'.includes(marker)) return { reply: { marker, text: line, parts: undefined }, end }
  if (line === '-1') return { reply: { marker, text: undefined, parts: undefined }, end }
  const parts: ReplyTree[] = []
  for (let left = Number(line) * (marker === '%' ? 2 : 1); left > 0; left--) {
    const part = readReply(bytes, end)
    if (!part) return undefined
    parts.push(part.reply)
    end = part.end
  }
  return { reply: { marker, text: undefined, parts }, end }
}
