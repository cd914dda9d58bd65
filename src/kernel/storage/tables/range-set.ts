import { compareBytes } from '#kernel/base/bytes.ts'
import { compareEnds, compareSlices, isBelowEnd, isEmptyRange } from './keys.ts'
import type { KeyRange } from './tree.ts'

/**
 * A set of keys given as ranges: sorted by `from`, disjoint and not touching. The range tombstones of one memory table or
 * file are one; they hide rows of older tables only, never rows beside them.
 */
export class RangeSet {
  readonly #ranges: KeyRange[]

  /** `ranges` must already be sorted, disjoint and not touching; the array is taken over. */
  constructor(ranges: KeyRange[] = []) {
    this.#ranges = ranges
  }

  /** Linear in the ranges of all sets for each doubling of the number of sets. */
  static unionOf(sets: readonly RangeSet[]): RangeSet {
    const filled = sets.filter((set) => set.size > 0)
    if (filled.length <= 1) return filled[0] ?? new RangeSet()
    const half = filled.length >>> 1
    const first = RangeSet.unionOf(filled.slice(0, half)).#ranges
    const second = RangeSet.unionOf(filled.slice(half)).#ranges
    const union: KeyRange[] = []
    for (let i = 0, k = 0; i < first.length || k < second.length; ) {
      const isFirst = k === second.length || (i < first.length && compareBytes(first[i]!.from, second[k]!.from) <= 0)
      append(union, isFirst ? first[i++]! : second[k++]!)
    }
    return new RangeSet(union)
  }

  get ranges(): readonly KeyRange[] {
    return this.#ranges
  }

  get size(): number {
    return this.#ranges.length
  }

  /** The bytes are kept, not copied. An empty range changes nothing. */
  add(range: KeyRange): void {
    if (isEmptyRange(range)) return
    // Every range that overlaps or touches the new one is replaced by their union.
    const first = this.#firstEnding((to) => compareBytes(to, range.from) >= 0)
    let last = first
    let { from, to } = range
    while (last < this.#ranges.length) {
      const next = this.#ranges[last]!
      if (to !== undefined && compareBytes(to, next.from) < 0) break
      if (compareBytes(next.from, from) < 0) from = next.from
      if (compareEnds(next.to, to) > 0) to = next.to
      last++
    }
    this.#ranges.splice(first, last - first, { from, to })
  }

  /** The range that holds `bytes[start, end)`. */
  find(bytes: Uint8Array, start = 0, end = bytes.length): KeyRange | undefined {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const from = this.#ranges[middle]!.from
      if (compareSlices(from, 0, from.length, bytes, start, end) <= 0) low = middle + 1
      else high = middle
    }
    if (low === 0) return undefined
    const range = this.#ranges[low - 1]!
    return range.to === undefined || compareSlices(bytes, start, end, range.to, 0, range.to.length) < 0
      ? range
      : undefined
  }

  overlaps(range: KeyRange): boolean {
    const first = this.#ranges[this.#firstEnding((to) => compareBytes(range.from, to) < 0)]
    return first !== undefined && isBelowEnd(first.from, range.to)
  }

  /** The part of the set in `window`, as sorted ranges. */
  clip(window: KeyRange): KeyRange[] {
    const clipped: KeyRange[] = []
    for (let i = this.#firstEnding((to) => compareBytes(window.from, to) < 0); i < this.#ranges.length; i++) {
      const range = this.#ranges[i]!
      if (!isBelowEnd(range.from, window.to)) break
      const from = compareBytes(range.from, window.from) < 0 ? window.from : range.from
      const to = compareEnds(range.to, window.to) > 0 ? window.to : range.to
      if (isBelowEnd(from, to)) clipped.push({ from, to })
    }
    return clipped
  }

  /** Position of the first range whose end `isFar` (true from some end on; the end of all is). */
  #firstEnding(isFar: (to: Uint8Array) => boolean): number {
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const { to } = this.#ranges[middle]!
      if (to === undefined || isFar(to)) high = middle
      else low = middle + 1
    }
    return low
  }
}

/** Adds a range that begins at or behind the last one, and is one with it where they overlap or touch. */
function append(ranges: KeyRange[], range: KeyRange): void {
  const last = ranges.at(-1)
  if (last === undefined || (last.to !== undefined && compareBytes(last.to, range.from) < 0)) ranges.push(range)
  else if (compareEnds(range.to, last.to) > 0) ranges[ranges.length - 1] = { from: last.from, to: range.to }
}
