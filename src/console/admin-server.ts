import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { UnumError } from '#kernel/base/errors.ts'
import type { Address } from '#kernel/base/host.ts'
import type { RunningNode } from '#node/node-types.ts'
import { metricsText } from './metrics.ts'

export interface AdminServer {
  /** With the port that was chosen. */
  readonly address: Address
  close(): Promise<void>
}

interface Page {
  readonly status: number
  readonly type: string
  readonly body: string
}

const json = (value: unknown, status = 200): Page => ({
  status,
  type: 'application/json; charset=utf-8',
  body: `${JSON.stringify(value)}\n`,
})
const text = (body: string, status = 200): Page => ({ status, type: 'text/plain; charset=utf-8', body })

/** What the admin endpoint answers, by path. All are GET. */
const pages: Readonly<Record<string, (node: RunningNode) => Page | Promise<Page>>> = {
  '/healthz': () => text('ok\n'),
  '/readyz': (node) => {
    const leaderless = node.status().shards.filter((shard) => shard.leader === undefined)
    if (leaderless.length === 0) return text('ready\n')
    return text(`not ready: no leader for groups ${leaderless.map(({ group }) => group).join(', ')}\n`, 503)
  },
  '/metrics': async (node) => ({
    status: 200,
    type: 'text/plain; version=0.0.4; charset=utf-8',
    body: await metricsText(node.status()),
  }),
  '/api/status': (node) => json(node.status()),
}

/**
 * Serves a node's health, metrics and status over HTTP.
 * @throws UnumError `ADDRESS_IN_USE`, `ADDRESS_UNAVAILABLE`
 */
export async function startAdminServer(node: RunningNode, address: Address): Promise<AdminServer> {
  const server = createServer((request, response) => {
    void respond(node, request.method ?? 'GET', new URL(request.url ?? '/', 'http://admin').pathname, response)
  })
  server.headersTimeout = 10_000
  server.requestTimeout = 10_000
  await listen(server, address)
  return {
    address: { host: address.host, port: (server.address() as AddressInfo).port },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function respond(node: RunningNode, method: string, path: string, response: ServerResponse): Promise<void> {
  let page: Page
  try {
    const make = pages[path]
    if (!make) page = json({ error: `No such path: ${path}`, paths: Object.keys(pages) }, 404)
    else if (method !== 'GET' && method !== 'HEAD') page = json({ error: `Use GET, not ${method}` }, 405)
    else page = await make(node)
  } catch (error) {
    page = json({ error: String(error) }, 500)
  }
  response.writeHead(page.status, { 'content-type': page.type, 'content-length': Buffer.byteLength(page.body) })
  response.end(method === 'HEAD' ? undefined : page.body)
}

function listen(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const code = cause.code === 'EADDRINUSE' ? 'ADDRESS_IN_USE' : 'ADDRESS_UNAVAILABLE'
      reject(new UnumError(code, `Cannot listen on ${address.host}:${address.port}: ${cause.message}`, { cause }))
    })
    server.listen(address.port, address.host, () => resolve())
  })
}
