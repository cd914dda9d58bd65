import type { Server, Socket } from 'node:net'
import { createServer, connect as socketConnect } from 'node:net'
import { assert } from '#kernel/base/errors.ts'
import type { Address, Connection, ConnectionHandler, Listener, Network } from '#kernel/base/host.ts'
import { NodeConnection } from './node-connection.ts'
import { listenError } from './system-errors.ts'
import { type OnRead, takeHandle } from './take-handle.ts'
import type { Turn } from './turn.ts'

/**
 * One buffer for all sockets: the system's bytes are read into it and handed on within one call. More than this per read gives no
 * throughput (measured up to 1 MiB) and costs cache.
 */
const readBufferBytes = 65_536

/** A peer that is gone without a word is noticed after about this long of silence, even on a connection that nobody writes to. */
const keepAliveMs = 60_000

/** How long a connection attempt that nobody answers goes on. */
const connectTimeoutMs = 10_000

/** Connections that the system completes before they are accepted. */
const backlog = 4_096

const unsetHandler: ConnectionHandler = {
  data() {
    assert(false, 'accept sets the handler before it returns')
  },
  closed() {
    assert(false, 'accept sets the handler before it returns')
  },
}

/** On Windows a read is under way while the socket waits: sockets can't share a buffer there. */
const sharesReadBuffer = process.platform !== 'win32'

/** TCP on the operating system. */
export class NodeNetwork implements Network {
  readonly #turn: Turn
  readonly #takeHandle: typeof takeHandle
  readonly #readBuffer = new Uint8Array(readBufferBytes)
  readonly #servers = new Set<Server>()
  readonly #connections = new Set<NodeConnection>()

  constructor(turn: Turn, internals = { takeHandle }) {
    this.#turn = turn
    this.#takeHandle = internals.takeHandle
  }

  listen(address: Address, accept: (connection: Connection) => void): Promise<Listener> {
    return new Promise((resolve, reject) => {
      const options = {
        allowHalfOpen: true,
        noDelay: true,
        keepAlive: true,
        keepAliveInitialDelay: keepAliveMs,
        pauseOnConnect: true,
      }
      const server = createServer(options, (socket) => this.#accept(socket, accept))
      const refused = (error: Error) => {
        reject(listenError(`Cannot listen on ${address.host}:${address.port}`, error))
      }
      server.once('error', refused)
      server.listen({ host: address.host, port: address.port, backlog }, () => {
        server.off('error', refused)
        // Accepting may fail for a while (too many open files); the system keeps the connection and Node tries again.
        server.on('error', () => {})
        this.#servers.add(server)
        const bound = server.address()
        assert(bound !== null && typeof bound === 'object', 'a TCP server has an address')
        resolve({ address: { host: address.host, port: bound.port }, close: () => this.#closeServer(server) })
      })
    })
  }

  connect(address: Address, handler: ConnectionHandler): Connection {
    const connection = this.#connection(handler)
    const socket = socketConnect({
      host: address.host,
      port: address.port,
      allowHalfOpen: true,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
      ...(sharesReadBuffer ? { onread: this.#onread(connection) } : {}),
    })
    if (!sharesReadBuffer) readByEvents(socket, connection)
    this.#attach(connection, socket, `${address.host}:${address.port}`)
    socket.setTimeout(connectTimeoutMs, () => socket.destroy(new Error(`no answer in ${connectTimeoutMs} ms`)))
    socket.once('connect', () => {
      socket.setTimeout(0)
      connection.opened()
    })
    return connection
  }

  /** Closes everything that is still open. */
  async close(): Promise<void> {
    for (const connection of this.#connections) connection.destroy()
    await Promise.all([...this.#servers].map((server) => this.#closeServer(server)))
  }

  #closeServer(server: Server): Promise<void> {
    this.#servers.delete(server)
    // The listening socket is closed inside this call. Node's own answer would wait for the connections that it accepted.
    server.close()
    return new Promise((resolve) => this.#turn.defer(resolve))
  }

  #accept(socket: Socket, accept: (connection: Connection) => void): void {
    const connection = this.#connection(unsetHandler)
    const peer = `${socket.remoteAddress}:${socket.remotePort}`
    const direct = sharesReadBuffer ? this.#takeHandle(socket, this.#onread(connection)) : undefined
    const used = direct ?? socket
    this.#attach(connection, used, peer)
    accept(connection)
    if (!direct) readByEvents(used, connection)
    if (connection.isPaused) return
    used.resume()
    if (direct) direct.read(0)
  }

  #connection(handler: ConnectionHandler): NodeConnection {
    const connection = new NodeConnection(this.#turn, handler)
    this.#connections.add(connection)
    return connection
  }

  #attach(connection: NodeConnection, socket: Socket, peer: string): void {
    connection.attach(socket, peer)
    socket.once('close', () => this.#connections.delete(connection))
  }

  #onread(connection: NodeConnection): OnRead {
    return {
      buffer: this.#readBuffer,
      callback: (length: number, buffer: Uint8Array) => connection.received(buffer.subarray(0, length)),
    }
  }
}

function readByEvents(socket: Socket, connection: NodeConnection): void {
  socket.on('data', (chunk) => {
    connection.received(chunk as Uint8Array)
  })
}
