/** The middle value; of an even number of them the lower one. NaN where there is none. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN
}

/**
 * Objects of one shape as one: of every number the median, of arrays of numbers the median place by place, of everything else
 * the first.
 */
export function medians<T extends object>(runs: readonly T[]): T {
  const merge = (key: keyof T): unknown => {
    const values = runs.map((run) => run[key])
    const [first] = values
    if (typeof first === 'number') return median(values as number[])
    if (!Array.isArray(first) || typeof first[0] !== 'number') return first
    return first.map((_, i) => median((values as number[][]).map((list) => list[i]!)))
  }
  return Object.fromEntries(Object.keys(runs[0]!).map((key) => [key, merge(key as keyof T)])) as T
}
