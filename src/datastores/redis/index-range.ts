/** Indexes `from` to `to` - 1; empty where the two are equal. */
export interface IndexRange {
  readonly from: number
  readonly to: number
}

/** @param first and `last`, both inclusive; negative ones count from the end of `length` elements */
export function resolveIndexes(first: number, last: number, length: number): IndexRange {
  const from = Math.max(0, first < 0 ? length + first : first)
  const to = Math.min(length, (last < 0 ? length + last : last) + 1)
  return from < to ? { from, to } : { from: 0, to: 0 }
}
