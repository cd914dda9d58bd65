import { UnumError } from '#kernel/base/errors.ts'

/** Something that the person at the terminal can put right: said without a stack. */
export class Failure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'Failure'
  }
}

/** On stderr: one line for what a person can act on, the stack for a bug. */
export function printFailure(error: unknown): void {
  const expected = error instanceof Failure || error instanceof UnumError
  const text = expected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`unum: ${text}\n`)
}
