import { isIPv4 } from 'node:net'
import { UnumError } from '#kernel/base/errors.ts'

/**
 * There are no users and no encryption yet, so nothing may be reachable from other machines.
 * @throws UnumError `CONFIGURATION_INVALID`
 */
export function refuseUnlessLoopback(host: string): void {
  if ((isIPv4(host) && host.startsWith('127.')) || host === '::1' || host === 'localhost') return
  throw new UnumError(
    'CONFIGURATION_INVALID',
    `cannot listen on ${host} as other machines could reach it, and there are no users and no encryption yet: use a loopback address, as 127.0.0.1`,
  )
}
