/**
 * Every error that a caller may want to tell apart, with who should do what about it. `docs/errors.md` explains each;
 * a test holds the two together.
 */
export const errorCodes = {
  ADDRESS_IN_USE: { retryable: false },
  ADDRESS_UNAVAILABLE: { retryable: false },
  CONNECTION_FAILED: { retryable: true },
  DISK_FAILED: { retryable: false },
  DISK_FULL: { retryable: true },
  FILE_MISSING: { retryable: false },
  /** Bytes on disk or between nodes whose checksum or structure is wrong. */
  DATA_DAMAGED: { retryable: false },
  /** Data written by a newer version, or by another cluster. */
  FORMAT_UNKNOWN: { retryable: false },
  CLUSTER_MISMATCH: { retryable: false },
  CONFIGURATION_INVALID: { retryable: false },
  /** No leader could be reached within the time allowed; whether it was done is not known. */
  OUTCOME_UNKNOWN: { retryable: false },
  UNAVAILABLE: { retryable: true },
  LIMIT_EXCEEDED: { retryable: false },
  STOPPED: { retryable: false },
} as const satisfies Record<string, { readonly retryable: boolean }>

export type ErrorCode = keyof typeof errorCodes

/** An error of Unum's own. `code` is stable, `message` is for people: what failed, the value, what is wanted. */
export class UnumError extends Error {
  readonly code: ErrorCode
  constructor(code: ErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options)
    this.name = 'UnumError'
    this.code = code
  }
  get retryable(): boolean {
    return errorCodes[this.code].retryable
  }
}

/** Stops the machine where something impossible is true. Stays on in production. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`Assertion failed: ${message}`)
}
