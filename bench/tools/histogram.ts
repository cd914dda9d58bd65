/**
 * Counts of durations in buckets whose width grows with them, in the manner of HdrHistogram: at most 1.6 % too
 * much from a microsecond to over an hour, in 14 KB, whatever the number of values.
 */
const subBits = 7
const subBuckets = 1 << subBits

export class Histogram {
  readonly #counts = new Float64Array((subBuckets / 2) * (33 - subBits + 1))
  count = 0
  maxUs = 0

  /** Fractions of a microsecond are cut; what is negative counts as 0. */
  add(us: number): void {
    const value = Math.min(Math.max(0, Math.floor(us)), 0xffff_ffff)
    this.#counts[bucketOf(value)]!++
    this.count++
    if (value > this.maxUs) this.maxUs = value
  }

  addAll(other: Histogram): void {
    for (const [i, count] of other.#counts.entries()) this.#counts[i]! += count
    this.count += other.count
    this.maxUs = Math.max(this.maxUs, other.maxUs)
  }

  /** The value that `part` (0 to 1) of all are not above, in µs; 0 where there are none. */
  at(part: number): number {
    const wanted = Math.max(1, Math.ceil(part * this.count))
    let seen = 0
    for (const [i, count] of this.#counts.entries()) {
      seen += count
      if (count > 0 && seen >= wanted) return Math.min(upperOf(i), this.maxUs)
    }
    return this.maxUs
  }

  reset(): void {
    this.#counts.fill(0)
    this.count = 0
    this.maxUs = 0
  }
}

/** Values below `subBuckets` have a bucket each; from there on each doubling has half as many buckets as `subBuckets`. */
function bucketOf(value: number): number {
  if (value < subBuckets) return value
  const shift = 32 - Math.clz32(value) - subBits
  return shift * (subBuckets / 2) + (value >>> shift)
}

/** The largest value of a bucket. */
function upperOf(bucket: number): number {
  if (bucket < subBuckets) return bucket
  const shift = Math.floor(bucket / (subBuckets / 2)) - 1
  const sub = bucket - shift * (subBuckets / 2)
  return (sub + 1) * 2 ** shift - 1
}

/** The percentiles that every result gives, in ms. */
export interface Percentiles {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

export function percentilesOf(histogram: Histogram): Percentiles {
  const ms = (us: number) => us / 1000
  return {
    p50Ms: ms(histogram.at(0.5)),
    p99Ms: ms(histogram.at(0.99)),
    p999Ms: ms(histogram.at(0.999)),
    maxMs: ms(histogram.maxUs),
  }
}
