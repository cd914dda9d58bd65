/**
 * Bounds that evaluators keep. They are part of what a command means, so they are constants and not settings: leaders of
 * all nodes must agree on them.
 */

/** Of a string's value. */
export const stringBytesMax = 8 << 20

/**
 * Of a key's name, a hash's field, a set's member. Both can be in the key of one row, which a table holds up to 1 MiB of; and a
 * row that a table does not hold must never come into the log.
 */
export const nameBytesMax = 524_224

/** Of one reply, about: it must fit in a message between nodes. */
export const replyBytesMax = 15 << 20

/** What a command may copy in memory: shards refuse the effects of more than that in any case. */
export const copyBytesMax = 16 << 20
