/** Milliseconds since the load was made. */
export type AcknowledgedAt = number

/** The longest time between two acknowledged writes. @param times in order */
export function longestGapMs(times: readonly AcknowledgedAt[]): number {
  let longest = 0
  for (let i = 1; i < times.length; i++) longest = Math.max(longest, times[i]! - times[i - 1]!)
  return longest
}
