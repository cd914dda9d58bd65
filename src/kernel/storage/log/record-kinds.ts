/** First byte of a record. Numbers are never used again. */
export const recordKinds = {
  entries: 1,
  hardState: 2,
  boundary: 3,
  configuration: 4,
  removal: 5,
  /** What the batches before held: see `BatchEncoder.witness`. */
  witness: 6,
  /** All live groups; in the first batch of each segment. */
  opening: 7,
} as const
