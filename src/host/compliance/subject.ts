import { UnumError } from '#kernel/base/errors.ts'
import type { Host } from '#kernel/base/host.ts'

/** What a compliance suite is run against. */
export interface Subject {
  /** Of a fresh, empty disk. */
  readonly host: Host
  /** A second host that reaches the first through the network; may be the first itself. */
  readonly other: Host
  /** Host name under which `host` is reached from `other`, and on which it may listen. */
  readonly hostName: string
}

/** Runs `body` against a new subject: in virtual or in real time. The body awaits nothing but what comes from its hosts. */
export type RunWithSubject = (body: (subject: Subject) => Promise<void>) => Promise<void>

/** The code with which `promise` is rejected. */
export async function codeOfRejection(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return error instanceof UnumError ? error.code : `not a UnumError: ${error}`
  }
  return 'not rejected'
}
