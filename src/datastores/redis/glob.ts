/**
 * The patterns of KEYS, SCAN and their kin: `*`, `?`, `[abc]`, `[^a-z]`, and `\` before a byte that is meant as itself. An
 * unclosed class ends with the pattern, as in Redis.
 */

const star = 0x2a
const question = 0x3f
const open = 0x5b
const close = 0x5d
const backslash = 0x5c
const caret = 0x5e
const dash = 0x2d

/**
 * Whether `pattern` matches all of `bytes[start, end)`. Time is at most the product of both lengths: after a mismatch only the
 * last `*` takes one byte more, since an earlier one could do no better.
 */
export function globMatches(pattern: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  let from = 0
  let afterStar = -1
  let starAt = 0
  for (;;) {
    if (from < pattern.length && pattern[from] === star) {
      afterStar = ++from
      starAt = at
      if (from === pattern.length) return true
      continue
    }
    if (at === end) return from === pattern.length
    const next = from < pattern.length ? matchOne(pattern, from, bytes[at]!) : 0
    if (next > 0) {
      from = next
      at++
    } else if (afterStar >= 0) {
      from = afterStar
      at = ++starAt
    } else {
      return false
    }
  }
}

/** Matches one byte with the pattern's element at `from`. @returns where the next element begins, 0 for no match */
function matchOne(pattern: Uint8Array, from: number, byte: number): number {
  switch (pattern[from]) {
    case question:
      return from + 1
    case open:
      return matchClass(pattern, from + 1, byte)
    case backslash:
      if (from + 1 < pattern.length) from++
  }
  return pattern[from] === byte ? from + 1 : 0
}

/** @param from where the class begins, after its `[` */
function matchClass(pattern: Uint8Array, from: number, byte: number): number {
  const inverted = pattern[from] === caret
  if (inverted) from++
  let matched = false
  for (; from < pattern.length && pattern[from] !== close; from++) {
    if (pattern[from] === backslash && from + 1 < pattern.length) {
      from++
      if (pattern[from] === byte) matched = true
    } else if (pattern[from + 1] === dash && from + 2 < pattern.length) {
      const first = pattern[from]!
      const last = pattern[from + 2]!
      if (byte >= Math.min(first, last) && byte <= Math.max(first, last)) matched = true
      from += 2
    } else if (pattern[from] === byte) {
      matched = true
    }
  }
  return matched === inverted ? 0 : Math.min(from + 1, pattern.length)
}
