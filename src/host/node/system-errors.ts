import type { ErrorCode } from '#kernel/base/errors.ts'
import { UnumError } from '#kernel/base/errors.ts'

const networkCodes: Readonly<Record<string, ErrorCode>> = {
  EADDRINUSE: 'ADDRESS_IN_USE',
  EADDRNOTAVAIL: 'ADDRESS_UNAVAILABLE',
  EACCES: 'ADDRESS_UNAVAILABLE',
  EAFNOSUPPORT: 'ADDRESS_UNAVAILABLE',
  ENOTFOUND: 'ADDRESS_UNAVAILABLE',
  EAI_AGAIN: 'ADDRESS_UNAVAILABLE',
}

const diskCodes: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'DISK_FULL',
  EDQUOT: 'DISK_FULL',
  ENOENT: 'FILE_MISSING',
}

/** What the system said when listening failed. */
export function listenError(action: string, cause: unknown): UnumError {
  return new UnumError(networkCodes[codeOf(cause)] ?? 'ADDRESS_UNAVAILABLE', `${action}: ${messageOf(cause)}`, {
    cause,
  })
}

/** What the system said when a connection failed or could not be made. */
export function connectionError(action: string, cause: unknown): UnumError {
  return new UnumError('CONNECTION_FAILED', `${action}: ${messageOf(cause)}`, { cause })
}

/** What the system said when a file operation failed. */
export function diskError(action: string, cause: unknown): UnumError {
  if (cause instanceof UnumError) return cause
  return new UnumError(diskCodes[codeOf(cause)] ?? 'DISK_FAILED', `${action}: ${messageOf(cause)}`, { cause })
}

export function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code
  return typeof code === 'string' ? code : ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
