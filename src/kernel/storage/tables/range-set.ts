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

  static unionOf(sets: readonly RangeSet[]): RangeSet {
    const union = new RangeSet()
    for (const set of sets) for (const range of set.ranges) union.add(range)
    return union
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
    let first = 0
    let beyond = this.#ranges.length
    while (first < beyond) {
      const middle = (first + beyond) >>> 1
      const to = this.#ranges[middle]!.to
      if (to !== undefined && compareBytes(to, range.from) < 0) first = middle + 1
      else beyond = middle
    }
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
    let low = 0
    let high = this.#ranges.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (isBelowEnd(range.from, this.#ranges[middle]!.to)) high = middle
      else low = middle + 1
    }
    const first = this.#ranges[low]
    return first !== undefined && isBelowEnd(first.from, range.to)
  }

  /** The part of the set in `window`, as sorted ranges. */
  clip(window: KeyRange): KeyRange[] {
    const clipped: KeyRange[] = []
    for (const range of this.#ranges) {
      const from = compareBytes(range.from, window.from) < 0 ? window.from : range.from
      const to = compareEnds(range.to, window.to) > 0 ? window.to : range.to
      if (isBelowEnd(from, to)) clipped.push({ from, to })
    }
    return clipped
  }
}
