import { allocateSlow, compareBytes } from '#kernel/base/bytes.ts'
import type { KeyRange } from './tree.ts'

/** Longest key, in bytes: less than a chunk of the memory table. */
export const keyBytesMax = (1 << 20) - 1
/** Longest value, in bytes. */
export const valueBytesMax = 1 << 24

/** Order of `a[aStart, aEnd)` and `b[bStart, bEnd)` as `compareBytes`: a prefix sorts first. */
export function compareSlices(
  a: Uint8Array,
  aStart: number,
  aEnd: number,
  b: Uint8Array,
  bStart: number,
  bEnd: number,
): number {
  const aLength = aEnd - aStart
  const bLength = bEnd - bStart
  const end = aStart + Math.min(aLength, bLength)
  let i = aStart
  let j = bStart
  while (i < end) {
    const difference = a[i++]! - b[j++]!
    if (difference !== 0) return difference
  }
  return aLength - bLength
}

/** The smallest key above `bytes[start, end)`: the key and a zero byte. A copy. */
export function successor(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const next = allocateSlow(end - start + 1)
  next.set(bytes.subarray(start, end))
  next[end - start] = 0
  return next
}

/** Order of two exclusive upper bounds, where undefined is above all. */
export function compareEnds(a: Uint8Array | undefined, b: Uint8Array | undefined): number {
  if (a === undefined) return b === undefined ? 0 : 1
  return b === undefined ? -1 : compareBytes(a, b)
}

export function isBelowEnd(key: Uint8Array, end: Uint8Array | undefined): boolean {
  return end === undefined || compareBytes(key, end) < 0
}

export function isEmptyRange(range: KeyRange): boolean {
  return !isBelowEnd(range.from, range.to)
}

export function overlaps(a: KeyRange, b: KeyRange): boolean {
  return isBelowEnd(a.from, b.to) && isBelowEnd(b.from, a.to)
}

/** Whether all of `inner` lies in `outer`. */
export function encloses(outer: KeyRange, inner: KeyRange): boolean {
  return compareBytes(outer.from, inner.from) <= 0 && compareEnds(inner.to, outer.to) <= 0
}
