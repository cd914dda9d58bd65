import { latin1Bytes } from '#kernel/base/bytes.ts'
import type { FailureReason } from '#kernel/handles/service.ts'
import { errors } from '../errors.ts'

/**
 * What a client is told when a request is certainly not done. `CLUSTERDOWN` is what Redis Cluster says while a slot has no
 * master: cluster-aware clients try again after a while. `UNKNOWN` has no text: an error would say "not done", so the
 * connection is closed.
 */
const failureReplies: Readonly<Record<Exclude<FailureReason, 'UNKNOWN'>, Uint8Array>> = {
  CROSS_SHARD: latin1Bytes(`-${errors.crossSlot}\r\n`),
  UNAVAILABLE: latin1Bytes(`-${errors.clusterDown}\r\n`),
  INTERNAL: latin1Bytes(`-${errors.internal}\r\n`),
  TOO_LARGE: latin1Bytes(`-${errors.tooLarge}\r\n`),
  DISK_FULL: latin1Bytes(`-${errors.diskFull}\r\n`),
  UNSUPPORTED: latin1Bytes(`-${errors.unsupported}\r\n`),
}

/** Undefined: say nothing and close. */
export function failureReply(reason: FailureReason): Uint8Array | undefined {
  return reason === 'UNKNOWN' ? undefined : failureReplies[reason]
}
