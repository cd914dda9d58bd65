/**
 * Bounds that evaluators keep. They are part of what a command means, so they are constants and not settings: leaders of
 * all nodes must agree on them.
 */

/** Of a string's value. */
export const stringBytesMax = 8 << 20
