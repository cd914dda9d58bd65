import { Socket } from 'node:net'

/** Node's option for reading into a buffer of one's own. */
export interface OnRead {
  readonly buffer: Uint8Array
  readonly callback: (length: number, buffer: Uint8Array) => boolean
}

/**
 * Wraps the handle of an accepted socket anew, so that it reads into our buffer: Node offers that for outgoing sockets only. Saves a
 * third of the time per read and more on bulk. It touches `_handle`, which is not documented; undefined where it looks unfamiliar.
 */
export function takeHandle(accepted: Socket, onread: OnRead): Socket | undefined {
  const inner = accepted as Socket & { _handle?: { reading?: boolean; readStart?: unknown } | null }
  const handle = inner._handle
  if (!handle || typeof handle.readStart !== 'function') return undefined
  inner._handle = null
  handle.reading = false
  const options = { handle, onread, allowHalfOpen: true }
  const socket = new Socket(options as unknown as ConstructorParameters<typeof Socket>[0])
  // The empty shell leaves the server's count of connections.
  accepted.destroy()
  return socket
}
