import { nameBytesMax, replyBytesMax } from './limits.ts'

/** Redis's own error texts (7.0), without the `-` before and the line end after: clients match on them. */
export const errors = {
  wrongType: 'WRONGTYPE Operation against a key holding the wrong kind of value',
  syntax: 'ERR syntax error',
  notAnInteger: 'ERR value is not an integer or out of range',
  notAFloat: 'ERR value is not a valid float',
  outOfRange: 'ERR value is out of range',
  mustBePositive: 'ERR value is out of range, must be positive',
  incrementOverflows: 'ERR increment or decrement would overflow',
  decrementOverflows: 'ERR decrement would overflow',
  incrementNotFinite: 'ERR increment would produce NaN or Infinity',
  noSuchKey: 'ERR no such key',
  indexOutOfRange: 'ERR index out of range',
  offsetOutOfRange: 'ERR offset is out of range',
  stringTooLong: 'ERR string exceeds maximum allowed size (proto-max-bulk-len)',
  sameObject: 'ERR source and destination objects are the same',
  databaseOutOfRange: 'ERR DB index is out of range',
  databaseNotSupported: 'ERR SELECT is not allowed in cluster mode',
  invalidDatabase: 'ERR invalid DB index',
  invalidCursor: 'ERR invalid cursor',
  hashValueNotAnInteger: 'ERR hash value is not an integer',
  hashValueNotAFloat: 'ERR hash value is not a float',
  minOrMaxNotAFloat: 'ERR min or max is not a float',
  minOrMaxNotAString: 'ERR min or max not valid string range item',
  scoreNotANumber: 'ERR resulting score is not a number (NaN)',
  crossSlot: "CROSSSLOT Keys in request don't hash to the same slot",
  clusterDown: 'CLUSTERDOWN The cluster is down',
  internal: 'ERR internal error',
  nameTooLong: `ERR a key, field or member is longer than ${nameBytesMax} bytes`,
  replyTooLong: `ERR the reply is longer than ${replyBytesMax} bytes`,
  unsupported: 'ERR not done: a node of the cluster is of a version that does not know this command',
  diskFull: 'MISCONF Errors writing to disk: no space left on device. Reads go on; writes do once there is space',
  tooLarge: 'ERR the command and its effects exceed the maximum allowed size',
  nestedMulti: 'ERR MULTI calls can not be nested',
  execWithoutMulti: 'ERR EXEC without MULTI',
  discardWithoutMulti: 'ERR DISCARD without MULTI',
  watchInsideMulti: 'ERR WATCH inside MULTI is not allowed',
  execAbort: 'EXECABORT Transaction discarded because of previous errors.',
  notAllowedInMulti: 'ERR Command not allowed inside a transaction',
  noProto: 'NOPROTO unsupported protocol version',
} as const

/** A command's failure that its client is told; `text` begins with Redis's code word. */
export class CommandError {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/**
 * Ends the command with an error: `throw fail(errors.syntax)`. Whoever ran the command undoes its effects and the part of
 * the reply that is written. Not an `Error`: capturing a stack costs more than most commands do.
 */
export function fail(text: string): CommandError {
  return new CommandError(text)
}

/** @param name the command's name in lower case; a subcommand's as `client|list`. */
export function wrongArity(name: string): string {
  return `ERR wrong number of arguments for '${name}' command`
}

/** @param name the command's name in lower case. */
export function invalidExpireTime(name: string): string {
  return `ERR invalid expire time in '${name}' command`
}
