import type { Address } from '#kernel/base/host.ts'
import { Failure } from './failure.ts'

/** Reads `host:port`, `[::1]:port`, `:port` or `port`; without a host it is this machine. */
export function parseAddress(text: string): Address {
  const [, bracketed, plain, portText] = /^(?:(?:\[([^\]]+)\]|([^:]*)):)?(\d{1,5})$/.exec(text) ?? []
  const port = Number(portText)
  if (portText === undefined || port < 1 || port > 65_535) {
    throw new Failure(`"${text}" is no address: want HOST:PORT, as 127.0.0.1:6379`)
  }
  return { host: bracketed || plain || '127.0.0.1', port }
}

export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
