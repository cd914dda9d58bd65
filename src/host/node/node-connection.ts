import type { Socket } from 'node:net'
import { concatBytes } from '#kernel/base/bytes.ts'
import { assert } from '#kernel/base/errors.ts'
import type { Connection, ConnectionHandler } from '#kernel/base/host.ts'
import { highWaterBytes } from '#kernel/base/host.ts'
import { connectionError } from './system-errors.ts'
import type { Turn } from './turn.ts'

/** Up to here the chunks of a turn are copied into one buffer; above, the system gathers them itself. */
const copiedBytesMax = 65_536

/**
 * A connection over a Node socket that reads into a shared buffer. What is written in one turn leaves as one write at its end.
 *
 * Invariants:
 * 1. After `#destroyed` or `closed` no callback runs but `handler.closed`, once.
 * 2. `queuedBytes` is what waits here plus what waits in the socket.
 */
export class NodeConnection implements Connection {
  handler: ConnectionHandler
  peer = ''
  readonly #turn: Turn
  #socket: Socket | undefined
  #chunks: Uint8Array[] = []
  #chunkBytes = 0
  #flushQueued = false
  #aboveHighWater = false
  #ending = false
  #destroyed = false
  #paused = false
  #error: unknown

  constructor(turn: Turn, handler: ConnectionHandler) {
    this.#turn = turn
    this.handler = handler
  }

  /** Takes over the socket, whose bytes come through `received`. */
  attach(socket: Socket, peer: string): void {
    assert(this.#socket === undefined, 'a connection has one socket')
    this.#socket = socket
    this.peer = peer
    socket.on('end', () => this.#ended())
    socket.on('error', (error) => {
      this.#error = error
    })
    socket.on('close', () => this.#closed())
  }

  /** What the socket has read. Returns whether to go on reading. */
  received(chunk: Uint8Array): boolean {
    if (this.#destroyed) return false
    this.handler.data(chunk)
    return !this.#paused && !this.#destroyed
  }

  get isPaused(): boolean {
    return this.#paused
  }

  opened(): void {
    if (!this.#destroyed) this.handler.opened?.()
  }

  get queuedBytes(): number {
    return this.#destroyed ? 0 : this.#chunkBytes + (this.#socket?.writableLength ?? 0)
  }

  write(bytes: Uint8Array): void {
    if (this.#destroyed || this.#ending || bytes.length === 0) return
    this.#chunks.push(bytes)
    this.#chunkBytes += bytes.length
    this.#queueFlush()
  }

  pause(): void {
    this.#paused = true
    this.#socket?.pause()
  }

  resume(): void {
    this.#paused = false
    if (!this.#destroyed) this.#socket?.resume()
  }

  end(): void {
    if (this.#destroyed || this.#ending) return
    this.#ending = true
    this.#queueFlush()
  }

  destroy(): void {
    if (this.#destroyed) return
    this.#destroyed = true
    this.#chunks = []
    this.#chunkBytes = 0
    this.#error = undefined
    this.#socket?.destroy()
  }

  #queueFlush(): void {
    if (this.#flushQueued) return
    this.#flushQueued = true
    this.#turn.flush(this.#flush)
  }

  /** Hands what was written since the last call to the system. */
  readonly #flush = () => {
    this.#flushQueued = false
    const socket = this.#socket
    if (this.#destroyed || !socket) return
    const chunks = this.#chunks
    if (chunks.length > 0) {
      const bytes = this.#chunkBytes
      if (bytes + socket.writableLength > highWaterBytes) this.#aboveHighWater = true
      const sent = this.#aboveHighWater ? () => this.#drained() : undefined
      if (chunks.length === 1) {
        socket.write(chunks[0]!, sent)
        chunks.length = 0
      } else if (bytes <= copiedBytesMax) {
        socket.write(concatBytes(chunks), sent)
        chunks.length = 0
      } else {
        this.#chunks = []
        socket.cork()
        const last = chunks.pop()!
        for (const chunk of chunks) socket.write(chunk)
        socket.write(last, sent)
        socket.uncork()
      }
      this.#chunkBytes = 0
    }
    if (this.#ending) socket.end()
  }

  #drained(): void {
    if (!this.#aboveHighWater || this.#destroyed || this.queuedBytes > 0) return
    this.#aboveHighWater = false
    this.handler.drained?.()
  }

  #ended(): void {
    if (this.#destroyed) return
    if (this.handler.ended) this.handler.ended()
    else this.end()
  }

  #closed(): void {
    this.#destroyed = true
    this.#chunks = []
    this.#chunkBytes = 0
    if (this.#error === undefined) this.handler.closed()
    else this.handler.closed(connectionError(`Connection to ${this.peer} failed`, this.#error))
  }
}
